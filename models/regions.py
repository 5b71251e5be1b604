"""Administrative codes (GB/T 2260), as far as the ledger counts by them."""

from __future__ import annotations

from .states import Flow

CITY = "4301"
DISTRICT_CODES: dict[str, str] = {
    "430102": "芙蓉区",
    "430103": "天心区",
    "430104": "岳麓区",
    "430105": "开福区",
    "430111": "雨花区",
    "430112": "望城区",
    "430121": "长沙县",
    "430181": "浏阳市",
    "430182": "宁乡市",
}
PROVINCES: dict[str, str] = {
    "11": "北京市",
    "12": "天津市",
    "13": "河北省",
    "14": "山西省",
    "15": "内蒙古自治区",
    "21": "辽宁省",
    "22": "吉林省",
    "23": "黑龙江省",
    "31": "上海市",
    "32": "江苏省",
    "33": "浙江省",
    "34": "安徽省",
    "35": "福建省",
    "36": "江西省",
    "37": "山东省",
    "41": "河南省",
    "42": "湖北省",
    "43": "湖南省",
    "44": "广东省",
    "45": "广西壮族自治区",
    "46": "海南省",
    "50": "重庆市",
    "51": "四川省",
    "52": "贵州省",
    "53": "云南省",
    "54": "西藏自治区",
    "61": "陕西省",
    "62": "甘肃省",
    "63": "青海省",
    "64": "宁夏回族自治区",
    "65": "新疆维吾尔自治区",
    "71": "台湾省",
    "81": "香港特别行政区",
    "82": "澳门特别行政区",
}
# «外国»: the national form has no code for it; zeros stand for no province.
ABROAD = "000000"


def is_local(region: str | None) -> bool:
    """Whether the code lies in the city."""
    return region is not None and region.startswith(CITY)


def region_name(region: str | None) -> str:
    """The district of the city, or the province; the code itself if unknown."""
    if not region:
        return ""
    if region == ABROAD:
        return "境外"
    if region in DISTRICT_CODES:
        return f"长沙市{DISTRICT_CODES[region]}"
    if is_local(region):
        return "长沙市"
    return PROVINCES.get(region[:2], region)


def code_of_district(district: str | None) -> str | None:
    """The administrative code of a district of the city; None for any other place."""
    return next(
        (code for code, name in DISTRICT_CODES.items() if name == district), None
    )


def flow(seller_region: str | None, buyer_region: str | None) -> Flow:
    """Where a technology went: within the city, out of it, into it."""
    if not seller_region or not buyer_region:
        return Flow.UNKNOWN
    here = is_local(seller_region), is_local(buyer_region)
    return {
        (True, True): Flow.LOCAL,
        (True, False): Flow.OUT,
        (False, True): Flow.IN,
        (False, False): Flow.ELSEWHERE,
    }[here]
