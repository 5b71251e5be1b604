"""A public text drafted from a full one: who and how much, left out."""
