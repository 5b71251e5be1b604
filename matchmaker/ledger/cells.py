"""What a cell of the ledger says, beside what any table's says (`sheets.cells`)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from models.regions import ABROAD, CITY, DISTRICT_CODES, PROVINCES
from models.states import ContractState, ContractType, PartyKind, PaymentManner

from ..labels import label
from ..sheets.cells import EXACT, CellError, chooser, text
from ..sheets.reader import Cell

_NUMBER = re.compile(r"[0-9A-Z\u4e00-\u9fff()\[\]〔〕【】/._\-—]{4,40}")
_EXPONENT = re.compile(r"\d+(?:\.\d+)?E\+\d+")


def registration_number(cell: Cell) -> str:
    """The number of the register, in one spelling: no blanks, half width, capitals."""
    if isinstance(cell, int | float) and abs(cell) >= EXACT:
        raise CellError(
            "编号被当作数字保存，15 位以后已经失真。请把该列改为文本格式后重新填写"
        )
    words = unicodedata.normalize("NFKC", text(cell, 200)).upper()
    words = re.sub(r"\s+", "", words)
    if _EXPONENT.fullmatch(words):
        raise CellError(
            "编号成了科学计数法，原来的数字已经丢失。请把该列改为文本格式后重新填写"
        )
    if not _NUMBER.fullmatch(words):
        raise CellError("编号应为 4 至 40 个数字、字母或汉字，请核对")
    return words


_TYPE_PARTS = (
    ("开发", (ContractType.DEVELOPMENT, None)),
    ("转让", (ContractType.TRANSFER, None)),
    ("许可", (ContractType.LICENCE, None)),
    ("咨询", (ContractType.CONSULTING, None)),
    ("培训", (ContractType.SERVICE, "service_training")),
    ("中介", (ContractType.SERVICE, "service_intermediary")),
    ("服务", (ContractType.SERVICE, None)),
)


# «技术开发（委托）» without its brackets.
_DEVELOPMENTS = (
    ("委托开发", "development_commissioned"),
    ("开发委托", "development_commissioned"),
    ("合作开发", "development_joint"),
    ("开发合作", "development_joint"),
)


def contract_type(subtypes: Mapping[str, str]) -> Callable[[Cell], Any]:
    """A reader of «技术开发», «委托开发» …: (type, subtype or None).

    ``subtypes`` maps the words of the dictionary to its codes, which begin with the
    type they belong to.
    """
    words: dict[str, Any] = {label(each): (each, None) for each in ContractType}
    for said, code in subtypes.items():
        prefix = code.partition("_")[0]
        if prefix in set(ContractType):
            words.setdefault(said, (ContractType(prefix), code))
    known = set(subtypes.values())
    written = [
        (part, (ContractType.DEVELOPMENT, code))
        for part, code in _DEVELOPMENTS
        if code in known
    ]
    return chooser(words, contained=[*written, *_TYPE_PARTS])


_KIND_PARTS = (
    ("境外", PartyKind.FOREIGN),
    ("国外", PartyKind.FOREIGN),
    ("外国", PartyKind.FOREIGN),
    ("企业", PartyKind.ENTERPRISE),
    ("公司", PartyKind.ENTERPRISE),
    ("高等", PartyKind.UNIVERSITY),
    ("高校", PartyKind.UNIVERSITY),
    ("大学", PartyKind.UNIVERSITY),
    ("学院", PartyKind.UNIVERSITY),
    ("科研", PartyKind.INSTITUTE),
    ("研究", PartyKind.INSTITUTE),
    ("医疗", PartyKind.HOSPITAL),
    ("医院", PartyKind.HOSPITAL),
    ("卫生", PartyKind.HOSPITAL),
    ("机关", PartyKind.GOVERNMENT),
    ("政府", PartyKind.GOVERNMENT),
    ("自然人", PartyKind.PERSON),
    ("个人", PartyKind.PERSON),
    ("事业", PartyKind.OTHER),
    ("团体", PartyKind.OTHER),
    ("其他", PartyKind.OTHER),
)
party_kind = chooser({label(each): each for each in PartyKind}, contained=_KIND_PARTS)

payment_manner = chooser(
    {label(each): each for each in PaymentManner},
    contained=(
        ("入门费", PaymentManner.ENTRY_ROYALTY),
        ("先用后付", PaymentManner.PAY_AFTER_USE),
        ("先投后股", PaymentManner.INVEST_THEN_SHARE),
        ("提成", PaymentManner.ROYALTY),
        ("分期", PaymentManner.INSTALMENTS),
        ("一次", PaymentManner.LUMP_SUM),
    ),
)

# «待认定», «认定未通过», «提交登记» have the word and are not recognised.
_NOT_YET = re.compile("不|未|待|拟|退|补正|申请|提交|审核中|(?:认定|登记)中")
_status = chooser(
    {"认定": ContractState.RECOGNISED, "注销": ContractState.CANCELLED},
    contained=(
        ("注销", ContractState.CANCELLED),
        ("撤销", ContractState.CANCELLED),
        ("认定", ContractState.RECOGNISED),
        ("登记", ContractState.RECOGNISED),
        ("变更", ContractState.RECOGNISED),
        ("通过", ContractState.RECOGNISED),
    ),
)


def status(cell: Cell) -> ContractState:
    """«认定» or «注销»; what is not recognised yet is no entry of a ledger."""
    said = text(cell)
    if _NOT_YET.search(said):
        raise CellError(f"「{said[:30]}」还不是认定，台账只收已认定和已注销的合同")
    found: ContractState = _status(cell)
    return found


# -- Regions -----------------------------------------------------------------------

_PLACE = re.compile(r"^(?:中国)?(?:湖南省?)?(?:长沙市?)?")
_SHORT = re.compile(r"(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)$")
_DISTRICTS = {name: code for code, name in DISTRICT_CODES.items()}
_PROVINCES = {_SHORT.sub("", name): code for code, name in PROVINCES.items()}
_regions: dict[Cell, str] = {}


def region(cell: Cell) -> str:
    """A six-digit administrative code: as such, or of a district or a province."""
    if cell not in _regions:
        if len(_regions) > 10_000:
            _regions.clear()
        _regions[cell] = _region(text(cell))
    return _regions[cell]


def _region(said: str) -> str:
    words = re.sub(r"\s+", "", unicodedata.normalize("NFKC", said))
    code = re.match(r"\d{6}(?=\D|$|\d{6}$)", words)
    if code is not None:
        if code[0] != ABROAD and code[0][:2] not in PROVINCES:
            raise CellError(f"没有行政区划代码 {code[0]}，请核对")
        return code[0]
    rest = _PLACE.sub("", words)
    for name, number in _DISTRICTS.items():
        if rest.startswith(name):
            return number
    if "长沙" in words or words.startswith("湘江新区"):
        return f"{CITY}00"
    for name, number in _PROVINCES.items():
        if words.removeprefix("中国").startswith(name):
            return f"{number}0000"
    if any(each in words for each in ("境外", "国外", "外国")):
        return ABROAD
    raise CellError(
        f"看不懂地区「{said[:30]}」。请填六位行政区划代码、长沙的区县名或省名"
    )
