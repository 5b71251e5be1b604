"""The columns of a table of achievements: heads, how they are read and written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from models.fields import FIELDS
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    Mode,
    Ownership,
    ProofKind,
    Stage,
    ValuationMethod,
)

from ... import labels
from ...errors import Invalid
from ...imports import parts
from ...imports.shapes import Home, Part, Shape
from ...posting.service import EDITABLE
from ...schema import parse
from ...sheets import cells
from ...sheets.layout import Field, Layout
from ...sheets.reader import Cell
from ..schema import (
    ACHIEVEMENT_MODES,
    LABELS,
    THIRTEEN,
    AchievementDraft,
    AchievementInput,
)
from ..service import columns as columns_of
from .rights import read_rights, read_shares, write_rights, write_shares

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "title": ("名称", "科技成果名称", "成果标题", "项目名称", "技术名称", "专利名称"),
    "field": ("所属领域", "领域", "所属技术领域", "行业领域", "产业领域", "应用行业"),
    "inventors": ("发明人", "主要完成人", "负责人", "项目负责人", "团队", "完成人员"),
    "abstract": (
        "简介",
        "成果介绍",
        "成果内容",
        "成果描述",
        "成果概述",
        "技术简介",
        "项目简介",
        "主要内容",
        "技术内容",
    ),
    "indicators": (
        "主要技术指标",
        "技术指标",
        "指标",
        "性能指标",
        "主要指标",
        "关键指标",
    ),
    "applications": ("应用领域", "应用前景", "应用场景", "适用范围", "产品"),
    "trl": ("成熟度", "技术成熟度等级", "成熟度等级", "TRL", "成熟度级别"),
    "trl_scale": ("成熟度共几级", "等级制"),
    "stage": ("阶段", "所处研发阶段", "研发阶段", "成果阶段", "成熟阶段"),
    "ip": ("知识产权情况", "专利情况", "专利", "知识产权状况", "专利号", "授权专利"),
    "ownership": ("权属情况", "成果权属", "所有权"),
    "modes": ("合作方式", "转让方式", "拟转化方式", "合作模式", "转化形式", "转化意向"),
    "price": (
        "价格",
        "转让价格",
        "拟转让价格",
        "转让费",
        "报价",
        "转化价格",
        "意向金额",
    ),
    "terms": ("付款安排", "付款方式"),
}
HOME_WORDS = (
    "单位名称",
    "完成单位",
    "成果单位",
    "持有单位",
    "权利人",
    "高校",
    "依托单位",
    "统一社会信用代码",
)
OTHER_MODES = {
    "转让": Mode.TRANSFER,
    "专利转让": Mode.TRANSFER,
    "许可": Mode.LICENCE,
    "专利许可": Mode.LICENCE,
    "实施许可": Mode.LICENCE,
    "普通许可": Mode.LICENCE,
    "独占许可": Mode.LICENCE,
    "入股": Mode.EQUITY,
    "技术入股": Mode.EQUITY,
    "作价投资": Mode.EQUITY,
    "联合开发": Mode.JOINT,
    "合作": Mode.JOINT,
    "产学研合作": Mode.JOINT,
    "委托": Mode.COMMISSIONED,
    "咨询": Mode.CONSULTING,
    "服务": Mode.SERVICE,
}
OTHER_STAGES = {
    "实验室阶段": Stage.LAB,
    "研发阶段": Stage.LAB,
    "小试阶段": Stage.SMALL,
    "样机": Stage.SMALL,
    "中试阶段": Stage.PILOT,
    "产业化阶段": Stage.INDUSTRIAL,
    "规模化": Stage.INDUSTRIAL,
    "量产": Stage.INDUSTRIAL,
    "批量生产": Stage.INDUSTRIAL,
}
OTHER_OWNERSHIP = {
    "单位": Ownership.UNIT,
    "学校所有": Ownership.UNIT,
    "职务成果": Ownership.UNIT,
    "共有": Ownership.SHARED,
    "科研人员所有": Ownership.RESEARCHERS,
    "长期使用权": Ownership.LONG_TERM_USE,
}
COMPARED = (
    "title",
    "field",
    "inventors",
    "abstract",
    "indicators",
    "applications",
    "trl",
    "trl_scale",
    "trl_stated",
    "trl_proof",
    "trl_proof_on",
    "trl_proof_by",
    "stage",
    "ip",
    "ownership",
    "owners",
    "use_until",
    "modes",
    "terms",
    "price_fen",
    "valuation_low_fen",
    "valuation_high_fen",
    "valuation_method",
    "valuation_on",
    "pilot_wanted",
    "pilot_needs",
)


def build() -> tuple[Part, ...]:
    """The columns with the words of the dictionaries as they are now."""
    return (
        *parts.numbering("CG", "成果编号"),
        *_what(),
        *_maturity(),
        *_ownership(),
        *_terms(),
        *parts.standing(AchievementStatus),
    )


def _what() -> tuple[Part, ...]:
    fields = {words: code for code, words in FIELDS.offered()}
    return (
        _prose("title", required=True, note="6 到 60 个字", width=40),
        Part(
            Field(
                "organisation",
                "单位",
                HOME_WORDS,
                width=28,
                note="平台工作人员代为导入时必填：已登记单位的全称或统一社会信用代码",
            ),
            lambda item: item.organisation.name,
        ),
        _prose("inventors", width=20),
        _choice("field", fields, cells.named(fields), note="选一项", width=20),
        _prose("abstract", note="30 到 5000 个字", width=60),
        parts.lines(
            *_named("indicators"), note="一行一条，单元格内换行用 Alt+Enter", width=40
        ),
        _prose("applications", width=30),
    )


def _maturity() -> tuple[Part, ...]:
    stages, proofs = parts.words_of(Stage), parts.words_of(ProofKind)
    return (
        Part(
            Field(*_named("trl"), note="例如 7；十三级制的请另填一列「成熟度等级制」"),
            lambda item: item.level,
            parts.optional(lambda cell: cells.level(cell, THIRTEEN)),
            "number",
        ),
        Part(
            Field(*_named("trl_scale"), note="9 或 13，不填按九级制"),
            lambda item: item.trl_scale,
            _scale,
            "number",
        ),
        _choice("trl_proof", proofs, cells.named(proofs)),
        parts.day(*_named("trl_proof_on")),
        _prose("trl_proof_by"),
        _choice("stage", stages, cells.named(stages, OTHER_STAGES)),
    )


def _ownership() -> tuple[Part, ...]:
    ownerships = parts.words_of(Ownership)
    return (
        Part(
            Field(
                *_named("ip"),
                note="一行一种，例如 发明专利（授权）2 件；有号码的一行写 1 件",
                width=30,
            ),
            lambda item: write_rights(item.ip),
            parts.optional(read_rights, list),
        ),
        _choice("ownership", ownerships, cells.named(ownerships, OTHER_OWNERSHIP)),
        Part(
            Field(*_named("owners"), note="共有时一行一方，例如 示例大学 70%"),
            lambda item: write_shares(item.owners),
            parts.optional(read_shares, list),
        ),
        parts.day(*_named("use_until")),
    )


def _terms() -> tuple[Part, ...]:
    modes = {labels.mode_label(mode): mode for mode in ACHIEVEMENT_MODES}
    methods = parts.words_of(ValuationMethod)
    return (
        Part(
            Field(*_named("modes"), note="可写几种，用顿号隔开", width=24),
            lambda item: "、".join(map(labels.mode_label, item.modes)),
            parts.optional(cells.several(cells.named(modes, OTHER_MODES)), list),
        ),
        _prose("terms"),
        parts.money(*_named("price"), note="单位写在列名里：元 或 万元；面议可不填"),
        parts.money(*_named("valuation_low")),
        parts.money(*_named("valuation_high")),
        _choice("valuation_method", methods, cells.named(methods)),
        parts.day(*_named("valuation_on")),
        Part(
            Field(*_named("pilot_wanted"), choices=("是", "否")),
            lambda item: "是" if item.pilot_wanted else "",
            cells.yes_or_no,
        ),
        _prose("pilot_needs"),
    )


def _named(code: str) -> tuple[str, str, tuple[str, ...]]:
    return code, LABELS[code], SYNONYMS.get(code, ())


def _prose(code: str, **more: Any) -> Part:
    return parts.prose(*_named(code), **more)


def _choice(code: str, words: Mapping[str, Any], read: Any, **more: Any) -> Part:
    return parts.choice(*_named(code), words, read, **more)


def _scale(cell: Cell) -> int:
    said = cells.text(cell)
    for word, levels in (("十三", THIRTEEN), ("13", THIRTEEN), ("九", 9), ("9", 9)):
        if word in said:
            return levels
    raise cells.CellError("请填写 9 或 13")


LAYOUT = Layout("科技成果", [part.field for part in build()], ignored=parts.IGNORED)


def as_input(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored row as the form would have it."""
    values = {name: stored[name] for name in COMPARED if stored[name] is not None}
    for name in ("price", "valuation_low", "valuation_high"):
        values[name] = values.pop(f"{name}_fen", None)
    values["trl"] = stored["trl_stated"] or stored["trl"]
    return values


def check(
    values: Mapping[str, Any], *, complete: bool, home: Home, today: date
) -> dict[str, Any]:
    """The values as columns of an achievement; raises `Invalid` by the field."""
    model = AchievementInput if complete else AchievementDraft
    promised = {"promise": True} if complete else {}
    found = columns_of(parse(model, dict(values) | promised, {"today": today}))
    return found | {"modes": list(map(str, values.get("modes") or ()))}


def restorable(values: Mapping[str, Any]) -> None:
    """Refuse to put back as submitted what lacks what the table asks of such."""
    if values.get("status") in (None, "draft", "withdrawn"):
        return
    lacking = [name for name in ("trl", "stage", "ownership") if not values.get(name)]
    if lacking:
        raise Invalid(dict.fromkeys(lacking, "没有填写，请补充"))


SHAPE = Shape(
    record=RecordType.ACHIEVEMENT,
    create="achievement.create",
    prefix="CG",
    owner="organisation_id",
    home="organisation",
    text="abstract",
    layout=LAYOUT,
    labels=LABELS,
    compared=COMPARED,
    editable=EDITABLE,
    parts=build,
    check=check,
    as_input=as_input,
    restorable=restorable,
    unordered=frozenset({"modes"}),
)
