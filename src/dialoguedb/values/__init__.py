"""The values that nouns consist of: raw JSON, timestamps, pages, limits, and their validation."""
