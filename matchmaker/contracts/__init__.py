"""Technology contracts: drafted, signed, registered, paid, amended."""
