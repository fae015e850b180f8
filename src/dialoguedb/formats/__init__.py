"""The message formats of chat APIs: parsing, pairing tool calls, counting tokens, rendering."""
