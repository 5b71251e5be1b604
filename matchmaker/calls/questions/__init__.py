"""Questions about an open call, asked in private and answered to all."""
