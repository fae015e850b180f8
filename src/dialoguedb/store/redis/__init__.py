"""What servers of any engine may share in Redis, or in what speaks its protocol."""
