"""Who judges the bids of a call, what they say, and what comes of it."""
