"""Connections to the database, and the one writer."""
