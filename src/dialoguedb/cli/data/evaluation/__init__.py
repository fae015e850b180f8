"""Measures how well a search finds what people have labelled in their own data."""
