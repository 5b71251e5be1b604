"""What the issuer of a call does in the review of its bids."""
