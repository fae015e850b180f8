"""How arguments are written on the wire, and JSON both ways."""
