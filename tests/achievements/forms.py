"""An achievement as the form posts it, with nothing to hint at.

A test changes only what it is about.
"""

from datetime import date
from typing import Any

TODAY = date(2026, 11, 23)

TYPED: dict[str, Any] = {
    "title": "磁流变随形支承夹具",
    "field": "EM",
    "inventors": "葛示例、林示例",
    "abstract": "以磁流变弹性凝胶填充柔性囊,按刀位逐区励磁,"
    "对弱刚性零件内壁形成跟随支承,已在直径三百毫米的薄壁环上试验。",
    "indicators": ["局部动刚度提高4.1倍", "支承预变形≤8 μm", ""],
    "applications": "航空薄壁零件的铣削夹具",
    "trl": "4",
    "stage": "small",
    "ip_type": ["发明专利", "", ""],
    "ip_status": ["授权", "", ""],
    "ip_count": ["2", "", ""],
    "ip_number": ["", "", ""],
    "ip_family": ["", "", ""],
    "ownership": "unit",
    "modes": ["joint", "transfer"],
    "price": "50",
    "promise": "1",
}


def typed(**given: Any) -> dict[str, Any]:
    """The complete form with some parts changed; None takes a part away."""
    return {k: v for k, v in (TYPED | given).items() if v is not None}
