"""What is done about what providers refuse, one module per kind of messages."""
