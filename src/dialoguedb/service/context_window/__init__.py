"""Building a context window within a token budget."""
