"""Requests and their responses on file, played against a server and compared byte for byte."""
