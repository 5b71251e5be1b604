"""An open call before it is opened: written, argued, published."""
