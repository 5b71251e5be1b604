"""Money, sizes and odds as people say them."""

from decimal import Decimal

FEN_PER_WAN = 1_000_000
FEN_PER_YI = 10_000_000_000


def money(fen: int | None) -> tuple[str, str]:
    """An amount of fen as (number, unit): 万元 below one 亿, then 亿元."""
    if fen is None:
        return "面议", ""
    if fen >= FEN_PER_YI:
        return f"{fen / FEN_PER_YI:.2f}", "亿元"
    return f"{fen / FEN_PER_WAN:,.2f}".rstrip("0").rstrip("."), "万元"


def wan(fen: int | None) -> str:
    """An amount as one types it: plain 万元, nothing for «面议»."""
    if fen is None:
        return ""
    text = f"{Decimal(fen) / FEN_PER_WAN:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def file_size(size: int) -> str:
    """A size in bytes as people read it: 820 KB, 1.5 MB."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} KB"
    return f"{size / 1_000_000:.1f}".removesuffix(".0") + " MB"


def odds(probability: float) -> str:
    """A probability as people say it, in tenths: «约 7 成»; never a percentage."""
    tenths = round(probability * 10)
    if tenths < 1:
        return "不到 1 成"
    return f"约 {tenths} 成" if tenths < 10 else "9 成以上"
