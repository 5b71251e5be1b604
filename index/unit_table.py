"""The units of measure that are read, and what each spelling is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction


def _powers(**exponents: int) -> dict[str, Fraction]:
    return {name: Fraction(power) for name, power in exponents.items()}


Atom = tuple[Mapping[str, Fraction], float]

_FORCE = _powers(mass=1, length=1, time=-2)
_PRESSURE = _powers(mass=1, length=-1, time=-2)
_ENERGY = _powers(mass=1, length=2, time=-2)
_POWER = _powers(mass=1, length=2, time=-3)
_VOLTAGE = _powers(mass=1, length=2, time=-3, current=-1)
_RESISTANCE = _powers(mass=1, length=2, time=-3, current=-2)
_CAPACITANCE = _powers(mass=-1, length=-2, time=4, current=2)
_INDUCTANCE = _powers(mass=1, length=2, time=-2, current=-2)
_FLUX_DENSITY = _powers(mass=1, time=-2, current=-1)
_CHARGE = _powers(current=1, time=1)
_VOLUME = _powers(length=3)
_SPEED_OF_DATA = _powers(data=1, time=-1)

# spelling, dimension, factor, prefixes that are in use with it
_SCALED: tuple[tuple[str, dict[str, Fraction], float, str], ...] = (
    ("m", _powers(length=1), 1, "p n μ m c d k"),
    ("g", _powers(mass=1), 1e-3, "f p n μ m k"),
    ("s", _powers(time=1), 1, "f p n μ m"),
    ("A", _powers(current=1), 1, "p n μ m k"),
    ("V", _VOLTAGE, 1, "n μ m k M"),
    ("W", _POWER, 1, "p n μ m k M G"),
    ("J", _ENERGY, 1, "p n μ m k M G"),
    ("Hz", _powers(time=-1), 1, "m k M G T"),
    ("Pa", _PRESSURE, 1, "μ m h k M G"),
    ("N", _FORCE, 1, "μ m k M"),
    ("L", _VOLUME, 1e-3, "n μ m c d"),
    ("l", _VOLUME, 1e-3, "m"),
    ("Ω", _RESISTANCE, 1, "μ m k M G"),
    ("F", _CAPACITANCE, 1, "f p n μ m"),
    ("S", {name: -power for name, power in _RESISTANCE.items()}, 1, "μ m"),
    ("H", _INDUCTANCE, 1, "p n μ m"),
    ("T", _FLUX_DENSITY, 1, "p n μ m"),
    ("Wh", _ENERGY, 3600, "m k M G T"),
    ("Ah", _CHARGE, 3600, "μ m k"),
    ("mol", _powers(amount=1), 1, "f p n μ m k"),
    ("bar", _PRESSURE, 1e5, "m"),
    ("eV", _powers(electronvolt=1), 1, "m k M"),
    ("Sv", _powers(sievert=1), 1, "μ m"),
    ("Gy", _powers(gray=1), 1, "m k"),
    ("bps", _SPEED_OF_DATA, 1, "k K M G T"),
    ("bit", _powers(data=1), 1, "k K M G T"),
    ("B", _powers(data=1), 8, "k K M G T"),
    ("Oe", _powers(oersted=1), 1, "k M"),
    ("GOe", _powers(gauss_oersted=1), 1e9, ""),
    ("MGOe", _powers(gauss_oersted=1), 1e6, ""),
    ("cd", _powers(candela=1), 1, "m k"),
    ("lx", _powers(lux=1), 1, "k"),
    ("lm", _powers(lumen=1), 1, "k"),
    ("IU", _powers(IU=1), 1, "k"),
    ("EU", _powers(EU=1), 1, "m"),
    ("eq", _powers(equivalent=1), 1, "m μ"),
)
_PREFIXES = {
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "μ": 1e-6,
    "m": 1e-3,
    "c": 1e-2,
    "d": 1e-1,
    "h": 1e2,
    "k": 1e3,
    "K": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_MONTH, _YEAR = _DAY * 365.25 / 12, _DAY * 365.25

# Fixed spellings by dimension: (word, factor) pairs.
_FIXED: tuple[tuple[dict[str, Fraction], dict[str, float]], ...] = (
    (
        _powers(time=1),
        {
            **dict.fromkeys(("秒", "秒钟", "sec"), 1.0),
            **dict.fromkeys(("毫秒",), 1e-3),
            **dict.fromkeys(("微秒",), 1e-6),
            **dict.fromkeys(("min", "分钟", "分", "mins"), _MINUTE),
            **dict.fromkeys(("h", "hr", "小时", "个小时", "工作小时", "工时"), _HOUR),
            **dict.fromkeys(("d", "天", "日", "个工作日", "工作日", "day"), _DAY),
            **dict.fromkeys(("周", "个星期", "星期", "week"), 7 * _DAY),
            **dict.fromkeys(("月", "个月"), _MONTH),
            **dict.fromkeys(("季", "季度", "个季度"), 3 * _MONTH),
            **dict.fromkeys(("年", "a"), _YEAR),
        },
    ),
    (
        _powers(length=1),
        {
            **dict.fromkeys(("米", "公尺"), 1.0),
            **dict.fromkeys(("公里", "千米"), 1e3),
            "分米": 1e-1,
            "厘米": 1e-2,
            "毫米": 1e-3,
            **dict.fromkeys(("微米", "um"), 1e-6),
            "纳米": 1e-9,
            "Å": 1e-10,
            **dict.fromkeys(("英寸", "寸", "in"), 0.0254),
        },
    ),
    (
        _powers(mass=1),
        {
            **dict.fromkeys(("公斤", "千克", "Kg", "KG"), 1.0),
            "克": 1e-3,
            "毫克": 1e-6,
            "微克": 1e-9,
            "斤": 0.5,
            **dict.fromkeys(("t", "吨"), 1e3),
        },
    ),
    (_powers(length=2), {"㎡": 1.0, "平方米": 1.0, "平米": 1.0, "平方公里": 1e6}),
    (_powers(area_of_land=1), {"亩": 1.0, "公顷": 15.0, "ha": 15.0}),
    (
        _VOLUME,
        {"立方米": 1.0, "方": 1.0, "m³": 1.0, "升": 1e-3, "毫升": 1e-6, "cc": 1e-6},
    ),
    (_powers(standard_volume=1), {"Nm³": 1.0, "Nm3": 1.0, "标方": 1.0, "NL": 1e-3}),
    (_powers(temperature=1), {"℃": 1.0, "°C": 1.0, "摄氏度": 1.0, "K": 1.0}),
    (_powers(money=1), {"元": 1.0, "人民币": 1.0, "块钱": 1.0}),
    (_PRESSURE, {"Mpa": 1e6, "KPa": 1e3, "Kpa": 1e3, "Gpa": 1e9, "兆帕": 1e6}),
    (_PRESSURE, {"帕": 1.0, "千帕": 1e3, "atm": 101325.0}),
    (_powers(water_column=1), {"cmH₂O": 1.0, "cmH2O": 1.0}),
    (_powers(mercury_column=1), {"mmHg": 1.0}),
    (_POWER, {"瓦": 1.0, "千瓦": 1e3, "兆瓦": 1e6, "KW": 1e3, "kw": 1e3}),
    (_ENERGY, {"KWh": 3.6e6, "kwh": 3.6e6, "千瓦时": 3.6e6, "度电": 3.6e6}),
    (_VOLTAGE, {"伏": 1.0, "千伏": 1e3, "毫伏": 1e-3, "KV": 1e3}),
    (_powers(current=1), {"安": 1.0, "毫安": 1e-3}),
    (_RESISTANCE, {"欧姆": 1.0, "欧": 1.0, "兆欧": 1e6}),
    (_powers(time=-1), {"赫兹": 1.0, "赫": 1.0, "HZ": 1.0, "hz": 1.0, "s⁻¹": 1.0}),
    (_powers(ratio=1), {"%": 1e-2, "‰": 1e-3, "‱": 1e-4}),
    (_powers(ratio=1), {"ppm": 1e-6, "ppb": 1e-9, "ppt": 1e-12, "wt%": 1e-2}),
    (_powers(volume_ratio=1), {"vol%": 1e-2}),
    (_powers(points=1), {"个百分点": 1.0, "百分点": 1.0}),
    (_powers(times=1), {"倍": 1.0}),
    (_powers(angle=1), {"°": 1.0, "′": 1 / 60, "″": 1 / 3600, "角秒": 1 / 3600}),
    (_powers(angle=1), {"rad": 57.29577951308232, "mrad": 0.05729577951308232}),
    (_powers(revolution=1), {"r": 1.0, "转": 1.0}),
    (_powers(rotation=1, time=-1), {"rpm": 1 / _MINUTE, "RPM": 1 / _MINUTE}),
    (_powers(frame=1), {"帧": 1.0}),
    (_powers(frame=1, time=-1), {"fps": 1.0, "FPS": 1.0}),
)

# Each is its own dimension: levels, scales, shares of something, and things counted.
_OWN = (
    "dB dB(A) dBA dBc dBm dBsm dBZ %FS %IACS %RH HRC HRA HV HB HRB HU NTU CFU TU "
    "MHU pH log mAU U PFU copies TEQ I-TEQ lux ppd lx·h Brix °Brix MOS GHS 次 起 "
    "处 条 件 台 套 种 类 个 层 环 轮 炉 炉次 只 颗 粒 支 张 包 批 批次 站 像素 "
    "路 人 例 单 步 级 阶 盘 片 页 项 点 组 字 词 羽 头 株 位 跳 号 道 队 门 词元 "
    "齿 工序 箱 幅 核 块 份 釜 户 枚 P C 例次 循环 工单 孔 栋 舱 胎 车 辆 艘 架 "
    "架次 节 根 束 族 倍频程 道次 样 标段 目标 用户 台班 班 万向 相 线 厂 队列 机 "
    "剂 针 图斑 房次 转向架 只次 人次 人日 家 测点 阶次 通道 语种 平台 场景 帖 卡 "
    "幢 座 层级 模组 簇 柜 盏 圈 列 "
)


def _spellings() -> Iterator[tuple[str, Atom]]:
    for word in _OWN.split():
        yield word, ({word: Fraction(1)}, 1.0)
    for symbol, powers, factor, prefixes in _SCALED:
        yield symbol, (powers, factor)
        for prefix in prefixes.split():
            yield prefix + symbol, (powers, factor * _PREFIXES[prefix])
    for powers, words in _FIXED:
        for word, factor in words.items():
            yield word, (powers, factor)


# A lone l or S is nearly always part of a name, not litre or siemens.
ATOMS: dict[str, Atom] = {
    word: atom for word, atom in _spellings() if word not in ("l", "S")
}
LONGEST = max(map(len, ATOMS))

# A counting word that goes on is another word: 38路口, 4040元件, 99分位, 3方案.
_LONGER_WORDS = (
    "路:口段线 元:件素胞组器 分:位子类布级支层 线:程性 环:境节保 级:联配 相:位似 "
    "位:数置于 字:符段节 机:构位器型组 升:至到高温压级 方:案法面向式位程 "
    "人:工机体员 站:点台 点:云位 步:骤进 项:目 门:店 节:点拍省能约 克:服隆 "
    "日:期均 道:路 号:码 束:流 根:据 单:元位 厂:家区 组:分件织合 样:本品 "
    "天:线然气 年:度 米:粉波 层:级状 安:全装 欧:洲 秒:级 套:用 批:间量 个:性 "
    "户:外 头:部显 簇:间 队:列 列:车 块:体 片:上 柜:内 条:件纹 台:阶架 种:子植 "
    "词:汇 "
)
GOES_ON = dict(entry.split(":") for entry in _LONGER_WORDS.split())
