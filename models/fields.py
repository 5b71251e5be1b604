"""The technology fields and districts of the platform, by code."""

FIELDS: dict[str, str] = {
    "EM": "工程机械与智能制造装备",
    "AT": "汽车、智能网联与轨道交通",
    "ES": "先进储能与新能源",
    "NM": "新材料",
    "IC": "电子信息与半导体",
    "AI": "人工智能与大数据",
    "BD": "北斗与时空信息安全",
    "AS": "航空航天",
    "BM": "生物医药",
    "MD": "医疗器械",
    "AG": "现代种业、智慧农业与食品",
    "EP": "节能环保",
    "RB": "智能机器人",
    "AV": "音视频与文化科技",
    "CH": "绿色化工、冶金与矿业",
}

DISTRICTS: tuple[str, ...] = (
    "芙蓉区",
    "天心区",
    "岳麓区",
    "开福区",
    "雨花区",
    "望城区",
    "长沙县",
    "浏阳市",
    "宁乡市",
    "外地",
)


def field_name(code: str) -> str:
    """The Chinese name of a field; a code we do not know is shown as it is."""
    return FIELDS.get(code, code)
