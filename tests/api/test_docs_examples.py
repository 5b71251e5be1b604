"""A program written from docs/api.md alone: every example there is run."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.serving import WSGIRequestHandler, make_server

from matchmaker import limiter
from matchmaker.api.registry import scopes
from models import DictionaryEntry, IntroductionAnswer, Need
from models.fields import FIELDS
from models.states import Interest, IntroductionStatus

from ..conftest import skip_or_fail
from .conftest import token_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SCOPE = re.compile(r"^\| `(\w[\w-]*:(?:read|write))` \|", re.MULTILINE)

pytestmark = pytest.mark.one_database


class Quiet(WSGIRequestHandler):
    def log_request(self, *_args: object) -> None:
        pass


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the app of the test is really served."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    limiter.reset()
    limiter.enabled = True  # its headers are among what the page tells
    yield f"http://127.0.0.1:{server.server_port}"
    limiter.enabled = False
    limiter.reset()
    server.shutdown()
    thread.join()


@pytest.fixture
def firm(make):
    """Of an enterprise with two introductions that wait for its answers."""
    firm = make.user(organisation_id=make.organisation().id)
    for title in ("换流阀冷却水质在线监测", "电芯产气早期识别"):
        need = make.need(organisation_id=firm.organisation_id, title=title)
        make.introduction(need, make.achievement())
    make.need(organisation_id=firm.organisation_id, title="第三条，列表要翻页")
    return firm


@pytest.fixture
def surroundings(session, address, firm, indexed):
    """What the examples find in their environment: the address, a token, the client."""
    indexed()
    token = token_of(session, firm, SCOPE.findall(PAGE))
    return os.environ | {
        "BASE": address,
        "TOKEN": token,
        "PYTHONPATH": str(ROOT / "client"),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCK.findall(PAGE) if found == kind]


def run(command: list[str], script: str, surroundings: dict[str, str]) -> str:
    done = subprocess.run(
        command, input=script, env=surroundings, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def number_of(session, query):
    session.rollback()
    return session.scalar(select(func.count()).select_from(query.subquery()))


def answered(session):
    query = select(IntroductionAnswer).where(
        IntroductionAnswer.interest == Interest.INTERESTED
    )
    return number_of(session, query)


def test_the_examples_with_curl(session, surroundings):
    for tool in ("curl", "jq"):
        if shutil.which(tool) is None:
            skip_or_fail("curl", f"{tool} is not installed")
    before = number_of(session, select(Need))
    script = "set -euo pipefail\n" + "".join(
        f"echo '--- {number}'\n{text}" for number, text in enumerate(blocks("sh"), 1)
    )
    told = run(["bash"], script, surroundings)
    assert number_of(session, select(Need)) == before + 1
    assert answered(session) == 1
    posted = session.scalars(select(Need).order_by(Need.id.desc())).first()
    assert posted.title == "储能电站电池簇热失控提前十分钟预警"
    assert f'"title": "{posted.title}"' in told
    assert '"nickname"' in told
    assert re.search(r"^0\.\d+ .*电池", told, re.MULTILINE)


def test_the_examples_in_python(session, surroundings):
    before = number_of(session, select(Need))
    told = run([sys.executable, "-"], "\n".join(blocks("python")), surroundings)
    assert number_of(session, select(Need)) == before + 1
    assert answered(session) == 1
    assert IntroductionStatus.WAITING in told
    assert "422 invalid" in told


def test_the_page_names_the_scopes_and_codes_there_are():
    assert set(SCOPE.findall(PAGE)) <= scopes().keys()
    codes = re.search(r"`field` is one of these codes: (.*?)\. `secrecy`", PAGE, re.S)
    assert set(re.findall(r"`(\w+)`", codes[1])) == set(FIELDS)


def test_the_page_names_the_reasons_for_declining(session):
    reasons = re.search(r"`words` and a `reason`: (.*?)\.", PAGE, re.S)
    query = select(DictionaryEntry.code).where(
        DictionaryEntry.dictionary == "introduction_declined"
    )
    assert set(re.findall(r"`(\w+)`", reasons[1])) == set(session.scalars(query))


def test_too_many_requests_are_told_when_to_go_on(app, program, monkeypatch, address):
    settings = app.config["SETTINGS"].model_copy(update={"api_rate": "1 per minute"})
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    caller = program()
    assert caller.get("/needs").status_code == 200
    refused = caller.get("/needs", headers={"Accept-Language": "en"})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert "Retry-After" in refused.json["detail"]
