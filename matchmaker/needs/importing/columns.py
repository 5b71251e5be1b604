"""The columns of a table of needs: their heads, how each is read and written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from models.fields import DISTRICTS, FIELDS, district_name
from models.needs import fingerprint
from models.outbox import RecordType
from models.states import IpWish, Mode, NeedStatus, Secrecy

from ... import labels
from ...errors import Invalid
from ...imports import parts
from ...imports.shapes import APPROVED, Home, Part, Shape
from ...posting.service import EDITABLE
from ...schema import parse
from ...sheets import cells
from ...sheets.cells import CellError
from ...sheets.layout import Field, Layout
from ...sheets.reader import Cell
from ..headings import SYNONYMS
from ..schema import COLUMN_LABELS, LABELS, NEED_MODES, NeedDraft, NeedInput
from ..service import stated
from .measured import read_measures, write_measures

PHONE = "phone"
STORED = "stored"  # targets and measures as they are; no field of the form
PHONES = ("手机", "电话", "手机号", "联系人电话", "联系手机", "联系人手机")
# What a person heads the columns of a table with, and no form.
IN_TABLES = {
    "title": ("名称", "标题", "技术需求", "需求"),
    "trl_expected": ("成熟度", "期望成熟度等级"),
    "targets": ("指标（希望达到）",),
}
OTHER_MODES = {
    "委托": Mode.COMMISSIONED,
    "委托研发": Mode.COMMISSIONED,
    "联合开发": Mode.JOINT,
    "联合攻关": Mode.JOINT,
    "联合研发": Mode.JOINT,
    "合作研发": Mode.JOINT,
    "合作": Mode.JOINT,
    "产学研合作": Mode.JOINT,
    "转让": Mode.TRANSFER,
    "专利转让": Mode.TRANSFER,
    "许可": Mode.LICENCE,
    "专利许可": Mode.LICENCE,
    "实施许可": Mode.LICENCE,
    "咨询": Mode.CONSULTING,
    "服务": Mode.SERVICE,
    "入股": Mode.EQUITY,
    "技术入股": Mode.EQUITY,
}
COMPARED = (
    "title",
    "field",
    "district",
    "problem",
    "tried",
    "scene",
    "targets",
    "measures",
    "trl_expected",
    "budget_fen",
    "cooperation",
    "ip_wish",
    "solver_conditions",
    "deadline",
    "contact",
    "park",
    "secrecy",
    "public_title",
    "public_problem",
    "public_targets",
    "public_approved",
)


def build() -> tuple[Part, ...]:
    """The columns with the words of the dictionaries as they are now."""
    return (
        *parts.numbering("XQ", "需求编号"),
        *_problem(),
        *_terms(),
        *_public(),
        *parts.standing(NeedStatus),
    )


def _problem() -> tuple[Part, ...]:
    fields = {words: code for code, words in FIELDS.offered()}
    return (
        prose(
            "title", required=True, note="6 到 60 个字，一句话说出现象和对象", width=40
        ),
        Part(
            Field("organisation", "单位", HOME_WORDS, width=28, note=HOME_NOTE),
            lambda item: item.organisation.name,
        ),
        parts.choice(
            *_named("field"), fields, cells.named(fields), width=20, note="选一项"
        ),
        Part(
            Field(
                *_named("district"),
                choices=tuple(words for _, words in DISTRICTS.offered()),
                note="选一项",
            ),
            lambda item: district_name(item.district),
            _district,
        ),
        prose("park"),
        prose("problem", note="30 到 5000 个字。现象、工况、影响", width=60),
        prose("tried", width=40),
        parts.lines(
            *_named("targets"), note="一行一条，单元格内换行用 Alt+Enter", width=40
        ),
        Part(
            Field(
                "measures", LABELS["measures"], note="由平台写出，一般不用填", width=30
            ),
            lambda item: write_measures(item.measures),
            read_measures,
        ),
        prose("scene", width=30),
    )


def _terms() -> tuple[Part, ...]:
    modes = {labels.mode_label(mode): mode for mode in NEED_MODES}
    wishes = parts.words_of(IpWish)
    return (
        Part(
            Field(*_named("trl_expected"), note="1 到 9 级，不限可不填"),
            lambda item: item.trl_expected,
            parts.optional(cells.level),
            "number",
        ),
        parts.money(*_named("budget"), note="单位写在列名里：元 或 万元；面议可不填"),
        Part(
            Field(*_named("cooperation"), note="可写几种，用顿号隔开", width=20),
            lambda item: "、".join(map(labels.mode_label, item.cooperation)),
            parts.optional(cells.several(cells.named(modes, OTHER_MODES)), list),
        ),
        parts.choice(*_named("ip_wish"), wishes, cells.named(wishes)),
        prose("solver_conditions", width=30),
        parts.day(*_named("deadline"), note="例如 2027-06-30；长期有效可不填"),
        prose("contact", note="双方都有意向后才告诉对方"),
        Part(
            Field(PHONE, "联系电话", PHONES, note="并入联系人"),
            lambda _: "",
            cells.text,
        ),
    )


def _public() -> tuple[Part, ...]:
    secrecies = parts.words_of(Secrecy)
    return (
        parts.choice(
            *_named("secrecy"),
            secrecies,
            cells.exactly(secrecies),
            note="不填按「公开」；脱敏公开的要在平台上核对公开文字",
        ),
        prose("public_title", width=30),
        prose("public_problem", width=40),
        parts.lines(*_named("public_targets"), width=30),
        Part(
            Field(APPROVED, "公开文字已确认", note=parts.ONLY_RESTORED),
            lambda item: "是" if _is_approved(item) else "",
            cells.yes_or_no,
        ),
    )


HOME_NOTE = "平台工作人员代为导入时必填：已登记单位的全称或统一社会信用代码"
HOME_WORDS = (
    "单位名称",
    "企业名称",
    "企业",
    "需求单位",
    "需求方",
    "发布单位",
    "申报单位",
    "统一社会信用代码",
)


def _named(code: str) -> tuple[str, str, tuple[str, ...]]:
    """Code, what we call the column, what else people call it."""
    others = (*SYNONYMS.get(code, ()), *IN_TABLES.get(code, ()))
    return (
        code,
        LABELS[code],
        tuple(w for w in others if w not in (*PHONES, "联系电话")),
    )


def prose(code: str, **more: Any) -> Part:
    return parts.prose(*_named(code), **more)


def _district(cell: Cell) -> str:
    said = cells.text(cell)
    names = {words: code for code, words in DISTRICTS.offered()}
    found = cells.district_in(said, names)
    if found is None:
        raise CellError(f"看不出「{said[:30]}」是哪个区县，可填：{'、'.join(names)}")
    return found


def _is_approved(item: Any) -> bool:
    return item.public_approved is not None and item.public_is_approved


LAYOUT = Layout("技术需求", [part.field for part in build()], ignored=parts.IGNORED)


# -- What the values come to -------------------------------------------------------


def as_input(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored row as the form would have it."""
    values = {name: stored[name] for name in COMPARED if stored[name] is not None}
    values["budget"] = values.pop("budget_fen", None)
    values.pop("measures", None)
    return values | {STORED: (stored["targets"], stored["measures"])}


def check(
    values: Mapping[str, Any], *, complete: bool, home: Home, today: date
) -> dict[str, Any]:
    """The values as columns of a need; raises `Invalid` by the field."""
    data = _joined(dict(values))
    try:
        if complete:
            context = {"today": today, "organisation": home.name}
            need: NeedDraft = parse(NeedInput, data | {"promise": True}, context)
        else:
            need = parse(NeedDraft, data)
    except Invalid as invalid:
        raise Invalid(_in_a_file(invalid.fields)) from invalid
    columns = stated(need) | {"measures": _measures(need, data.get(STORED))}
    columns["cooperation"] = list(map(str, data.get("cooperation") or ()))
    if data.get(APPROVED) and need.secrecy is Secrecy.MASKED:
        columns["public_approved"] = fingerprint(need.title, need.problem, need.targets)
    return columns


def _measures(need: NeedDraft, stored: Any) -> list[dict[str, Any]] | None:
    """As the row has them, else as they are for the same targets; else none yet.

    What nobody has corrected is read from the sentences when it is wanted: for 200,000
    rows that would take longer than all the rest.
    """
    if need.measures:
        return [row.model_dump() for row in need.measures]
    targets, measures = stored or (None, None)
    return measures if targets == need.targets else None


def _joined(data: dict[str, Any]) -> dict[str, Any]:
    """The telephone belongs to whom one asks."""
    phone, contact = data.pop(PHONE, ""), data.get("contact") or ""
    if phone and phone not in contact:
        data["contact"] = f"{contact}，{phone}" if contact else phone
    return data


def _in_a_file(errors: Mapping[str, str]) -> dict[str, str]:
    """What a form says of its tick, as a file can mend it."""
    found = dict(errors)
    if "public_approved" in found:
        found["public_approved"] = (
            "脱敏公开的需求要由单位在平台上核对公开文字后提交，请改用「存为草稿」导入"
        )
    return found


SHAPE = Shape(
    record=RecordType.NEED,
    create="need.create",
    prefix="XQ",
    owner="organisation_id",
    home="organisation",
    text="problem",
    layout=LAYOUT,
    labels=COLUMN_LABELS | {"public_approved": LABELS["public_approved"]},
    compared=COMPARED,
    editable=EDITABLE,
    parts=build,
    check=check,
    as_input=as_input,
    unordered=frozenset({"cooperation"}),
)
