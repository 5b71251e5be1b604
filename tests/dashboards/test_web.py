"""The pages of the boards: what they say, what they open, what one may take away."""

import re
from datetime import date
from html import unescape
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, select

from matchmaker.labels import label
from models import History, Receipt, transaction
from models.states import (
    ContractState,
    ContractType,
    PartyKind,
    Role,
    TargetIndicator,
)

PAGES = (
    "/boards",
    "/boards/funnel",
    "/boards/funnel/rows",
    "/boards/leagues",
    "/boards/exposure",
)
COUNTED = {"state": ContractState.RECOGNISED}


@pytest.fixture
def staff(make, login):
    return login(make.staff())


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_platform_has_boards_that_say_what_comes(staff, path):
    page = staff.get(path)
    assert page.status_code == 200
    assert 'class="empty"' in page.text or "没有" in page.text


def test_the_board_says_which_targets_it_is_held_against(make, staff):
    make.contract(**COUNTED, total_fen=70_000_000_000_000, technology_fen=0)
    page = staff.get("/boards").text
    assert "2026 年目标还没有设定，下面对照 2024 年目标。" in page
    assert "2024 年目标 1400 亿元，完成" in page
    assert "为 2024 年目标 1400 亿元的 " in page
    assert ">2024 年目标</th>" in page
    assert "设定 2026 年目标" not in page  # staff may not
    assert '<span class="number">7000.00</span> <span class="unit">亿元</span>' in page
    assert '完成 <span class="number">500.0%</span>' in page
    assert "下面对照" not in staff.get("/boards?year=2024").text


@pytest.mark.parametrize(
    "address",
    ["cut=type:loan", "cut=month:13", "cut=counted:2026", "cut=district:", "year=12"],
)
def test_a_filter_there_is_not_is_refused(staff, address):
    assert staff.get(f"/boards?{address}").status_code == 422


def test_who_may_set_targets_is_led_to_them(make, login):
    admin = login(make.user(Role.ADMIN))
    page = admin.get("/boards").text
    assert '<a href="/admin/targets?year=2026">设定 2026 年目标</a>' in page
    assert "设定" not in admin.get("/boards?year=2024").text


def test_a_board_that_is_cut_says_so_and_lets_go_of_it(make, staff):
    make.contract(**COUNTED)
    page = unescape(staff.get("/boards?cut=district:430104&cut=flow:out,local").text)
    assert "卖方所在区县：岳麓区" in page
    assert 'href="/boards?cut=flow:out,local"' in page.replace("%3A", ":").replace(
        "%2C", ","
    )
    assert "cut=counted:2026&cut=district:430104" in page.replace("%3A", ":")


def test_money_received_is_apart_from_what_was_agreed(session, make, staff):
    contract = make.contract(**COUNTED, total_fen=900_000_000, name="到账的合同")
    author = make.staff().id
    with transaction(session):
        for day, fen in (
            (date(2026, 3, 1), 100_000_000),
            (date(2026, 4, 1), 50_000_000),
            (date(2025, 4, 1), 7_000_000),
        ):
            session.add(
                Receipt(
                    contract_id=contract.id,
                    amount_fen=fen,
                    received_on=day,
                    author_id=author,
                    created_at=make.now,
                )
            )
    assert "<dt>当年到账</dt>" in staff.get("/boards").text
    page = staff.get("/contracts?cut=paid:2026").text
    assert "到账的合同" in page
    assert '2026 年到账 <span class="number">1,500,000 元</span>' in page
    assert "到账的合同" not in staff.get("/contracts?cut=paid:2024").text
    rows = cells(
        workbook(staff.post("/contracts/export", data={"cut": "paid:2026"})).active
    )
    assert (rows[0][-1], rows[1][-1]) == ("2026 年到账（万元）", 150)


def test_demonstration_contracts_are_marked_and_counted_as_such(make, staff, client):
    for _ in range(3):
        make.contract(**COUNTED, is_demo=True)
    make.contract(**COUNTED)
    for page in (staff.get("/boards").text, client.get("/board").text):
        assert 'class="demo"' in page
        assert re.search(r'其中 <\w+ class="number"[^>]*>3</\w+> 份是演示用的', page)


def workbook(answer):
    assert answer.status_code == 200
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    return load_workbook(BytesIO(answer.data))


def cells(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_board_is_taken_away_as_it_stands(session, make, staff):
    make.contract(**COUNTED, total_fen=123_000_000, technology_fen=100_000_000)
    make.contract(**COUNTED, total_fen=77_000_000, technology_fen=0)
    book = workbook(staff.post("/boards/export", data={"board": "year"}))
    assert {"年度目标", "未计入", "进度", "合同类型", "成交额规模"} <= set(
        book.sheetnames
    )
    assert ["合计", 2, 200, 100] in cells(book["合同类型"])
    [turnover] = [row for row in cells(book["年度目标"]) if row[0] == "技术合同成交额"]
    assert turnover[1:5] == [1400, 0.02, "亿元", 0]
    session.rollback()
    note = session.scalars(select(History).order_by(History.id.desc())).first()
    assert note.action == "board.exported"
    assert note.changes["board"] == [None, "year"]


def test_a_growth_below_nothing_is_a_number_of_the_copy(make, staff):
    """As a text that begins with a minus it would be guarded like a formula."""
    university = {"seller_kind": PartyKind.UNIVERSITY, "type": ContractType.TRANSFER}
    for year, total in ((2025, 800_000_000_00), (2026, 100_000_000_00)):
        day = date(year, 1, 2)
        make.contract(
            **COUNTED | university, total_fen=total, signed_on=day, recognised_on=day
        )
    book = workbook(
        staff.post("/boards/export", data={"board": "year", "year": "2026"})
    )
    found = {row[0]: row for row in cells(book["年度目标"])}
    growth = found[label(TargetIndicator.THREE_KINDS_GROWTH)]
    assert isinstance(growth[2], float)
    assert growth[2] < 0


@pytest.mark.parametrize("board", ["funnel", "leagues", "exposure"])
def test_the_other_boards_are_taken_away_too(make, staff, board):
    make.suggestion()
    make.contract(**COUNTED, seller_kind=PartyKind.UNIVERSITY)
    book = workbook(staff.post("/boards/export", data={"board": board, "year": "2026"}))
    assert len(cells(book.active)) > 2


def test_there_is_no_other_board_to_take(staff):
    assert staff.post("/boards/export", data={"board": "secrets"}).status_code == 422
    assert staff.post("/boards/export").status_code == 422


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY, Role.MANAGER])
def test_only_staff_read_the_boards(make, login, role):
    person = login(make.user(role))
    for path in PAGES:
        assert person.get(path).status_code == 403
    assert person.post("/boards/export", data={"board": "year"}).status_code == 403
    assert person.get("/board").status_code == 200


def test_drawings_carry_their_words_and_no_style_of_their_own(make, staff):
    make.contract(**COUNTED)
    page = staff.get("/boards").text
    assert '<title id="pace-title">2026 年成交额累计与目标进度</title>' in page
    assert '<desc id="pace-desc">' in page
    assert page.count("查看数据") > 10
    assert " style=" not in page
    assert "<style" not in page


@pytest.mark.parametrize(
    ("path", "most"),
    [("/boards", 24), ("/board", 20), ("/boards/leagues", 14)],
)
def test_a_board_asks_the_same_few_queries_however_large(
    session, make, staff, path, most
):
    def asked():
        sent = []

        def note(*args):
            sent.append(args[2])

        event.listen(session.get_bind(), "before_cursor_execute", note)
        staff.get(path)
        event.remove(session.get_bind(), "before_cursor_execute", note)
        return len([sql for sql in sent if sql.startswith(("SELECT", "WITH"))])

    for _ in range(3):
        make.contract(**COUNTED)
    few = asked()
    for region in ("430102", "430103", "110000", None):
        make.contract(**COUNTED, seller_region=region, total_fen=10**9)
    assert asked() == few <= most
