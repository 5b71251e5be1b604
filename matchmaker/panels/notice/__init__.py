"""The announced result: read by anybody, objected to, told to each bidder."""
