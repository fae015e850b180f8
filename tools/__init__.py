"""Programs for those who work on DialogueDB; none of them is part of the package."""
