"""Dialogues, messages and memories that know what was changed on them."""
