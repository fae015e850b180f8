"""Stores for the histories of agent frameworks; each framework's library is an extra."""
