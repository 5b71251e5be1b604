"""Names of firms, people and products in a Chinese text.

There is no list of them. A name is told by what stands around it: the word that
ends the name of a firm, a surname before a title, a mark around a product. Where in
doubt the word goes: a draft that hides too much is mended by its author, one that
hides too little is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import jieba
import jieba.posseg

from index.text import simplify

from .spans import ORGANISATION, PERSON, PRODUCT, Span
from .words import AMBIGUOUS, BRANDS, CLEAR, GENERIC, REGIONS, STOPS, SURNAMES

_HAN = "\u4e00-\u9fff"
# The word that ends the name of an organisation, and what stands in its place.
_STRONG = (
    "股份有限公司|有限责任公司|集团有限公司|有限公司|有限合伙|集团公司|股份公司|总公司|"
    "分公司|合作社|事务所|研究总院|研究院|设计院|科学院|研究所|大学|银行"
)
_WEAK = (
    "公司|集团|股份|控股|实业|重工|重科|科技|药业|制药|钢铁|学院|学校|医院|卫生院|工厂|"
    "总厂|分厂|电厂|水厂|钢厂|药厂|酒厂|纸厂|铸造厂|机械厂|装备厂|厂|农场|林场|牧场|矿业|煤矿|"
    "铁矿|铜矿|锰矿|矿山|实验室|中心|基地|管理局|供电局|水务局|研究中心|工程中心|航空|铁路局"
)
_ENDINGS = re.compile(f"(?:{_STRONG})|(?:{_WEAK})")
_IS_STRONG = re.compile(_STRONG)
_INSTEAD = (
    (re.compile("大学|学院|学校"), "某高校"),
    (re.compile("研究|设计院|科学院|实验室|工程中心"), "某科研机构"),
    (re.compile("医院|卫生院"), "某医疗机构"),
    (re.compile("银行"), "某金融机构"),
    (re.compile("局|中心"), "某单位"),
    (re.compile("合作社|农场|林场|牧场"), "某经营主体"),
)
_NAME_CHARS = re.compile(rf"[{_HAN}A-Za-z\d()·&-]")
_LONGEST_NAME = 24
_LATIN = re.compile(
    r"\b[A-Z][\w&.-]*(?:\s[A-Z&][\w&.-]*){0,5}[,\s]\s?(?:Co\.?,?\s?Ltd|Ltd|Inc|GmbH|Corp|Corporation|"
    r"LLC|PLC|AG|KG|SE|SA|BV|University|Institute)\b\.?"
)
_BRAND = re.compile(
    "|".join(
        (
            rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])"
            if name.isascii()
            else name + "(?!量)"
        )
        for name in sorted(BRANDS, key=len, reverse=True)
    ),
    re.IGNORECASE,
)


@lru_cache(256)
def _tokens(text: str) -> tuple[tuple[str, str, int], ...]:
    """Words with their kind and where each begins."""
    found, at = [], 0
    for pair in jieba.posseg.cut(text):
        found.append((pair.word, pair.flag, at))
        at += len(pair.word)
    return tuple(found)


def _known(word: str) -> bool:
    """Whether the dictionary has the word (a brand it does not)."""
    return bool(jieba.dt.FREQ.get(word))


def organisations(text: str, known: Iterable[str] = ()) -> Iterator[Span]:
    """Firms, universities, institutes; in full, and by what they are called for short.

    Of ``known`` ones too, where the short name is no word of the dictionary.
    """
    jieba.initialize()
    names: list[str] = []
    for mark in _ENDINGS.finditer(text):
        start = _name_start(text, mark.start())
        name = text[start : mark.end()]
        strong = _IS_STRONG.fullmatch(mark[0]) is not None
        if not _is_name(name[: mark.start() - start], strong):
            continue
        names.append(name)
        yield Span(start, _with_note(text, mark.end()), ORGANISATION, _instead(name))
    for mark in _LATIN.finditer(text):
        yield Span(mark.start(), mark.end(), ORGANISATION, "某企业")
    for mark in _BRAND.finditer(text):
        yield Span(mark.start(), mark.end(), ORGANISATION, "某企业")
    heard = {short for name in names for short in shorts(name)}
    heard |= {s for name in known for s in shorts(name) if s in text and not _known(s)}
    for short in heard:
        for mark in re.finditer(re.escape(short), text):
            yield Span(mark.start(), mark.end(), ORGANISATION, "某企业")


def _name_start(text: str, end: int) -> int:
    """Where the name begins whose ending stands at ``end``: back to other words."""
    floor = end
    while floor > max(0, end - _LONGEST_NAME) and _NAME_CHARS.match(text[floor - 1]):
        floor -= 1
    start = end
    for word, flag, at in reversed(_tokens(text[floor:end])):
        if word in STOPS or flag in ("p", "c", "uj", "ul", "r", "d", "y", "uz", "m"):
            break
        if flag == "v" and len(word) == 1:
            break
        start = floor + at
    return start


def _is_name(before: str, strong: bool) -> bool:
    """Whether these words before «公司» or «厂» make a name of it, not a kind."""
    before = before.strip("()·&-")
    if not before or before in GENERIC:
        return False
    words = [word for word, _, _ in _tokens(before)]
    if all(word in GENERIC for word in words):
        return False
    if strong:
        return True
    if any(word in REGIONS for word in words):
        return True
    rare = [word for word in words if not _known(word) or len(word) == 1]
    return any(len(word) > 1 for word in rare) or len(rare) > 1


def _with_note(text: str, end: int) -> int:
    """«(示例)», «(集团)», «(以下简称…)» belong to the name."""
    note = re.match(
        r"\((?:示例|集团|中国|长沙|湖南|以下简称[^()]{1,12}|简称[^()]{1,12})\)",
        text[end:],
    )
    return end + note.end() if note else end


def _instead(name: str) -> str:
    for ending, words in _INSTEAD:
        if ending.search(name[-6:]):
            return words
    return "某企业"


_LEGAL = re.compile(
    r"(?:股份|集团)?(?:有限责任公司|有限公司|公司)$|集团$|股份$|\(.*?\)|（.*?）"
)


def shorts(name: str) -> set[str]:
    """What an organisation is called for short: without its form, and by its brand.

    Of 湖南岑岳混凝土机械有限公司: 岑岳混凝土机械, 岑岳.
    """
    name = re.sub(r"[(（]示例[)）]", "", name).strip()
    bare = _LEGAL.sub("", name)
    bare = re.sub("[(（].*?[)）]", "", bare)
    found = {name, bare}
    while region := next((one for one in REGIONS if bare.startswith(one)), ""):
        bare = bare.removeprefix(region).lstrip("省市区县")
        found.add(bare)
    words = [word for word, _, _ in _tokens(bare)]
    brand = ""
    for word in words:
        if word in GENERIC or (_known(word) and len(word) > 1 and brand):
            break
        brand += word
        if len(brand) > 1:
            break
    found.add(brand if 1 < len(brand) <= 4 else bare[:2])
    return {one for one in found if len(one) > 1 and one not in GENERIC | REGIONS}


def own_names(organisation: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the text names the organisation itself, in whatever script or width."""
    folded, places = _folded(text)
    for name in shorts(organisation) if organisation else ():
        bare = _folded(name)[0]
        if len(bare) > 1:
            for mark in re.finditer(re.escape(bare), folded):
                yield places[mark.start()], places[mark.end() - 1] + 1


def _folded(text: str) -> tuple[str, list[int]]:
    """What is read aloud, and where each sign of it stands in the text."""
    folded, places = [], []
    for at, char in enumerate(text):
        for sign in simplify(unicodedata.normalize("NFKC", char)).casefold():
            if sign.isalnum():
                folded.append(sign)
                places.append(at)
    return "".join(folded), places


# -- People --------------------------------------------------------------------

_SURNAME = "|".join(sorted(SURNAMES, key=len, reverse=True))
_CLEAR = "|".join(sorted(CLEAR, key=len, reverse=True))
_TITLE = (
    "总工程师|总经理|副总经理|副总裁|董事长|总裁|总监|总工|副总|高级工程师|高工|工程师|经理|主任|"
    "副主任|教授|副教授|博士|研究员|院士|厂长|副厂长|部长|科长|处长|局长|所长|院长|校长|队长|班长|组长|书记|"
    "秘书|会计|老师|师傅|先生|女士|小姐|同志|医生|大夫|专员|技术员|老板|[总工](?=[^\u4e00-\u9fff]|$|[的在来和与到带等那把去给跟也已都还没又曾想不]|"
    "负责|带队|牵头|主持|提出|反映|认为|介绍|联系|说|讲|建议|发现|对接|签|电话|手机|办公)"
)
_LABEL = (
    "联系人|联络人|负责人|对接人|经办人|发明人|完成人|法定代表人|法人代表|法人|项目经理|总工程师|"
    "技术总监|总经理|董事长|厂长|首席科学家|首席专家|带头人|项目主管|姓名|导师|作者|"
    "经理|主任|教授|博士|工程师|院士|研究员|同事|客户代表|专家|师傅|老师(?!傅)|"
    "试验员|操作员|质检员|检验员|技术员|采购员|业务员|销售员|驾驶员|安全员|值班员|科长|部长|班长|队长|组长"
)
_DOES = (
    "负责|带队|牵头|主持|提出|反映|认为|介绍|联系|设计|开发|团队|课题组|电话|手机|"
    "表示|告诉|建议|说|讲|提到|签字|审批|发现|研制|完成|跟进|对接|等人|本人"
)
_BY = "由|请|找|让|跟|与|和|向|给|经|据|听|联系|咨询|师从|委托|、"
_GIVEN = rf"[{_HAN}]"
_PEOPLE = tuple(
    re.compile(pattern)
    for pattern in (
        # 王工, 李建国总监, 欧阳教授
        rf"(?P<name>(?:{_SURNAME}){_GIVEN}{{0,2}}?)(?=(?:{_TITLE}))",
        # 联系人: 王晓明
        rf"(?:{_LABEL})\s?(?:是|为|叫)?\s?[::]?\s?(?P<name>(?:{_SURNAME}){_GIVEN}{{1,2}})"
        rf"(?=[^{_HAN}]|$|{_DOES}|的|在|是|和|与|等|已|先|电)",
        # 客户代表林芳华催了
        rf"(?:{_LABEL})(?P<name>(?:{_CLEAR}){_GIVEN}{{2}})",
        # 李工看过
        rf"(?P<name>{_CLEAR})(?=总(?![体量线是要会有部成数共价计装功长重])|"
        r"工(?![艺作件厂人序程业况装位时期地段步具]))",
        # 由刘建军带队
        rf"(?:{_BY})(?P<name>(?:{_SURNAME}){_GIVEN}{{1,2}}?)(?=(?:{_DOES}|同学|[(,，、:]\s?1?\d))",
        # 由王伟、李娜、张强完成
        rf"(?:{_BY})(?P<name>(?:{_SURNAME}){_GIVEN}{{1,2}})(?=[、和与](?:{_SURNAME}){_GIVEN}{{1,2}}(?:{_DOES}|、|和|与|等))",
        # 刘建军带队, at the beginning of a clause
        rf"(?:^|[\s,，。;；:：、(])(?P<name>(?:{_SURNAME}){_GIVEN}{{1,2}}?)(?=(?:{_DOES}))",
        # 杨帆、孙莉莉等人
        rf"(?:^|[\s,，。;；:：、(])(?P<name>(?:{_CLEAR}){_GIVEN}{{1,2}})"
        rf"(?=[、和与](?:{_CLEAR}){_GIVEN}{{1,2}}(?:[、和与等,，。]))",
        # 老王说
        rf"(?P<name>[老小阿](?:{_SURNAME}))(?=(?:{_DOES}|的电话))",
        # 王晓明, 138…: a name beside the way to reach it
        rf"(?:^|[^{_HAN}])(?P<name>(?:{_SURNAME}){_GIVEN}{{1,2}})(?=\s?[,，:：(]?\s?(?:电话|手机|微信|QQ|邮箱|\+?86|1[3-9]\d))",
        # Mr. Smith
        r"\b(?:Mr|Ms|Mrs|Dr|Prof)\.?\s(?P<name>[A-Z][a-z]+(?:\s[A-Z][a-z]+)?)",
    )
)
_NO_PERSON = re.compile(
    "老?师傅?|高级|高工|总工|老板|本人|工人|技术|项目|车间|设备|质量|安全|生产|成本|施工|研发|"
    "方案|方法|任何|何时|万一|全部|全程|时间|时候|温度|高温|水温|金属|石灰|白天|黄金|"
    "单位|单个|单台|双方|多方|通过|常用|常规|常温|平时|平均|周期|周边|包装|包括|计算|路面|路径|"
    "江西|江苏|云南|湖南|海南|河南|安徽|程序|程度|解决|应用|应该|相关|相同|相当|"
    "关键|关于|向上|向下|连续|连接|和谐|成熟|成本|支持|支架|管理|管道|严重|严格|华东|华南|华北|华中"
)


def people(text: str, known: Iterable[str] = ()) -> Iterator[Span]:
    """Names of people; ``known`` are those of the firm's own members."""
    for name in known:
        if len(name) > 1:
            for mark in re.finditer(re.escape(name), text):
                yield Span(mark.start(), mark.end(), PERSON, "某人")
    for number, pattern in enumerate(_PEOPLE):
        for mark in pattern.finditer(text):
            name = mark["name"]
            if _NO_PERSON.match(name) or not _may_be_called(name):
                continue
            if number in _TITLED and not _named(text, mark):
                continue
            if number in _LOOSE and name[0] in AMBIGUOUS:
                continue
            instead = "某" if number in _TITLED else "某人"
            yield Span(mark.start("name"), mark.end("name"), PERSON, instead)
    yield from _unheard(text)


# Those of the patterns above that have no label and no title to go by.
_LOOSE = (4, 5, 6, 7)
# Those where a title follows, which stays.
_TITLED = (0, 3)


def _may_be_called(name: str) -> bool:
    """Not a common word: 石灰 begins with a surname and is none."""
    tag = jieba.posseg.dt.word_tag_tab.get(name) if len(name) > 1 else None
    return tag is None or tag.startswith("nr") or not _known(name)


def _named(text: str, mark: re.Match[str]) -> bool:
    """Whether what stands before a title is a name: 李总, not 梁总成 or 现场施工."""
    name, end = mark["name"], mark.end("name")
    if text[end] in "工总" and _known(text[end - 1 : end + 1]):
        return False  # 施工, 汇总
    if len(name) == 1 and mark.start("name"):
        before = text[max(0, mark.start("name") - 3) : mark.start("name") + 1]
        # The surname may be the end of a longer word: 加[工]师傅, 高[级].
        return not any(_known(before[at:]) for at in range(len(before) - 1))
    if len(name) == 1 or not _known(name):
        return True
    # Common names stand in the dictionary as well: 王建国.
    tag = jieba.posseg.dt.word_tag_tab.get(name)
    return len(name) == 3 and tag == "nr" and name.startswith(tuple(CLEAR))


def _unheard(text: str) -> Iterator[Span]:
    """Words the dictionary lacks that look like a name and stand where one may."""
    words = _joined(_tokens(text))
    for place, (word, flag, at) in enumerate(words):
        if flag not in ("nr", "nrt", "nrfg") or not 2 <= len(word) <= 4:
            continue
        if not _may_be_called(word) or _NO_PERSON.match(word):
            continue
        if not word.startswith(tuple(SURNAMES - AMBIGUOUS)) or word in _NO_NAMES:
            continue
        before, counts = words[place - 1][:2] if place else ("", "")
        if counts in ("m", "q") or before.endswith("师"):
            continue  # 20 张样图, 老师傅闻香
        after = words[place + 1][0] if place + 1 < len(words) else ""
        free = len(word) == 3 and not _known(word)
        led, follows = before in _FREE_BEFORE, after in _FREE_AFTER
        near = led or not before[-1:].isalnum()
        ends = follows or not after[:1].isalnum()
        listed = _known(word) and word.startswith(tuple(CLEAR))
        if ((free or listed) and (near or ends)) or (
            near and ends and (led or follows)
        ):
            yield Span(at, at + len(word), PERSON, "某人")


def _joined(words: Sequence[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """The words with 谢 and 俊杰 as one."""
    found: list[tuple[str, str, int]] = []
    for word, flag, at in words:
        last = found[-1] if found else ("", "", 0)
        if flag.startswith("nr") and last[0] in CLEAR and len(word) <= 2:
            found[-1] = (last[0] + word, "nr", last[2])
        else:
            found.append((word, flag, at))
    return found


_NO_NAMES = frozenset(
    {
        "卫星",
        "张三李四",
        "张冠李戴",
        "马拉松",
        "滑石粉",
        "高岭土",
        "白蛋白",
        "黄曲霉",
        "马尾松",
        "邵阳",
        "白芨",
    }
)
_FREE_BEFORE = (
    frozenset(_BY.split("|")) | frozenset(_LABEL.split("|")) | set("是叫为在问")
)
_FREE_AFTER = (
    frozenset(_DOES.split("|"))
    | set("的和与等在那收也都已还没他她")
    | {"那里", "那边", "他们"}
)


# -- Products ------------------------------------------------------------------

_PRODUCTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"[“\"「『《](?P<name>[^”\"」』》\n]{1,20})[”\"」』》](?=(?:牌|品牌|系列|型|号|产品|商标|平台|系统|软件|App|APP|机型|款))",
        r"(?:品牌|商标|型号|产品名|机型|牌号|代号|品名|商品名)(?:是|为|叫|名)?\s?[::]?\s?[“\"「『《](?P<name>[^”\"」』》\n]{1,20})[”\"」』》]",
        rf"(?:品牌|商标|型号|产品名称?|商品名|代号)(?:是|为|叫|[::])\s?(?P<name>[{_HAN}A-Za-z\d-]{{2,12}}?)(?=[,，。;；、\s的)]|$)",
        rf"(?:^|[^{_HAN}]|[的用买卖产给是为在把和、])(?P<name>[{_HAN}]{{2,3}}?)牌(?![子照匾坊局号价名九楼])",
        r"(?P<name>[A-Za-z][\w-]*|[\u4e00-\u9fff]{2,4})[®™]",
    )
)
_NO_BRAND = re.compile(
    "招|铭|车|挂|标|名|大|品|摘|打|路|门|吊|贴|金|银|红|黄|老|杂|奖|各|某|本|国|外|自|王|底|洗|出|同|别|几|一|两|这|那"
)


def products(text: str) -> Iterator[Span]:
    """Names of products and brands that are marked as such."""
    for pattern in _PRODUCTS:
        for mark in pattern.finditer(text):
            name = mark["name"]
            if len(name) < 4 and _NO_BRAND.search(name[-1:]):
                continue
            yield Span(mark.start("name"), mark.end("name"), PRODUCT, "某产品")
