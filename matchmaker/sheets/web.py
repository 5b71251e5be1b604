"""A workbook as the answer to a request."""

from pathlib import Path
from typing import IO

from flask import Response, send_file

from .writer import MEDIA_TYPE


def download(workbook: IO[bytes] | Path, name: str) -> Response:
    """Offer a workbook, open from `write_sheets` or stored, as the file ``name``."""
    answer: Response = send_file(
        workbook, mimetype=MEDIA_TYPE, as_attachment=True, download_name=name
    )
    return answer
