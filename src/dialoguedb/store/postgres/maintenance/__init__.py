"""What operators do with the data."""
