"""Requests and responses, and how they reach a server."""
