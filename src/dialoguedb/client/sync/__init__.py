# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""The SDK for programs without an event loop."""
