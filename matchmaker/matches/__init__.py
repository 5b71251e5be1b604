"""Match suggestions and their review."""
