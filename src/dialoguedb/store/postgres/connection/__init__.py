"""Connections to the database, and the transactions on them."""
