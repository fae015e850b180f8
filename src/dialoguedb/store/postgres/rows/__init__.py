"""Rows by name, and the SQL that reads and writes them."""
