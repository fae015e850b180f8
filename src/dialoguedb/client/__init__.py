"""The SDK: a program's side of the API, over a network or in its own process."""
