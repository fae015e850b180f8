"""Attachments within message content: images, documents, audio, video and files of every API."""
