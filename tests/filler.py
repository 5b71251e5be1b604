"""Records about other things: the background a near pair stands out from."""

PLANTS = (
    "水稻",
    "柑橘",
    "茶叶",
    "油茶",
    "辣椒",
    "莲子",
    "黄桃",
    "棉花",
    "烟叶",
    "竹笋",
)
WORKS = ("育种", "采收", "烘干", "冷藏", "分级", "防虫", "追溯", "施肥", "修剪", "灌溉")
WISHES = ("省人工", "少损耗", "保风味", "降成本", "提产量", "耐旱", "耐涝")


def filler(number: int) -> tuple[str, str, list[str]]:
    """(title, body, points) on farming; each number says something else."""
    plant, work = PLANTS[number % 10], WORKS[number // 10 % 10]
    wish, other = WISHES[number % 7], WISHES[number % 5]
    title = f"{plant}{work}作业装置第{number}型"
    body = f"面向山地{plant}的{work}环节,要求{wish}。已在第{number}号果园试用{other}。"
    return (
        title,
        body,
        [f"每亩{work}用时≤{number % 9 + 2} h", f"{plant}完好率≥9{number % 10}%"],
    )
