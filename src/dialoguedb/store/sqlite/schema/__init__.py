"""The schema and the steps to it."""
