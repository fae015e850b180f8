"""What operators do with the data: backup, check, upgrade."""
