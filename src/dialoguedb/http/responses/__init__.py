"""Responses: success, error, and the headers and versions they carry."""
