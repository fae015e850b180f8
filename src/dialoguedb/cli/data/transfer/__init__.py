"""Conversations on their way in and out: our own format, and what other programs export."""
