"""The queries that a search runs."""
