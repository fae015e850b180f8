"""Readers of what other programs keep of conversations, a module for each."""
