"""How people ask for an introduction: from a pair, a record, or by number."""
