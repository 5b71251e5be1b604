"""The newest achievements for programs (Atom)."""

from __future__ import annotations

from collections.abc import Sequence

from models import Achievement
from models.fields import field_name

from .. import feeds, labels
from ..feeds import News


def atom(found: Sequence[Achievement], base: str) -> bytes:
    """An Atom feed of these achievements; ``base`` is the address of the site."""
    news = [_news(item) for item in found]
    return feeds.atom("科技成果", "/achievements", news, base)


def _news(item: Achievement) -> News:
    price = " ".join(labels.money(item.price_fen)).strip()
    level = f"成熟度 {item.level}/{item.trl_scale} 级"
    return News(
        page=f"/achievements/{item.id}",
        title=item.title,
        author=item.organisation.name,
        published=item.published_at or item.updated_at,
        updated=item.updated_at,
        summary=f"{level}；意向价格：{price}。{feeds.shortened(item.abstract)}",
        category=(item.field, field_name(item.field)),
    )
