"""Files read into the tables row by row: a dry run first, then in the background."""
