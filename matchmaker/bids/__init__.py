"""Sealed bids for open calls: nobody but the bidder reads one before its release."""
