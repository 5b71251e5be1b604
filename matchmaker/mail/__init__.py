"""E-mail: queued with the action that causes it, sent by the worker."""
