"""The steps of a contract: from both sides confirming it to the money that came."""
