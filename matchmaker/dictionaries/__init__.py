"""The lists the administrator keeps."""
