"""The load generator: visitors who browse, fill carts and sometimes buy."""
