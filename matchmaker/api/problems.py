"""A refusal as a program reads it: a problem document (RFC 9457), in two languages."""

from __future__ import annotations

import json
from collections.abc import Mapping

from flask import Response, request
from pydantic import Field

from . import english
from .answers import Output
from .operations import PREFIX

TYPE = "application/problem+json"
LANGUAGES = {"zh": "zh-CN", "en": "en"}


class FieldProblem(Output):
    """What is wrong with one field; ``pointer`` is its JSON pointer or its name."""

    pointer: str
    detail: str


class Problem(Output):
    """Why a request was refused; ``code`` is stable, the rest is for people."""

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    code: str
    errors: list[FieldProblem] = []


def is_asked_for() -> bool:
    """Whether the request is one of a program; the page of the description is not."""
    is_page = request.endpoint == "api.docs"
    return f"{request.path}/".startswith(PREFIX + "/") and not is_page


def language() -> str:
    """Which of the two the program prefers; any Chinese is the one there is."""
    for tag, quality in request.accept_languages:
        spoken = LANGUAGES.get(tag.partition("-")[0].lower())
        if spoken and quality > 0:
            return spoken
    return LANGUAGES["zh"]


def answer(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    facts: Mapping[str, object] | None = None,
    fields: Mapping[str, str] | None = None,
) -> Response:
    """The document; ``title``, ``detail`` and ``fields`` are the Chinese words."""
    errors = dict(fields or {})
    spoken = language()
    if spoken == "en":
        title = english.title(status)
        detail = english.detail(code, detail, facts or {})
        errors = {name: english.field(words) for name, words in errors.items()}
    problem = Problem(
        type=f"{PREFIX}/docs#problem-{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        errors=[
            FieldProblem(pointer=name, detail=words) for name, words in errors.items()
        ],
    )
    text = json.dumps(problem.model_dump(), ensure_ascii=False)
    response = Response(text, status, content_type=TYPE)
    response.headers["Content-Language"] = spoken
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "no-store"
    return response
