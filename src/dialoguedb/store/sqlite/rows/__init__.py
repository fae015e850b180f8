"""Rows and the queries that several ports share."""
