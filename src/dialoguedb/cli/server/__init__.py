"""Commands that serve: over HTTP, and tools for agents."""
