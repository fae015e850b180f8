"""The indexes of words and vectors."""
