"""What nouns are made of: JSON as it was received, timestamps, limits, and their validation."""
