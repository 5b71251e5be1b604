"""Text to unit vectors."""


class EncoderMissing(RuntimeError):
    """The encoder folder is not there."""
