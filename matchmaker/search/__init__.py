"""Finding records: lists, filters, search."""
