"""The background work on summaries: leased jobs, read in chunks, summarized, retried."""
