"""Needs, for programs."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from flask import Response, current_app
from werkzeug.datastructures import FileStorage

from models import Need, utcnow
from models.outbox import RecordType
from models.states import IpWish, Mode, NeedStatus, Secrecy

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations, Shape
from ..attachments.api import most as largest_file
from ..attachments.content import BY_CODE
from ..attachments.service import Upload
from ..attachments.web import store
from ..calls.service import calls_from
from ..config import Settings
from ..db import db
from ..matches.api import MatchOut, fitting
from ..posting import expiry
from ..posting.service import require_editable
from ..posting.terms import Terms
from ..search.api import Found, listed
from ..search.schema import ListQuery
from ..sheets.web import download
from . import budgets, service, web
from .schema import LABELS, NeedDraft
from .word import service as word
from .word import template

operations = Operations("needs", "技术需求")


class NeedBody(NeedDraft):
    """A need as a program sends it.

    With ``draft`` it is put aside, else it goes to review and must be whole.
    ``budget`` is in 分; ``public_approved`` is the ``full_mark`` of the need whose
    public text was read and agreed to.
    """

    labels: ClassVar[Mapping[str, str]] = LABELS | {"draft": "只存为草稿"}

    draft: bool = False
    promise: bool = False


class Measure(Output):
    """What one target asks, piece by piece."""

    name: str
    comparator: str
    value: str
    upper: str
    unit: str
    must: bool


class NeedOut(Output):
    """A need as this reader may know it.

    ``full`` tells whether these are its own words; else they are the public ones,
    and what only the full text says is null. Budgets are in 分; of a masked need
    outsiders get the band. ``calls`` are those that grew from it, ``last_day`` the
    last on which it is open.
    """

    labels = LABELS

    id: int
    version: int
    status: NeedStatus
    secrecy: Secrecy
    full: bool
    organisation: str
    title: str
    field: str
    district: str
    problem: str
    targets: list[str]
    measures: list[Measure] | None
    trl_expected: int | None
    budget_low: int | None
    budget_high: int | None
    cooperation: list[Mode]
    ip_wish: IpWish | None
    deadline: date | None
    tried: str | None
    scene: str | None
    solver_conditions: str | None
    contact: str | None
    park: str | None
    public_title: str | None
    public_problem: str | None
    public_targets: list[str] | None
    full_mark: str | None
    return_codes: list[str] | None
    return_reason: str | None
    calls: list[int]
    last_day: date | None
    published_at: datetime | None
    updated_at: datetime
    demo: bool


def _terms() -> Terms:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.terms


def shown(need: Need) -> NeedOut:
    """The need as the caller may know it."""
    user = current()
    text = service.text_for(user, need)
    full = policies.reads_full_text(user, need)
    told = full or web.shows_all(need)
    is_open = need.status is NeedStatus.PUBLISHED
    budget = budgets.seen(user, need)
    return NeedOut.model_validate(
        {
            "id": need.id,
            "version": need.version,
            "status": need.status,
            "secrecy": need.secrecy,
            "full": full,
            "organisation": text.organisation,
            "title": text.title,
            "field": need.field,
            "district": need.district,
            "problem": text.problem,
            "targets": text.targets,
            "measures": service.measures_of(need) if told else None,
            "trl_expected": need.trl_expected,
            "budget_low": budget.low,
            "budget_high": budget.high,
            "cooperation": need.cooperation,
            "ip_wish": need.ip_wish if told else None,
            "deadline": need.deadline,
            "tried": need.tried if told else None,
            "scene": need.scene if told else None,
            "solver_conditions": need.solver_conditions if told else None,
            "contact": need.contact if full else None,
            "park": need.park if told else None,
            "public_title": need.public_title if full else None,
            "public_problem": need.public_problem if full else None,
            "public_targets": need.public_targets if full else None,
            "full_mark": need.fingerprint if full else None,
            "return_codes": need.return_codes if full else None,
            "return_reason": need.return_reason if full else None,
            "calls": [one.id for one in calls_from(db.session, user, need)],
            "last_day": expiry.last_day(need, _terms()) if full and is_open else None,
            "published_at": need.published_at,
            "updated_at": need.updated_at,
            "demo": need.is_demo,
        }
    )


@operations.get("/needs", ("needs.browse", "needs.export"), "公开的需求")
def browse(query: ListQuery, place: Place) -> Slice[Found]:
    return listed(RecordType.NEED, query, place)


@operations.get("/needs/mine", ("needs.mine", "needs.export_mine"), "本单位的需求")
def mine(query: ListQuery, place: Place) -> Slice[Found]:
    return listed(RecordType.NEED, query, place, own=True)


@operations.get("/needs/feed.atom", "needs.feed", "新发布的需求（Atom）")
def feed() -> Response:
    """所有人能看到的内容，不论由谁读取。"""
    return web.feed()


@operations.get(
    "/needs/mine/deadlines.ics", "needs.deadlines", "本单位需求的截止日（日历）"
)
def deadlines() -> Response:
    return web.last_days()


@operations.get("/needs/<int:need_id>", "needs.show", "一条需求")
def show(need_id: int) -> NeedOut:
    return shown(service.find_need(db.session, current(), need_id))


class NeedMatches(Output):
    """What may solve the need, the likeliest first; null where no matches are shown.

    They are shown to whoever reads the full text, unless it is a draft or withdrawn.
    """

    achievements: list[MatchOut] | None
    calls: list[MatchOut] | None


@operations.get("/needs/<int:need_id>/matches", "needs.show", "一条需求的匹配")
def near(need_id: int) -> NeedMatches:
    """只给读得到全文的人；草稿和已撤回的需求没有匹配。"""
    need = service.find_need(db.session, current(), need_id)
    full = policies.reads_full_text(current(), need)
    if not (full and service.is_matched(need)):
        return NeedMatches(achievements=None, calls=None)
    return NeedMatches.model_validate(fitting(need))


@operations.post("/needs", "need_forms.new", "发布需求", status=201)
def create(body: Annotated[Mapping[str, Any], Shape(NeedBody)], key: str) -> NeedOut:
    need = service.create_need(
        db.session, signed_in(), _read(body), form_key=key, now=utcnow()
    )
    return shown(need)


@operations.put("/needs/<int:need_id>", "need_forms.edit", "修改需求")
def edit(
    need_id: int, body: Annotated[Mapping[str, Any], Shape(NeedBody)], version: int
) -> NeedOut:
    """已提交的需求改后须是完整的；草稿可以仍是草稿。"""
    need = service.find_need(db.session, current(), need_id)
    policies.require(signed_in(), "need.edit", need)
    require_editable(need)
    whole = need.status is not NeedStatus.DRAFT
    need = service.edit_need(
        db.session,
        signed_in(),
        need_id,
        _read(body, whole=whole),
        version=version,
        now=utcnow(),
    )
    return shown(need)


def _read(body: Mapping[str, Any], *, whole: bool = False) -> NeedDraft:
    submit = whole or not body.get("draft", False)
    today = labels.today(utcnow())
    return service.read_form(signed_in(), body, submit=submit, today=today)


@operations.post("/needs/<int:need_id>/withdraw", "needs.withdraw", "撤回需求")
def withdraw(need_id: int) -> NeedOut:
    return shown(service.withdraw_need(db.session, signed_in(), need_id, now=utcnow()))


@operations.post("/needs/<int:need_id>/solved", "needs.solved", "标记为已解决")
def solved(need_id: int) -> NeedOut:
    return shown(service.mark_solved(db.session, signed_in(), need_id, now=utcnow()))


@operations.post("/needs/<int:need_id>/renew", "needs.renew", "续期")
def renew(need_id: int) -> NeedOut:
    need = service.renew_need(
        db.session, signed_in(), need_id, terms=_terms(), now=utcnow()
    )
    return shown(need)


@operations.get("/needs/word-form", "need_word.download", "空白的 Word 需求表")
def word_form() -> Response:
    file = template.document(signed_in())
    return download(file, template.NAME, BY_CODE["docx"].media_type)


class Doubt(Output):
    """What is wrong with one field of the form, and what stands there where it can."""

    field: str
    words: str
    value: str | None


class WordForm(Output):
    """What a form filled in Word says; nothing of it is kept.

    ``body`` has what could be read, as «发布需求» takes it: for a draft, until somebody
    has looked at the ``doubts``, at what is ``missing`` and at the ``unread`` rest.
    """

    body: dict[str, Any]
    doubts: list[Doubt]
    missing: list[str]
    unread: list[str]
    remarks: list[str]


@operations.upload(
    "/needs/word-form",
    "need_word.upload",
    "读出一份 Word 需求表",
    most=largest_file,
    status=200,
)
def read_word(file: FileStorage) -> WordForm:
    """只读出内容，不保存；核对后用「发布需求」提交。"""
    sent = Upload(file.filename or "", file.stream)  # type: ignore[arg-type]
    found = word.read_upload(signed_in(), store(), sent)
    return WordForm(
        body=found.body() | {"draft": True},
        doubts=[
            Doubt(field=name, words=words, value=_text(found.values.get(name)))
            for name, words in found.doubts
        ],
        missing=found.missing,
        unread=found.unread,
        remarks=found.remarks,
    )


def _text(value: Any) -> str | None:
    lines = value if isinstance(value, list) else [value]
    return "\n".join(str(line) for line in lines if line) or None
