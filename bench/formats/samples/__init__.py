"""Conversations as programs of today write them, one file per spelling, all of our own making."""

from bench.formats.samples import anthropic, chat, frameworks, gemini, responses, vercel
from bench.formats.samples.sample import Sample

SAMPLES: list[Sample] = [
    sample
    for spelling in (chat, responses, anthropic, gemini, vercel, frameworks)
    for sample in spelling.SAMPLES
]
