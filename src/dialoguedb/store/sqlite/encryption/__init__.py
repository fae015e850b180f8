"""Encryption at rest: pages sealed with a data key, which is sealed with the operator's key."""
