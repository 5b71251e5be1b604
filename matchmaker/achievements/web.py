"""Pages."""

from flask import Blueprint

bp = Blueprint("achievements", __name__)
