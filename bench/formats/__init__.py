"""Measurements of windows with what reads them: chat templates, and the packages of providers."""
