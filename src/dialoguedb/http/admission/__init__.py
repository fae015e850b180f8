"""Who may send a request: keys, permissions, rate limits and quotas."""
