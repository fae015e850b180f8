"""The index entries of search: words, vectors, and catching up."""
