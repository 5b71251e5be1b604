"""What an expert does: reads a bid, writes its sheet, stands aside."""
