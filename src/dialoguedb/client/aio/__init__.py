"""The SDK for programs with an event loop; `dialoguedb.client.sync` is generated from it."""
