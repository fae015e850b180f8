"""The schema, and how it comes to be."""
