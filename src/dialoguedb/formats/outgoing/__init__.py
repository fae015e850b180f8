"""Messages on their way to a writer: in the order, with the ids and thoughts, that APIs want."""
