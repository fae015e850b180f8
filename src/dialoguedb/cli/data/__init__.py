"""Commands that work on dialogues and memories, through the SDK."""
