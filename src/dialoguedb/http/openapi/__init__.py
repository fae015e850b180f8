"""The OpenAPI document, made from the routes that serve."""
