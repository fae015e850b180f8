"""Messages in the spellings of the APIs they came from: parsed, linked, counted, rendered."""
