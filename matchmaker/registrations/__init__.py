"""How an organisation and its members come in: registration and its approval."""
