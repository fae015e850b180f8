"""Summarizers: extractive, or by a chat model of OpenAI or Anthropic."""
