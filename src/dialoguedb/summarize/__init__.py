"""Summarizers, one module each: what makes summaries of turns."""
