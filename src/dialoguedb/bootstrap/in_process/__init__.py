"""The whole server but its socket, in the process of the program that uses it."""
