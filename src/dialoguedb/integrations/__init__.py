"""Drop-ins: what frameworks for agents keep their history in, each with its library as an extra."""
