"""What a cell of the ledger says: one reader for each kind of column.

Each takes the cell and gives the value as the table stores it, or raises `CellError`
with what is wrong and what to do. An empty cell is None and reaches none of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from openpyxl.utils.datetime import from_excel
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from models.regions import ABROAD, CITY, DISTRICT_CODES, PROVINCES
from models.states import ContractState, ContractType, PartyKind, PaymentManner

from .. import money
from ..contracts.inputs import EARLIEST, LATEST
from ..labels import label
from ..money import MoneyError, Unit
from ..schema import CONTROL
from ..sheets.reader import UNCOMPUTED, Cell

EXCEL_ERRORS = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!"}
)
# A serial number of a day, as a sheet without a date format shows it: 1985 to 2100.
SERIALS = range(31_048, 73_416)
EXACT = 10**15


class CellError(ValueError):
    """What is wrong with a cell and what to do about it."""


def text(cell: Cell, longest: int = 200) -> str:
    """The words of a cell; a number as one writes it."""
    refuse_unreadable(cell)
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        cell = int(cell)
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    words = unicodedata.normalize("NFC", str(cell)).strip()
    if CONTROL.search(words):
        raise CellError("含有无法识别的控制字符，请删除后重试")
    if len(words) > longest:
        raise CellError(f"最多 {longest} 个字，请精简")
    return words


def refuse_unreadable(cell: Cell) -> None:
    """A formula nobody computed, or one that came to an error."""
    if cell is UNCOMPUTED:
        raise CellError(
            "公式没有计算结果。请用 Excel 打开并保存一次，或复制后「选择性粘贴」为数值"
        )
    if isinstance(cell, str) and cell in EXCEL_ERRORS:
        raise CellError(f"单元格是 Excel 错误值 {cell}，请改正公式或改填数值")


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


def amount(cell: Cell, unit: Unit) -> int:
    """Fen; a number is in the unit of its column, words may name their own."""
    refuse_unreadable(cell)
    if isinstance(cell, bool | date | datetime):
        raise CellError("请填写金额，例如 120 或 1,200.5")
    try:
        if isinstance(cell, int | float):
            return money.from_number(cell, unit)
        return money.parse(str(cell), unit).fen
    except MoneyError as error:
        raise CellError(str(error)) from error


_DAY = re.compile(
    r"(\d{4})\s*(?:[-/.]|年)\s*(\d{1,2})\s*(?:[-/.]|月)\s*(\d{1,2})\s*日?"
    r"(?:[T\s]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")


def day(cell: Cell) -> date:
    """A day, from a date cell, a serial number or words."""
    refuse_unreadable(cell)
    found = _day(cell)
    if found is None:
        raise CellError("看不懂这个日期，请写成例如 2026-03-01")
    if not EARLIEST <= found <= LATEST:
        raise CellError(f"日期 {found} 不合理，请核对年份")
    return found


def _day(cell: Cell) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        if int(cell) in SERIALS:
            return _serial(cell)
        cell = f"{cell:.0f}"
    words = unicodedata.normalize("NFKC", str(cell)).strip()
    if words.isdecimal() and int(words) in SERIALS:
        return _serial(int(words))
    match = _DAY.fullmatch(words) or _COMPACT.fullmatch(words)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise CellError("没有这一天，请核对月份和日期") from error


def _serial(number: int | float) -> date | None:
    moment = from_excel(int(number))
    return moment.date() if isinstance(moment, datetime) else None


def credit_code(cell: Cell) -> str:
    """统一社会信用代码 with its check character."""
    if isinstance(cell, int | float) and abs(cell) >= EXACT:
        raise CellError(
            "信用代码被当作数字保存，末位已经失真。请把该列改为文本格式后重填"
        )
    words = re.sub(r"[\s\-]+", "", unicodedata.normalize("NFKC", text(cell))).upper()
    try:
        return str(uscc.validate(words))
    except ValidationError as error:
        raise CellError(
            "不是有效的 18 位统一社会信用代码，请核对；没有可不填"
        ) from error


# -- Words that stand for a code --------------------------------------------------

_PUNCTUATION = re.compile(r"[\s、，,。.;；:：/\\()（）\-—_·与和及]+")


def plain(words: str) -> str:
    """Words without what one writes between them, to compare by."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", words)).casefold()


def chooser(
    words: Mapping[str, Any], *, contained: Iterable[tuple[str, Any]] = ()
) -> Callable[[Cell], Any]:
    """A reader of words of a fixed list: whole, by a part, or from the beginning.

    ``contained`` are the parts, in the order they are tried; «电子信息—软件» begins
    with «电子信息».
    """
    known = {plain(each): value for each, value in words.items()}
    longest = sorted(known, key=lambda each: -len(each))
    parts = list(contained)
    cache: dict[Cell, Any] = {}

    def choose(cell: Cell) -> Any:
        if cell in cache:
            return cache[cell]
        said = text(cell)
        key = plain(said).removesuffix("技术")
        value = known.get(plain(said), known.get(key))
        if value is None:
            value = next(
                (known[each] for each in longest if key.startswith(each)), None
            )
        if value is None:
            value = next((kind for part, kind in parts if part in said), None)
        if value is None:
            raise CellError(f"「{said[:30]}」不在可选范围内，可填：{'、'.join(words)}")
        cache[cell] = value
        return value

    return choose


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

yes_or_no = chooser(
    {"是": True, "否": False, "有": True, "无": False, "Y": True, "N": False}
)

status = chooser(
    {"认定": ContractState.RECOGNISED, "注销": ContractState.CANCELLED},
    contained=(
        ("不予", None),
        ("未", None),
        ("注销", ContractState.CANCELLED),
        ("撤销", ContractState.CANCELLED),
        ("认定", ContractState.RECOGNISED),
        ("登记", ContractState.RECOGNISED),
        ("变更", ContractState.RECOGNISED),
        ("通过", ContractState.RECOGNISED),
    ),
)


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
