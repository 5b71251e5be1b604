"""Workbooks and tables as the answer to a request."""

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from flask import Response, current_app, request, send_file

from .. import limiter
from ..errors import Invalid
from .tables import Form
from .writer import MEDIA_TYPE


def _rate() -> str:
    rate: str = current_app.config["SETTINGS"].export_rate
    return rate


# One allowance for all lists that leave as a file: each reads all that it finds.
exports: Callable[[Any], Any] = limiter.shared_limit(_rate, scope="exports")


def asked_form() -> Form:
    """The form the sent page asks for: Excel where it does not say."""
    try:
        return Form(request.form.get("format", Form.XLSX))
    except ValueError as error:
        raise Invalid({"format": "请选择 Excel 或 CSV"}) from error


def download(
    file: IO[bytes] | Path, name: str, media_type: str = MEDIA_TYPE
) -> Response:
    """Offer a file, open from its writer or stored, as the file ``name``."""
    answer: Response = send_file(
        file, mimetype=media_type, as_attachment=True, download_name=name
    )
    return answer


def download_table(file: IO[bytes], name: str, form: Form) -> Response:
    """Offer what `write_table` wrote; the form gives the name its ending."""
    return download(file, f"{name}.{form}", form.media_type)
