"""One writer for each dialect: messages of parts, as its API takes them."""
