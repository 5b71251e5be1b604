"""A workbook as the answer to a request."""

from typing import IO

from flask import Response, send_file

from .writer import MEDIA_TYPE


def download(workbook: IO[bytes], name: str) -> Response:
    """Offer the open workbook, from `write_sheets`, as the file ``name``."""
    answer: Response = send_file(
        workbook, mimetype=MEDIA_TYPE, as_attachment=True, download_name=name
    )
    return answer
