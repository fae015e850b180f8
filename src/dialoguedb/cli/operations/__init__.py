"""Commands for whoever runs a server: its data, keys and projects."""
