"""Circuit breakers: what the proxies' own limits and ejections amount to."""
