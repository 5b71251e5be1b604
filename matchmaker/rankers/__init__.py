"""Which model tells the probability of approval, and how it learns."""
