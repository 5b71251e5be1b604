"""The parts every page is made of, rendered without the rest of the application."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask, render_template_string

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "matchmaker" / "static"


@pytest.fixture
def bare():
    app = Flask("bare", template_folder=TEMPLATES, static_folder=STATIC)
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    return app


@pytest.fixture
def render(bare):
    def render(macros: str, call: str, path: str = "/", **values) -> str:
        source = f'{{% import "macros/{macros}.html" as m %}}{{{{ m.{call} }}}}'
        with bare.test_request_context(path):
            return render_template_string(source, **values)

    return render


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]

    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.found if attrs.get("id")]


def test_a_field_names_its_hint_unit_and_error(render):
    html = render(
        "forms",
        'field("price", "预算", {"price": "一两百"}, {"price": "请写数字"},'
        ' hint="可以留空", unit="万元", type="number")',
    )
    page = Elements(html)
    [control] = page.attributes("input")
    assert control["aria-invalid"] == "true"
    described = control["aria-describedby"].split()
    assert described == ["price-hint", "price-unit", "price-error"]
    assert set(described) <= set(page.ids())
    assert control["value"] == "一两百"


def test_a_password_is_never_printed_back(render):
    html = render("forms", 'field("p", "密码", {"p": "s3cret"}, {}, type="password")')
    assert "s3cret" not in html


def test_what_people_wrote_is_escaped(render):
    html = render(
        "forms",
        'field("a", "问题", {"a": text}, {}, type="textarea")',
        text="</textarea><script>",
    )
    assert "<script>" not in html


@pytest.mark.parametrize(
    "name", ["title", "modes", "secrecy", "targets", "targets.0", "targets.2"]
)
def test_every_link_of_the_error_summary_leads_to_a_control(render, name):
    errors = {name: "请改正"}
    summary = render("forms", "error_summary(errors)", errors=errors)
    [target] = re.findall(r'href="#([^"]+)"', summary)
    controls = "".join(
        render("forms", call, errors=errors)
        for call in (
            'field("title", "标题", {}, errors)',
            'checkboxes("modes", "方式", [("a", "甲"), ("b", "乙")], ["b"], errors)',
            'radios("secrecy", "谁能看到", [("a", "公开"), ("b", "定向")], {}, errors)',
            'lines("targets", "指标", ["一", "二"], errors)',
        )
    )
    page = Elements(controls)
    assert page.ids().count(target) == 1
    assert len(set(page.ids())) == len(page.ids())


def test_a_list_of_lines_always_has_two_spare_rows(render):
    html = render("forms", 'lines("targets", "指标", ["一"], {})')
    assert [one["value"] for one in Elements(html).attributes("input")] == [
        "一",
        "",
        "",
    ]


def test_rows_left_blank_are_not_repeated_when_a_form_comes_back(render):
    html = render("forms", 'lines("t", "指标", ["", "二", "", ""], {}, spare=1)')
    shown = [one["value"] for one in Elements(html).attributes("input")]
    assert shown == ["", "二", ""]


def test_a_choice_shows_what_was_posted(render):
    html = render("forms", 'select("n", "数", [(1, "一"), (2, "二")], {"n": "2"}, {})')
    [chosen] = [o for o in Elements(html).attributes("option") if "selected" in o]
    assert chosen["value"] == "2"


def test_a_new_page_or_order_keeps_the_other_filters(render):
    path = "/needs?field=ES&field=NM&q=%E7%94%B5%E6%B1%A0&page=3"
    html = render("tables", 'sort_head("预算", "budget", "-budget")', path)
    [link] = Elements(html).attributes("a")
    assert link["href"] == "?field=ES&field=NM&q=%E7%94%B5%E6%B1%A0&sort=budget"
    assert 'aria-sort="descending"' in html
    assert "field=NM&amp;q=%E7%94%B5%E6%B1%A0&amp;page=4" in render(
        "tables", "pager(3, 9, 170)", path
    )


def test_a_visitors_query_cannot_change_where_links_lead(render):
    html = render("tables", "pager(1, 2, 30)", "/needs?_external=1&_scheme=javascript")
    assert all(link["href"].startswith("?") for link in Elements(html).attributes("a"))


def test_evidence_says_in_words_that_a_part_is_missing(render):
    html = render("evidence", "evidence_panel({})")
    assert html.count('class="nothing"') == 5


def test_an_indicator_the_achievement_is_silent_about_is_shown(render):
    row = {"asked": "寿命≥10年", "claimed": None, "verdict": "unknown", "note": ""}
    html = render("evidence", "indicator_table([row])", row=row)
    assert "没有写到" in html
    assert "未说明" in html


def test_marked_words_are_escaped_like_the_rest(render):
    html = render("highlight", "highlight([('a<b', false), ('<c>', true)])")
    assert html == "a&lt;b<mark>&lt;c&gt;</mark>"


def test_every_icon_in_use_is_drawn():
    drawn = set(
        re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text())
    )
    used = set()
    for page in TEMPLATES.rglob("*.html"):
        used |= set(re.findall(r'icon\("([\w-]+)"', page.read_text()))
    assert used <= drawn
    assert {"done", "wait", "late", "partial", "unknown", "info"} <= drawn


def test_no_template_needs_inline_script_or_style():
    for page in TEMPLATES.rglob("*.html"):
        html = page.read_text()
        if page.relative_to(TEMPLATES).as_posix() == "mail/frame.html":
            continue  # a letter has no style sheet beside it
        assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:", html), page
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html)), page
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html), page


# -- Colours -------------------------------------------------------------------


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", css))


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_every_ground(scheme):
    css = (STATIC / "app.css").read_text()
    split = css.index("@media (prefers-color-scheme: dark)")
    colours = tokens(css[:split])
    if scheme == "dark":
        colours |= tokens(css[split : css.index("/* -- Type")])
    for word in ("ink", "soft", "blue", "green", "red", "amber", "grey"):
        for ground in ("paper", "wash", "raised"):
            assert contrast(colours[word], colours[ground]) >= 4.5, (word, ground)
    for word in ("blue", "green", "red", "amber", "grey"):
        assert contrast(colours[word], colours[f"{word}-tint"]) >= 4.5, word
    assert contrast(colours["ink"], colours["marker"]) >= 4.5
    assert contrast(colours["on-blue"], colours["blue"]) >= 4.5
    for fill in ("green-fill", "red-fill"):
        assert contrast(colours["on-fill"], colours[fill]) >= 4.5, fill
    assert contrast(colours["edge"], colours["paper"]) >= 3
