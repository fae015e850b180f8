"""Requests as they arrive: their head, their query and their body."""
