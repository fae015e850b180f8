"""The spellings of messages: one module each, with a table of the part types that it knows."""
