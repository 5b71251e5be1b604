"""The application gunicorn and `flask --app wsgi` load."""

from index.threads import limit_threads

limit_threads(1)

from matchmaker import create_app  # noqa: E402 - numpy reads the limit when imported

app = create_app()
