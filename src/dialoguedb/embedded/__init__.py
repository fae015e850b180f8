"""The SDK's clients as programs get them: of a server, or with the engine in this process."""
