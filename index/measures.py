"""What a quantity measures, read from the words around it, and whether two agree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from index.numerals import plain

# One line a measured thing, its names after the first; none may be taken for another
# line's. A hit rate and an accuracy are two things, a detection rate and a recall one.
_SAME = """
检出率 检出成功率 检出概率 识别概率 检测率 召回率 查全率 查全 召回 检出
识别率 识别准确率 识别正确率 分类准确率 判别率 辨识率 判断正确率 判对率 区分正确率
准确率 正确率
一致率 符合率 吻合率 一致
查准率 精确率 查准 阳性预测值 ppv
漏检率 漏报率 漏检 漏报 遗漏
误报 误报率 虚警率 虚警 误警 假报率 假报警 虚报 假报
误检率 过杀率 误检 过杀 误剔率 误剔
误判率 误判 误拒
误触发 误动作 误停 误制动
灵敏度 敏感度
特异度 特异性
auc auroc
成功率
通过率
合格率 良率 良品率 成品率
回收率 收率 得率 产率 收得率 回收利用率
浸出率 浸取率
去除率 脱除率 净化率
捕集率 捕集效率 采集率
保持率 保留率 残留率 保持 保留
存活率 活率
寿命 耐久 服役
时间 耗时 用时 时长 历时 节拍 计算时间 总测时
周期 间隔
延迟 时延 滞后
响应 响应时间 反应时间
提前量 提前预警时间 提前预警 预警提前量 预警提前 提前
误差 偏差 精度 不确定度 残差
公差
成本 价格 单价 费用 造价 开支 花费 售价 bom 材料费 施工费 物料成本 硬件成本
投资 初投资
能耗 电耗 耗电 耗能 用能 功率消耗 热耗
单耗 酸耗 用量
功耗
质量 重量 自重
抗拉强度 拉伸强度 抗拉
屈服强度 屈服
抗弯强度 弯曲强度 抗折强度
剪切强度 抗剪强度 抗剪 剪切
抗压强度 压缩强度 抗压
结合强度 附着强度 附着力 粘结强度
疲劳强度 疲劳极限
应力
伸长率 延伸率 断后伸长 断后伸长率
粗糙度 ra
转化率
纯度
温升
温差
衰减 衰减率 附加衰减 附加损失
损失
损耗 插损
漂移 偏移
波动 脉动
分辨率
检测下限 检出限 检测限 检出下限
定量下限
更新率 更新频率 输出频率 数据率
丢包率
占用 占用率
字错率 字错误率 cer wer
导热系数 导热
槽压
相关系数
续航
载量 负载量
膨胀率 膨胀
孔隙率 空洞率 宏观孔隙
包封率
含量 总量
掉粉率
幅宽
工时
次数
密度
"""

# Members of a line exclude each other: the upper limit is not the lower one.
_EXCLUSIVE = """
上限 下限
正极 负极 阳极 阴极
充电 放电
横向 纵向 垂向 垂直 航向 水平 高程 方位 平面 径向 轴向 测向
入口 出口 进口 进水 出水 进炉 进气 排口
开通 关断
铁磁 非铁磁
首次 末期
夜间 白天
最大 最小
静态 动态
室内 室外
单台 整仓
玻纤 碳纤维
正向 反向
发送 接收
高温 低温 常温
母本 父本
断后 均匀
本底 信号
开路 短路
平均 最大 峰值 均方根
在线 离线
厚度 长度 宽度 高度 深度 直径
"""

_ELEMENTS = (
    "锂铁铜铝锰锌钠钾铅镉砷氯氟氮硫磷硅银金铂钯铑锑钒铬镍钴钨铟铱铷铯汞钼氢氧碳氨铈镁钙"
)
_NOT_ELEMENTS = re.compile("金属|资金|现金|金花|硅基|钢铁|铁锂|碳纤维|氧中氢|合金|金葡")

# Words that name nothing: how often, how, or of what kind of number.
_IDLE = re.compile(
    "平均|均值|综合|实测|总体|整体|测量|检测|估计|预测|估算|单次|一次|典型|累计|连续|在线|整机"
    "|系统|现有|目标|指标|水平|可|达|的|与|及|和|或|内|下|后|时|处|总|各|等|能够|进行|需|所需|提示|给出|生效|发现|告警|报警"
)
_BASELINE = re.compile(
    r"较[\u4e00-\u9fffA-Za-z]{1,10}$|相?比(?:现|原|传统|基线|常规)[\u4e00-\u9fff]{0,6}$|^较"
)
_EACH = re.compile(
    r"(?:单|每)(?!位|独|一|晶|体)(?:百|千|万)?(公里|班次|模组|[\u4e00-\u9fff])|(日|月|年)(?=均)"
    r"|(?<![\u4e00-\u9fff])?([吨亩])(?=[\u4e00-\u9fff]{0,10}(?:成本|费|投入|耗|投工|渣))"
)
_RATE = re.compile(r"[\u4e00-\u9fff]{2}率|[\u4e00-\u9fff]度(?!降|升|上|下)")
_LATIN = re.compile(r"[A-Za-zα-ωΔ][A-Za-zα-ωΔ0-9'/.]*")


def _lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


_NAMES = {name: line[0] for line in _lines(_SAME) for name in line}
_NAMED = re.compile("|".join(sorted(map(re.escape, _NAMES), key=len, reverse=True)))
_SETS = [
    re.compile("|".join(sorted(line, key=len, reverse=True)))
    for line in _lines(_EXCLUSIVE)
]


@dataclass(frozen=True)
class Subject:
    """The words for one quantity, taken apart.

    ``measures``: what is measured, by its first name. ``things``: the characters in
    pairs that say of what. ``each``: of how many (单件, 每亩). ``marks``: Latin words,
    elements and members of an exclusive set.
    """

    measures: frozenset[str]
    things: frozenset[str]
    letters: frozenset[str]
    each: frozenset[str]
    latin: frozenset[str]
    elements: frozenset[str]
    sides: tuple[frozenset[str], ...]


@lru_cache(maxsize=8192)
def subject(words: str) -> Subject:
    """Take the words for a quantity apart."""
    text = plain(words).lower()
    text = _BASELINE.sub("", text)
    sides = tuple(frozenset(one.findall(text)) for one in _SETS)
    elements = frozenset(_NOT_ELEMENTS.sub("", text)) & frozenset(_ELEMENTS)
    each = frozenset("".join(groups) for groups in _EACH.findall(text))
    measures = {_NAMES[name] for name in _NAMED.findall(text)}
    last = max((match.start() for match in _NAMED.finditer(text)), default=-1)
    rest = _NAMED.sub(lambda match: " " * len(match[0]), text)
    # 硬度 is what 硬度≥60 measures, and a thing in 硬度保持率.
    rates = [match for match in _RATE.finditer(rest) if match.start() > last]
    measures |= {match[0] for match in rates}
    for match in rates:
        rest = rest[: match.start()] + " " * len(match[0]) + rest[match.end() :]
    latin = frozenset(_LATIN.findall(rest))
    rest = _IDLE.sub(" ", _EACH.sub(" ", rest))
    runs = re.findall(r"[\u4e00-\u9fff]+", rest)
    pairs = {run[at : at + 2] for run in runs for at in range(len(run) - 1)}
    pairs |= {run for run in runs if len(run) == 1}
    return Subject(
        frozenset(measures),
        frozenset(pairs),
        frozenset("".join(runs)),
        each,
        latin,
        elements,
        sides,
    )


def conflict(left: Subject, right: Subject, counted: bool) -> bool:
    """Whether what is asked (left) and claimed (right) cannot be one thing.

    ``counted`` asks for the same basis on both sides: a price per piece and a price
    are two things. A time asked per piece may be claimed without saying so, but a
    time claimed per page is not the time of the whole manual.
    """
    if left.measures and right.measures and not left.measures & right.measures:
        return True
    if left.latin and right.latin and not left.latin & right.latin:
        return True
    if left.elements != right.elements and not left.elements & right.elements:
        return True
    if left.each != right.each and (counted or left.each or right.each - {"次"}):
        return not (left.each and not right.each and not counted)
    sides = zip(left.sides, right.sides, strict=True)
    return any(a and b and not a & b for a, b in sides)


def agreement(left: Subject, right: Subject) -> float:
    """How surely the two name the same thing, from 0 to 1.

    0.6 and more stands on words alone; 0.3 and more wants further evidence, and
    0.5 is a measure named alike on both sides with no word of what it is of.
    """
    shared = bool(left.measures & right.measures) or bool(left.latin & right.latin)
    missing = bool(left.measures) != bool(right.measures)
    if not left.things and not right.things:
        return 0.5 if shared and left.measures == right.measures else 0.0
    if not left.things or not right.things:
        return 0.4 if shared else 0.0
    pairs = _share(left.things, right.things)
    if shared:
        # Each side having something of its own may be two things: 批间信号漂移 and
        # 换珠信号偏移. A little overlap is then no sign.
        apart = bool(left.things - right.things) and bool(right.things - left.things)
        return 0.0 if apart and pairs < 0.4 else 0.3 + 0.7 * pairs
    return max(0.0, pairs - 0.2 * missing) * 0.9


def bare(one: Subject) -> bool:
    """Whether a measure is named without what it is of: 准确率, 时延."""
    return not (one.things or one.latin or one.elements)


_LIST = re.compile(r"[、/]")


def left_out(asked: str, claimed: str) -> bool:
    """Whether the words asked list several things and the claim names but some.

    铷、铯回收率 is not answered by the one of the two.
    """
    parts = _LIST.split(plain(asked))
    if len(parts) < 2:
        return False
    named = subject(claimed)
    whole = [subject(part) for part in parts]
    told = [
        bool(part.things & named.things)
        or bool(part.elements and part.elements <= named.elements)
        for part in whole
        if part.things or part.elements
    ]
    return any(told) and not all(told)


def _share(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / min(len(left), len(right))
