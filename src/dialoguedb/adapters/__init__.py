"""The former name of `dialoguedb.integrations`, for programs that were written before."""
