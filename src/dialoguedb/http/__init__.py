"""The HTTP API: routes, bytes, headers and statuses."""
