"""The release of sealed bids: two people, after the call has closed."""
