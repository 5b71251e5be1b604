"""Ways to reach somebody: numbers, addresses of any kind, identity numbers.

Every pattern reads text made half-width by `index.numerals.plain`.
"""

import re
from collections.abc import Iterator

from .spans import CONTACT, PLACE, Span

LEFT_OUT = "（联系方式略）"
_DIGIT_GAP = r"[-\s.·]?"
_AT = r"\s*(?:@|\(at\)|\[at\]|【at】|\s+at\s+|#at#|艾特)\s*"
_CONTACTS = re.compile(
    "|".join(
        (
            rf"[A-Za-z0-9][\w.+-]*{_AT}[A-Za-z0-9][\w-]*(?:\s?[.点]\s?[A-Za-z0-9-]+)+",
            r"(?:https?|ftp)://[^\s,，。;；、)）]+|(?:www|m)\.[^\s,，。;；、)）]+",
            r"(?<![\w.])[A-Za-z0-9-]{2,}(?:\.[A-Za-z0-9-]+)*"
            r"\.(?:com|cn|net|org|gov|edu|io|top|vip|cc|shop|tech)(?:\.cn)?(?![A-Za-z])(?:/\S*)?",
            # Mobile numbers, however they are broken up.
            rf"(?<!\d)(?:\(?\+?86\)?{_DIGIT_GAP})?1[3-9]\d(?:{_DIGIT_GAP}\d){{8}}(?!\d)",
            # Landlines with their area, service numbers.
            rf"(?<!\d)(?:\(?\+?86\)?{_DIGIT_GAP})?\(?0\d{{2,3}}\)?[-\s—–]{{0,3}}[2-9]\d{{2,3}}"
            r"[-\s]?\d{4}(?!\d)(?:\s?(?:转|-|ext\.?)\s?\d{1,6})?",
            r"(?<!\d)[48]00[-\s]?\d{3,4}[-\s]?\d{3,4}(?!\d)",
            r"(?:电话|手机|座机|传真|热线|致电|拨打|来电|联系方式|tel|phone|fax|mobile)"
            r"\s?(?:号码?|是|为)?\s?[::]?\s?\+?\d[\d\s-]{5,18}\d",
            # Read out: 一三八…
            r"[零〇一二三四五六七八九幺两]{7,}",
            r"(?:微信|weixin|wechat|VX|V信|QQ|企鹅|钉钉|飞书|抖音|公众号|群)"
            r"(?:号|群|同号|账号|公众号)?\s?(?:是|为)?\s?[::]?\s?[A-Za-z0-9][-_A-Za-z0-9]{4,24}",
            # Identity card, credit code, patent and contract numbers.
            r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])",
            r"(?<![0-9A-Za-z])[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Za-z])",
            r"(?:ZL|CN)\s?\d{6,13}(?:\.[\dXx])?[A-Z]?",
            r"(?:合同|订单|专利|登记|批准|证书|备案|许可证|项目)(?:编?号|号码)\s?[::]?\s?[A-Za-z0-9〔〕\[\]()/-]{4,40}",
            # A car's plate.
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\s]?[A-Z0-9]{5,6}(?![A-Z0-9])",
        )
    ),
    re.IGNORECASE,
)
_HAN = "\u4e00-\u9fff"
_PLACES = re.compile(
    "|".join(
        (
            # A street with its number, and what stands behind it.
            rf"(?:[{_HAN}]{{2,10}}(?:省|市|州|区|县|镇|乡|街道))*"
            rf"[{_HAN}]{{1,8}}(?:路|大道|大街|街|巷|弄|胡同|国道|省道)(?:[东西南北中]段?)?\s?"
            r"[\d一二三四五六七八九十百零]{1,6}\s?(?:号|弄)"
            rf"(?:[-\dA-Za-z{_HAN}]{{0,12}}?(?:号|栋|幢|楼|层|室|座|单元|厂房|车间))*",
            # Buildings and rooms.
            r"(?<![A-Za-z])[A-Z]\d{0,3}\s?(?:栋|幢|座(?!席))|\d{1,3}\s?(?:栋|幢|号楼|号厂房)\s?[A-Za-z\d]{1,5}\s?(?:层|楼|室|单元)"
            r"(?:\s?[A-Za-z\d]{1,5}\s?(?:层|楼|室|号))*",
            # Down to the town: the district alone may be told.
            rf"(?:[{_HAN}]{{2,6}}(?:省|市|州|区|县))+[{_HAN}]{{2,6}}(?:镇|乡|村|街道|社区)",
        )
    )
)
_PARKS = re.compile(
    rf"([{_HAN}A-Za-z\d]{{2,10}}?)"
    r"(?:高新技术产业开发区|经济技术开发区|高新技术开发区|高新区|经开区|开发区|工业集中区"
    r"|工业园区?|产业园区?|科技园区?|创业园|软件园|物流园|产业基地|科技城|大厦|写字楼)"
)
# Kinds of park rather than names of one.
_ANY_PARK = re.compile(
    r"(?:[我本某该各个全整几多两一二三]|所在|附近|国家级?|省级|市级|化工|工业|农业|生态|现代|"
    r"智能制造|装备|物流|高新|生物|医药|电子|循环经济|储能|新材料|有色|冶金|建材|食品|陶瓷|家具)+"
    r"(?:家|座|处|个|的|在|里)?$"
)


def contacts(text: str) -> Iterator[Span]:
    """Telephone numbers, mail and web addresses, accounts and identity numbers."""
    for mark in _CONTACTS.finditer(text):
        yield Span(mark.start(), mark.end(), CONTACT, LEFT_OUT)


def places(text: str) -> Iterator[Span]:
    """Addresses finer than a district: streets, towns, parks, buildings."""
    for mark in _PLACES.finditer(text):
        start = _begin(text, mark.start(), mark.end())
        yield Span(start, mark.end(), PLACE, "某地")
    for mark in _PARKS.finditer(text):
        start = _begin(text, mark.start(1), mark.end(1))
        if start < mark.end(1) and not _ANY_PARK.match(text[start : mark.end(1)]):
            yield Span(start, mark.end(), PLACE, "某园区")


_LEAD = re.compile(
    r".*(?:位于|地址|坐落|设在|建在|放在|送到|寄到|就在|在|到|于|从|往|的|和|及|与)"
    r"[是为: ]?"
)


def _begin(text: str, start: int, end: int) -> int:
    """Without the words that only lead to the place."""
    lead = _LEAD.match(text[start:end])
    return start + lead.end() if lead and lead.end() < end - start - 1 else start
