"""Real database servers for tests."""
