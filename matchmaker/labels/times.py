"""Days and moments as people in the city say them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")


def today(now: datetime) -> date:
    """The calendar day in the city."""
    return now.astimezone(CITY).date()


def day(moment: datetime | date | None) -> str:
    """The date in the city, as 2026-11-23."""
    if moment is None:
        return ""
    if isinstance(moment, datetime):
        moment = moment.astimezone(CITY).date()
    return moment.isoformat()


def written_day(moment: datetime | None) -> str:
    """The date in the city as a document has it: 2026年11月3日."""
    if moment is None:
        return ""
    local = moment.astimezone(CITY)
    return f"{local.year}年{local.month}月{local.day}日"


def minute(moment: datetime | None) -> str:
    """Date and time in the city, as 2026-11-23 09:30."""
    return "" if moment is None else f"{moment.astimezone(CITY):%Y-%m-%d %H:%M}"


def second(moment: datetime | None) -> str:
    """Date and time in the city to the second, as 2026-11-23 09:30:05."""
    return "" if moment is None else f"{moment.astimezone(CITY):%Y-%m-%d %H:%M:%S}"


def until(end: datetime) -> str:
    """The end of a window, which itself is out: 2026年12月1日 17:00 前, or 24:00 前.

    What ends as a day begins ends, for people, with the day before.
    """
    local = end.astimezone(CITY)
    clock = f"{local:%H:%M}"
    if clock == "00:00" and not local.second:
        local, clock = local - timedelta(days=1), "24:00"
    elif local.second:
        clock = f"{local:%H:%M:%S}"
    return f"{written_day(local)} {clock} 前"


def since(begin: datetime | None) -> str:
    """The beginning of a window: 2026年11月1日 09:00."""
    if begin is None:
        return ""
    local = begin.astimezone(CITY)
    return f"{written_day(local)} {local:%H:%M}"


def left(end: datetime, now: datetime) -> str:
    """How long until then, in the two largest units: 2 天 4 小时, 59 分 8 秒.

    Of three days and more the days alone.
    """
    seconds = max(0, int((end - now).total_seconds()))
    if seconds >= 3 * 86400:
        return f"{seconds // 86400} 天"
    units = ((86400, "天"), (3600, "小时"), (60, "分"), (1, "秒"))
    found: list[str] = []
    for size, unit in units:
        number, seconds = divmod(seconds, size)
        if number or found or size == 1:
            found.append(f"{number} {unit}")
    return " ".join(found[:2])


def last_day(end: datetime) -> date:
    """The last day in the city on which a window that ends then is still open."""
    return (end - timedelta(microseconds=1)).astimezone(CITY).date()


def ago(moment: datetime, now: datetime) -> str:
    """How long since, in the largest unit that fits."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 60:
        return "刚刚"
    for size, unit in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds // size} {unit}前"
    raise AssertionError("unreachable: a minute or more has a unit")
