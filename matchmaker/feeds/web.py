"""Feeds and calendars as the answer to a request."""

from flask import Response, current_app

from ..config import Settings

ATOM_TYPE, CALENDAR_TYPE = "application/atom+xml", "text/calendar"


def told(body: bytes, kind: str) -> Response:
    """The feed as its readers expect it."""
    return Response(body, mimetype=kind, content_type=f"{kind}; charset=utf-8")


def base_url() -> str:
    """The address of the site, of which a feed says where its pages are."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.base_url
