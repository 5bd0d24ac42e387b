"""The command line as a client of the REST API. Nothing here loads Django: it starts at once."""
