"""The one REST vocabulary every app speaks: the error, the finding, the page, the principal."""
