"""The «1+5+N» network, and whom technology managers represent."""
