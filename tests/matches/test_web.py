"""The review desk and the enterprise's matches through HTTP."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import event

from matchmaker.matches import service
from models import Suggestion
from models.base import utcnow
from models.states import RejectReason, Role, Secrecy, SuggestionKind, SuggestionStatus

from ..factories import Factory

PAGES = ("/desk", "/desk?view=list", "/desk/{id}")
POSTS = ("claim", "approve", "reject", "snooze", "undo", "release")


def status_of(session, pair_id) -> SuggestionStatus:
    session.rollback()
    return session.get_one(Suggestion, pair_id).status


def text_of(response) -> str:
    return unescape(response.get_data(as_text=True))


# -- Who may ---------------------------------------------------------------------


def test_a_visitor_is_asked_to_sign_in(client, make):
    pair_id = make.suggestion().id
    for url in (*PAGES, "/matches", "/matches/{id}"):
        response = client.get(url.format(id=pair_id))
        assert response.status_code == 302
        assert "/sign-in" in response.location


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY])
def test_the_desk_is_closed_to_others(login, make, session, role):
    pair_id = make.suggestion().id
    client = login(make.user(role))
    for url in PAGES:
        assert client.get(url.format(id=pair_id)).status_code == 403
    data = {"reason": "price", "days": "3", "ids": str(pair_id)}
    for action in POSTS:
        assert client.post(f"/desk/{pair_id}/{action}", data=data).status_code == 403
    assert client.post("/desk/bulk-reject", data=data).status_code == 403
    assert status_of(session, pair_id) is SuggestionStatus.PENDING


def test_an_unknown_pair_is_not_found(login, make):
    client = login(make.staff())
    data = {"reason": "price", "days": "3"}
    for unknown in (987654, 2**31, 2**63, 10**40):
        assert client.get(f"/desk/{unknown}").status_code == 404
        for action in POSTS:
            response = client.post(f"/desk/{unknown}/{action}", data=data)
            assert response.status_code == 404, action
    assert client.get("/desk/-1").status_code == 404
    assert client.get("/desk/abc").status_code == 404


# -- The desk --------------------------------------------------------------------


def test_the_desk_opens_the_best_free_pair_and_keeps_the_filters(login, make):
    make.suggestion(probability=0.5)
    best = make.suggestion(probability=0.9)
    first, second = login(make.staff()), login(make.staff())

    response = first.get("/desk?field=ES")
    assert response.location == f"/desk/{best.id}?field=ES"
    page = text_of(first.get(response.location))
    assert re.search(r"第 <span class=\"number\">1</span> 条", page)
    assert "approve?field=ES" in page
    assert second.get("/desk").location != f"/desk/{best.id}"


def test_the_page_shows_both_texts_in_full_and_marks_what_is_quoted(login, make):
    need = make.need(
        secrecy=Secrecy.MASKED,
        public_title="某企业寻求电池预警",
        public_problem="脱敏后的问题",
        public_targets=["提前预警"],
    )
    quote = "现有烟感报警太晚。"
    evidence = {
        "indicators": [
            {
                "asked": "误报率≤1%",
                "claimed": "误报率0.6%",
                "verdict": "met",
                "note": "同一工况",
            }
        ],
        "pairs": [{"left": quote, "right": "已在储能舱完成试验。", "score": 0.8}],
        "terms": [{"term": "热失控", "weight": 1.0}],
        "facts": [
            {"name": "预算与报价", "left": "2 亿", "right": "800 万", "verdict": "met"}
        ],
        "parts": [{"name": "整体意思", "value": 0.8, "share": 1.0}],
    }
    pair = make.suggestion(need, evidence=evidence)
    page = text_of(login(make.staff()).get(f"/desk/{pair.id}"))

    for words in (
        need.title,
        need.problem[:10],
        "脱敏公开",
        "脱敏后的问题",
        "同一工况",
    ):
        assert words in page
    assert f"<mark>{quote}</mark>" in page
    assert "相合：预算与报价" in page
    assert page.index("指标对照") < page.index("互相呼应的句子")


@pytest.mark.parametrize(
    "kind", [SuggestionKind.NEED_CALL, SuggestionKind.CALL_ACHIEVEMENT]
)
def test_pairs_with_a_call_are_shown_and_decided(login, make, session, kind):
    call = make.call(title="储能安全揭榜")
    given = {"call_id": call.id, "kind": kind}
    gone = "achievement_id" if kind is SuggestionKind.NEED_CALL else "need_id"
    pair = make.suggestion(**given, **{gone: None})
    client = login(make.staff())
    assert "储能安全揭榜" in text_of(client.get(f"/desk/{pair.id}"))
    assert "储能安全揭榜" in text_of(client.get("/desk?view=list"))
    assert client.post(f"/desk/{pair.id}/approve").status_code == 303
    assert status_of(session, pair.id) is SuggestionStatus.APPROVED


def test_a_decision_leads_to_the_next_pair_and_offers_to_take_it_back(
    login, make, session
):
    best, following = make.suggestion(probability=0.9), make.suggestion(probability=0.8)
    client = login(make.staff())
    response = client.post(f"/desk/{best.id}/approve?field=ES")
    assert response.status_code == 303
    assert response.location == f"/desk/{following.id}?field=ES"
    page = text_of(client.get(response.location))
    assert "已通过「储能电站电池热失控提前预警」" in page
    assert f"/desk/{best.id}/undo?field=ES" in page

    response = client.post(f"/desk/{best.id}/undo")
    assert response.location == f"/desk/{best.id}"
    assert "已撤销决定" in text_of(client.get(response.location))
    assert status_of(session, best.id) is SuggestionStatus.PENDING


def test_the_last_decision_ends_at_the_empty_desk(login, make):
    pair = make.suggestion()
    client = login(make.staff())
    response = client.post(f"/desk/{pair.id}/reject", data={"reason": "price"})
    assert response.location == "/desk"
    page = text_of(client.get("/desk"))
    assert "没有等待审核的匹配建议" in page
    assert f"/desk/{pair.id}/undo" in page


def test_the_desk_says_when_all_that_waits_is_held_by_colleagues(login, make):
    pair = make.suggestion()
    login(make.staff()).get(f"/desk/{pair.id}")
    page = text_of(login(make.staff()).get("/desk"))
    assert "剩下的 1 对都有同事在审" in page


@pytest.mark.parametrize(
    ("action", "data", "words"),
    [
        ("reject", {}, "请选择驳回的理由"),
        ("reject", {"reason": "nonsense"}, "请选择驳回的理由"),
        ("reject", {"reason": "other"}, "至少 5 个字"),
        ("reject", {"reason": "other", "words": "不行"}, "至少 5 个字"),
        ("reject", {"reason": "price", "words": "长" * 1001}, "最多 1000 个字"),
        ("reject", {"reason": "price", "words": "a\x00b"}, "控制字符"),
        ("snooze", {}, "请选择什么时候再看"),
        ("snooze", {"until": "明天"}, "请填写日期"),
        ("snooze", {"until": "2020-01-01"}, "今天以后"),
        ("snooze", {"until": "9999-12-31"}, "最多暂缓一年"),
        ("snooze", {"days": "0"}, "不能小于 1"),
        ("snooze", {"days": "9" * 40}, ""),
    ],
)
def test_an_incomplete_decision_is_explained_and_nothing_is_saved(
    login, make, session, action, data, words
):
    pair = make.suggestion()
    response = login(make.staff()).post(f"/desk/{pair.id}/{action}", data=data)
    assert response.status_code == 422
    assert words in text_of(response)
    assert status_of(session, pair.id) is SuggestionStatus.PENDING


def test_what_was_typed_is_kept(login, make):
    pair = make.suggestion()
    data = {"reason": "other", "words": "<b>短"}
    page = login(make.staff()).post(f"/desk/{pair.id}/reject", data=data)
    html = page.get_data(as_text=True)
    assert "&lt;b&gt;短" in html
    assert re.search(r'value="other"[^>]* checked', html)


def test_a_pair_is_put_off_by_days_or_to_a_day(login, make, session):
    one, two = make.suggestion(), make.suggestion()
    client = login(make.staff())
    assert client.post(f"/desk/{one.id}/snooze", data={"days": "7"}).status_code == 303
    until = (utcnow() + timedelta(days=30)).date()
    data = {"until": until.isoformat()}
    assert client.post(f"/desk/{two.id}/snooze", data=data).status_code == 303
    session.rollback()
    assert two.snoozed_until == until
    assert status_of(session, one.id) is SuggestionStatus.SNOOZED
    assert "自动回到待审" in text_of(client.get(f"/desk/{one.id}?status=snoozed"))


def test_a_pair_held_by_a_colleague_is_read_only(login, make, session):
    pair = make.suggestion()
    login(make.staff(name="周岚")).get(f"/desk/{pair.id}")
    client = login(make.staff())

    page = client.get(f"/desk/{pair.id}")
    assert page.status_code == 200
    assert "周岚 正在审核这一对" in text_of(page)
    assert f"/desk/{pair.id}/approve" not in text_of(page)
    response = client.post(f"/desk/{pair.id}/approve")
    assert response.status_code == 409
    assert "周岚" in text_of(response)
    assert status_of(session, pair.id) is SuggestionStatus.PENDING


def test_a_page_fetched_ahead_holds_nothing_until_it_is_shown(login, make, session):
    pair, other = make.suggestion(), make.suggestion()
    first, second = login(make.staff(name="周岚")), login(make.staff())
    first.get(f"/desk/{other.id}")
    page = first.get(
        f"/desk/{pair.id}?left={other.id}", headers={"X-Purpose": "prefetch"}
    )
    assert "data-claim" in text_of(page)
    session.rollback()
    assert pair.claimed_by_id is None
    assert other.claimed_by_id is not None

    data = {"left": str(other.id)}
    assert first.post(f"/desk/{pair.id}/claim", data=data).status_code == 204
    session.rollback()
    assert pair.claimed_by_id is not None
    assert other.claimed_by_id is None
    late = second.post(f"/desk/{pair.id}/claim")
    assert late.status_code == 409
    assert "周岚 正在审核这一对" in text_of(late)


def test_leaving_a_pair_or_releasing_it_frees_it(login, make, session):
    one, two = make.suggestion(), make.suggestion()
    client = login(make.staff())
    client.get(f"/desk/{one.id}")
    client.get(f"/desk/{two.id}?left={one.id}")
    assert client.post(f"/desk/{two.id}/release").status_code == 303
    session.rollback()
    assert (one.claimed_by_id, two.claimed_by_id) == (None, None)
    assert client.get(f"/desk/{two.id}?left=x").status_code == 422
    assert client.get(f"/desk/{two.id}?left={10**30}").status_code == 422


def test_a_decided_pair_shows_who_decided_and_why(login, make, session):
    pair, user = make.suggestion(), make.staff(name="周岚")
    service.reject(
        session,
        user,
        pair.id,
        RejectReason.OTHER,
        "该线已停产",
        now=utcnow() - timedelta(days=3),
    )
    client = login(make.staff())
    page = text_of(client.get(f"/desk/{pair.id}?status=rejected"))
    for words in ("周岚", "其他原因", "该线已停产"):
        assert words in page
    assert f"/desk/{pair.id}/approve" not in page
    assert f"/desk/{pair.id}/undo" not in page
    assert client.post(f"/desk/{pair.id}/undo").status_code == 403
    late = login(user).post(f"/desk/{pair.id}/undo")
    assert late.status_code == 409
    assert "24 小时" in text_of(late)


# -- The list --------------------------------------------------------------------


def test_the_list_shows_every_status_with_its_count(login, make, session):
    waiting, rejected, user = make.suggestion(), make.suggestion(), make.staff()
    service.reject(session, user, rejected.id, RejectReason.PRICE, now=utcnow())
    client = login(user)
    page = text_of(client.get("/desk?view=list"))
    assert f"/desk/{waiting.id}" in page
    assert f"/desk/{rejected.id}" not in page
    page = text_of(client.get("/desk?view=list&status=rejected"))
    assert f"/desk/{rejected.id}?status=rejected" in page
    assert 'name="ids"' not in page


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("field=ZZ", 422),
        ("district=巴黎", 422),
        ("kind=x", 422),
        ("score=-2", 422),
        ("score=6.5", 422),
        ("score=nan", 422),
        ("score=inf", 422),
        ("age=-1", 422),
        ("age=99999999999", 422),
        ("status=gone", 422),
        ("page=99", 200),
        ("field=&kind=&score=&age=", 200),
        ("mine=1", 200),
        ("_external=1&_scheme=javascript", 200),
    ],
)
def test_an_odd_address_is_answered(login, make, query, status):
    make.suggestion()
    client = login(make.staff())
    assert client.get(f"/desk?view=list&{query}").status_code == status


def test_many_are_rejected_from_the_list(login, make, session):
    pairs = [make.suggestion() for _ in range(3)]
    client = login(make.staff())
    data = {"ids": [str(p.id) for p in pairs[:2]], "reason": "duplicate"}
    response = client.post("/desk/bulk-reject?field=ES", data=data)
    assert response.status_code == 303
    assert response.location == "/desk?view=list&field=ES"
    assert "已驳回 2 对：重复建议" in text_of(client.get(response.location))
    found = [status_of(session, pair.id) for pair in pairs]
    assert found == ["rejected", "rejected", "pending"]


def test_a_refused_bulk_rejection_keeps_the_ticks_and_says_why(login, make, session):
    free, held = make.suggestion(), make.suggestion()
    login(make.staff()).get(f"/desk/{held.id}")
    client = login(make.staff())
    ids = [str(free.id), str(held.id)]

    response = client.post("/desk/bulk-reject", data={"ids": ids})
    assert response.status_code == 422
    assert "请选择驳回的理由" in text_of(response)
    assert re.search(rf'value="{free.id}"[^>]* checked', text_of(response))
    response = client.post("/desk/bulk-reject", data={"ids": ids, "reason": "price"})
    assert response.status_code == 409
    assert "1 对正由其他同事审核" in text_of(response)
    assert status_of(session, free.id) is SuggestionStatus.PENDING

    for bad in ([], ["x"], [str(10**30)], [str(n) for n in range(1, 102)]):
        data = {"ids": bad, "reason": "price"}
        assert client.post("/desk/bulk-reject", data=data).status_code == 422


# -- How much it asks of the database ----------------------------------------------


def queries_of(app, ask) -> int:
    seen: list[str] = []

    def note(_conn, _cursor, statement, *_rest) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    engine = app.extensions["db_engine"]
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert ask().status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_the_desk_asks_little_of_the_database(app, login, make: Factory, session):
    need, user = make.need(), make.staff()
    pairs = [make.suggestion(need) for _ in range(12)]
    service.approve(session, user, pairs[0].id, now=utcnow())
    client = login(user)
    client.get("/desk?view=list")  # the columns are read once
    for url in (f"/desk/{pairs[3].id}?left={pairs[2].id}", "/desk?view=list"):
        assert queries_of(app, lambda url=url: client.get(url)) <= 20, url


# -- The enterprise --------------------------------------------------------------


def test_an_enterprise_reads_its_approved_pair(login, make, session):
    user = make.user()
    need = make.need(organisation_id=user.organisation_id, title="我的电池需求")
    pair = make.suggestion(need)
    client = login(user)
    assert "还没有通过的匹配建议" in text_of(client.get("/matches"))
    assert client.get(f"/matches/{pair.id}").status_code == 404
    service.approve(session, make.staff(), pair.id, now=utcnow())

    page = text_of(client.get("/matches"))
    assert "我的电池需求" in page
    assert f"/matches/{pair.id}" in page
    page = text_of(client.get(f"/matches/{pair.id}"))
    assert "申请对接" in page
    assert "指标对照" in page
    assert client.get(f"/matches?need={need.id}").status_code == 200
    assert client.get("/matches?need=0").status_code == 422
    assert client.get("/matches?page=99").status_code == 200
    assert client.get(f"/matches?need={10**30}").status_code == 422


def test_nobody_else_reads_it(login, make, session):
    user = make.user()
    need = make.need(organisation_id=user.organisation_id)
    pair = make.suggestion(need)
    service.approve(session, make.staff(), pair.id, now=utcnow())
    assert login(make.user()).get(f"/matches/{pair.id}").status_code == 404
    for other in (make.user(Role.UNIVERSITY), make.staff()):
        assert login(other).get(f"/matches/{pair.id}").status_code == 403
        assert login(other).get("/matches").status_code == 403
    assert need.title not in text_of(login(make.user()).get("/matches"))
    assert login(user).get(f"/matches/{10**40}").status_code == 404


def test_filters_are_one_click_from_being_dropped(login, make):
    make.suggestion()
    client = login(make.staff())
    page = text_of(client.get("/desk?view=list&field=ES&score=0.63&mine=1"))
    assert "预计通过率约 6 成以上" in page
    assert 'href="/desk?view=list&field=ES&mine=1"' in page
