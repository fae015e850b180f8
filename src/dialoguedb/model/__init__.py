"""The nouns of DialogueDB, their limits, and the rules that hold on every engine."""
