"""Engines: where the data lives."""
