"""Bids through their pages: the form, two tabs, files, receipts, the release."""

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from urllib.parse import unquote

import pytest
from sqlalchemy import select, update

from matchmaker import labels
from matchmaker.bids.vault import make_key_file
from models import Bid, Call
from models.states import BidState, CallStatus, Role

from .forms import form


@pytest.fixture
def call(make):
    return make.call(goals=["提前预警时间≥10 min", "误报率≤1%"])


def stored(session):
    session.rollback()
    return session.scalars(select(Bid)).one()


def ends_at(session, moment):
    session.rollback()
    session.execute(update(Call).values(questions_until=moment, closes_at=moment))
    session.commit()


def close(session):
    ends_at(session, datetime.now(UTC) - timedelta(seconds=1))


def test_a_bid_from_the_call_to_its_release(call, make, login, session, app):
    firm = make.user()
    client, here = login(firm), f"/calls/{call.id}/bid"
    assert f'href="{here}"' in client.get(f"/calls/{call.id}").text
    saved = client.post(here, data={"action": "autosave", "leader": "张示例"})
    assert saved.status_code == 200
    page = client.get(here)
    assert "提交前还需填写" in page.text
    assert saved.json["seen"] in page.text
    unticked = form(call, seen=saved.json["seen"])
    del unticked["promise"]
    refused = client.post(here, data=unticked)
    assert refused.status_code == 422
    assert "请确认内容不含国家秘密" in refused.text
    data = {"file": (BytesIO(b"%PDF-1.7 report"), "检测报告.pdf")}
    assert client.post(f"{here}/files", data=data).status_code == 303
    assert client.post(f"{here}/files", data={}).status_code == 422

    sent = client.post(here, data=form(call, seen=saved.json["seen"]))
    bid = stored(session)
    assert sent.location.endswith(f"/bids/{bid.id}/receipt")
    receipt = client.get(sent.location).text
    assert bid.digest in receipt
    assert "平台现存的内容与回执一致" in receipt
    file = client.get(f"/bids/{bid.id}/statement").data
    assert sha256(file).hexdigest() == bid.digest
    checked = client.post("/receipts", data={"file": (BytesIO(file), "r.json")})
    assert "与平台的记录一致" in checked.text
    stranger = app.test_client()
    for data in ({"file": (BytesIO(file), "r.json")}, {"digest": bid.digest}):
        assert "没有对得上的提交" in stranger.post("/receipts", data=data).text
    assert stranger.post("/receipts", data={"digest": "abc"}).status_code == 422
    listed = client.get("/bids").text
    assert call.title in listed
    assert "已提交，密封中" in listed

    one, two = login(make.staff()), login(make.staff())
    release = f"/calls/{call.id}/release"
    assert "还没有截止" in one.get(release).text
    assert one.post(release).status_code == 409
    close(session)
    assert client.post(here, data=form(call, "迟")).status_code == 409
    assert client.get(here).location.endswith("/receipt")
    assert "待启封的榜单" in one.get("/work").text
    assert one.post(release).status_code == 303
    assert one.post(release).status_code == 409
    assert two.post(release).status_code == 303
    assert stored(session).state is BidState.RELEASED
    assert "全部启封，每一份都与回执一致" in two.get(release).text
    assert "12 min" in two.get(f"/bids/{bid.id}").text
    assert (
        "与平台的记录一致"
        in stranger.post("/receipts", data={"file": (BytesIO(file), "r.json")}).text
    )
    assert "进入评审" in client.get("/notices").text


def test_the_receipt_tells_how_to_check_it_and_that_works(
    call, make, login, session, tmp_path
):
    """By what the bidder can download alone, with the commands that stand there."""
    client, here = login(make.user()), f"/calls/{call.id}/bid"
    files = {"检测报告.pdf": b"%PDF-1.7 report", "名单.txt": "材料组三人".encode()}
    for name, content in files.items():
        data = {"file": (BytesIO(content), name)}
        assert client.post(f"{here}/files", data=data).status_code == 303
    seen = client.get(here).text.partition('name="seen" value="')[2][:32]
    client.post(here, data=form(call, seen=seen))
    bid = stored(session)
    receipt = client.get(f"/bids/{bid.id}/receipt").text
    for told in (
        call.title,
        bid.organisation.name,
        bid.submissions[-1].user.name,
        f"{labels.second(bid.submitted_at)}（北京时间，UTC+8）",
    ):
        assert told in receipt

    answer = client.get(f"/bids/{bid.id}/statement")
    name = unquote(answer.headers["Content-Disposition"].rpartition("''")[2])
    assert f"sha256sum {name}" in receipt
    (tmp_path / name).write_bytes(answer.data)
    command = ["sha256sum", name]
    ran = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split()[0] == bid.digest
    assert bid.digest in receipt

    stated = json.loads(answer.data)
    at = datetime.fromisoformat(stated["at"])
    assert at == bid.submitted_at
    listed = {one["name"]: one for one in stated["files"]}
    links = re.findall(r'href="(/bids/files/\d+)"', client.get(f"/bids/{bid.id}").text)
    assert listed.keys() == files.keys()
    assert len(links) == len(files)
    for link in links:
        got = client.get(link).data
        [one] = [o for o in listed.values() if o["sha256"] == sha256(got).hexdigest()]
        assert files[one["name"]] == got
        assert one["sha256"] in receipt
        assert f"{one['name']}" in receipt
        assert f"{len(got):,} 字节" in receipt


def test_two_tabs_see_the_difference_and_choose(call, make, login, session):
    client, here = login(make.user()), f"/calls/{call.id}/bid"
    client.post(here, data=form(call, "甲", "save"))
    late = form(call, "乙", "save")
    page = client.post(here, data=late)
    assert page.status_code == 409
    assert "张示例甲" in page.text
    assert "张示例乙" in page.text
    assert client.post(here, data=late | {"action": "autosave"}).status_code == 409
    merged = client.post(
        here, data=late | {"action": "merge", "choose_leader": "stored"}
    ).text
    assert 'value="张示例甲"' in merged
    assert 'value="12 min 乙"' in merged


def test_withdrawing_and_dropping_changes(call, make, login, session):
    client, here = login(make.user()), f"/calls/{call.id}/bid"
    client.post(here, data=form(call))
    bid = stored(session)
    seen = client.get(here).text.partition('name="seen" value="')[2][:32]
    client.post(here, data=form(call, "新", "save", seen=seen))
    assert client.post(f"/bids/{bid.id}/drop-changes").status_code == 303
    assert stored(session).draft is None
    assert client.post(f"/bids/{bid.id}/withdraw").status_code == 303
    page = client.get(f"/bids/{bid.id}/receipt").text
    assert "内容、附件和密钥都已销毁" in page
    assert client.get(f"/bids/{bid.id}").status_code == 303
    assert client.get(f"/bids/{bid.id}/statement").status_code == 404


def test_without_its_key_the_platform_says_so(call, make, login, settings):
    client, here = login(make.user()), f"/calls/{call.id}/bid"
    client.post(here, data=form(call))
    path = settings.bids_key
    kept = path.read_bytes()
    path.unlink()
    try:
        for answer in (client.get(here), client.post(here, data=form(call, "新"))):
            assert answer.status_code == 503
            assert "密钥文件不在" in answer.text
        assert not path.exists()
        make_key_file(path)
        assert "另一个密钥" in client.get(here).text
    finally:
        path.write_bytes(kept)
    assert client.get(here).status_code == 200


def test_where_nobody_bid_the_call_fails(call, make, login, session):
    close(session)
    staff = login(make.staff())
    page = staff.get(f"/calls/{call.id}/release").text
    assert "没有单位揭榜" in page
    assert staff.post(f"/calls/{call.id}/release").status_code == 303
    session.rollback()
    assert session.get_one(Call, call.id).status is CallStatus.FAILED
    assert "流榜" in staff.get(f"/calls/{call.id}/release").text


def test_what_waits_is_in_the_work_list(call, make, login, session):
    firm = make.user(Role.UNIVERSITY)
    client = login(firm)
    client.post(f"/calls/{call.id}/bid", data=form(call, action="save"))
    assert "没有提交的揭榜书草稿" in client.get("/work").text
    soon = datetime.now(UTC) + timedelta(days=2)
    ends_at(session, soon)
    assert "即将截止、没有提交的揭榜书" in client.get("/work").text
    close(session)
    assert "揭榜书" not in client.get("/work").text.partition("<main")[2]
