"""Embedders, one module each: what turns texts into vectors."""
