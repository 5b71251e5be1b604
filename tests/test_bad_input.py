"""Whatever is typed or sent: a clear answer, nothing half-saved, never an error.

The tests find the forms and the addresses themselves, so a new page is covered
on the day it is made.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from models import Base

from .test_routes import OPEN
from .walk import ID, Form, address, forms, may_ever, populate, rules

# What one database takes and another refuses; the rest of `BAD` is the code's matter,
# and asked of the quickest.
DATABASES_DIFFER = [
    "null byte",
    "lone surrogate",
    "like",
    "sql",
    "emoji",
    "long",
    "absurd number",
    "exponent",
    "not a number",
    "far date",
]
ROLES = ["visitor", "enterprise", "university", "staff", "admin"]
# Who walks over which database: what the server makes of a value is no matter of roles.
WALKS = [(role, "sqlite") for role in ROLES] + [("staff", "postgresql")]
WALKS += [("enterprise", "postgresql")]
SCRIPT = '<script>alert("x")</script>'
BAD: dict[str, str] = {
    "nothing": "",
    "spaces": " \t\u3000\n ",
    "null byte": "电池\x00过充",
    "control characters": "\x01\x1b[31m\x7f\x9f",
    "lone surrogate": "\ud800",
    "byte order": "\ufeff\u202e\u200b",
    "script": SCRIPT,
    "attribute": "\"' onmouseover=alert(1) x='",
    "template": "{{ 7*7 }}{% raw %}${7*7}",
    "format": "%s%n{0}{title}{0.__class__}",
    "sql": "' OR 1=1; DROP TABLE needs; --",
    "like": "%_\\",
    "emoji": "🔋🔥👨‍👩‍👧‍👦" * 20,
    "traditional": "電池熱失控預警與儲能電站安全監測技術",
    "stop words": "的了是在和",
    "punctuation": "。,!?;:……——",
    "long": "电池过充后怎么提前报警" * 460,  # 5,060 characters
    "one long word": "x" * 5000,
    "negative": "-1",
    "zero": "0",
    "absurd number": "9" * 400,
    "exponent": "1e308",
    "not a number": "NaN",
    "full width": "１２",
    "past date": "2020-01-01",
    "no date": "2027-02-30",
    "far date": "99999-12-31",
    "unknown code": "ZZ",
    "path": "../../etc/passwd",
}
# A wrong password is counted, so that guessing ends.
COUNTED = "sign_in_failures"
PLAIN_FORMS = {"/sign-out", "/notices/read-all"}  # a button and nothing to fill in
HUGE = "电" * 33_400  # 100 kB in UTF-8
PARAMETERS = (
    "q",
    "kind",
    "field",
    "district",
    "trl",
    "mode",
    "stage",
    "status",
    "sort",
    "page",
    "next",
    "_scheme",
    "_external",
    "min_score",
    "age",
    "name",
    "year",
    "parent",
)


def client_of(app, make, login, role: str):
    user = populate(make)[role]
    return login(user) if user else app.test_client()


class Watched(ImmutableMultiDict[str, str]):
    """The parameters of an address, telling which of them are looked for."""

    def __init__(self, given: MultiDict[str, str], looked: set[str]) -> None:
        super().__init__(given)
        self.looked = looked

    def __contains__(self, name: object) -> bool:
        self.looked.add(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> str:
        self.looked.add(name)
        return super().__getitem__(name)

    def getlist(self, name: str, *more: Any) -> list[Any]:
        self.looked.add(name)
        return super().getlist(name, *more)

    def items(self, *more: Any, **named: Any) -> Any:
        self.looked.update(PARAMETERS)  # whatever is there is gone through
        return super().items(*more, **named)


@pytest.fixture
def reads(app, monkeypatch) -> Callable[[FlaskClient, str], set[str]]:
    """Which of the parameters a page looks for; what it never reads breaks nothing.

    It is asked without any; one that is no page for this reader reads none.
    """
    looked: set[str] = set()

    class Request(app.request_class):
        @property
        def args(self):
            return Watched(super().args, looked)

    monkeypatch.setattr(app, "request_class", Request)

    def asked(client: FlaskClient, place: str) -> set[str]:
        looked.clear()
        answered = client.get(place).status_code == 200
        return looked & set(PARAMETERS) if answered else set()

    return asked


def bad(session: Session) -> list[str]:
    """The names of what is sent to a form or page over this database."""
    quick = session.get_bind().dialect.name == "sqlite"
    return list(BAD) if quick else DATABASES_DIFFER


def is_plain_refusal(answer) -> bool:
    """A page in Chinese that says what to do, or the redirect of a success."""
    if answer.status_code in (204, 302, 303):
        return True
    if answer.headers.get("Content-Disposition", "").startswith("attachment"):
        return answer.status_code == 200  # a file, not a page
    return answer.status_code < 500 and "长沙技术交易撮合平台" in answer.text


@pytest.mark.parametrize(("role", "database"), WALKS, indirect=["database"])
def test_no_query_string_breaks_a_page(app, make, login, session, reads, role):
    users = populate(make)
    client = login(users[role]) if users[role] else app.test_client()
    for rule in rules(app, "GET"):
        if rule.endpoint == "home.health":
            continue
        place = address(app, rule, ID)
        # What everybody may open reads its address alike for the roles between, and
        # what the staff may for the administrator.
        common = rule.endpoint in OPEN and role in ("enterprise", "university")
        if role == "admin":
            common = may_ever(users["staff"], rule.endpoint, "GET")
        short = common or not reads(client, place)
        for name in ["null byte"] if short else bad(session):
            # All at once finds a page that breaks, where each alone would take hours.
            value = BAD[name]
            query = urlencode(dict.fromkeys(PARAMETERS, value), errors="surrogatepass")
            answer = client.get(f"{place}?{query}")
            assert is_plain_refusal(answer), (place, name, answer.status_code)
            assert SCRIPT not in answer.text, (place, name)


@pytest.mark.one_database
def test_no_single_parameter_breaks_a_list(app, make, login, reads):
    user = populate(make)["staff"]
    client = login(user)
    names = ("null byte", "script", "negative", "absurd number", "long")
    for rule in rules(app, "GET"):
        if rule.arguments or not may_ever(user, rule.endpoint, "GET"):
            continue
        place = address(app, rule, 0)
        for parameter in sorted(reads(client, place)):
            for name in names:
                given = {parameter: BAD[name], "q" * (parameter != "q"): "电池"}
                answer = client.get(f"{place}?{urlencode(given)}")
                assert is_plain_refusal(answer), (place, parameter, name)
                assert SCRIPT not in answer.text, (place, parameter, name)


def filled(form: Form, value: str, only: str | None = None) -> list[tuple[str, str]]:
    """The form as its page offers it, with ``value`` in what a person types."""
    return [
        (name, value if name in form.free and only in (None, name) else kept)
        for name, kept in form.values
    ]


# Who is offered a form is no matter of what is typed into it: one role tries all
# values, and the next all of those forms that the first is not offered.
BEFORE = {"university": "enterprise", "admin": "staff"}


def endpoint_of(app, form: Form) -> str:
    return app.url_map.bind("localhost").match(
        urlsplit(form.action).path, method="POST"
    )[0]


def tried(app, login, users, role: str) -> set[str]:
    """Where the forms go that an earlier role tries with all values."""
    if role not in BEFORE:
        return set()
    earlier = login(users[BEFORE[role]])
    return {endpoint_of(app, form) for form in posts(app, earlier)}


def posts(app, client) -> Iterator[Form]:
    """Every form that the pages offer this reader, each address once."""
    seen = set()
    for rule in rules(app, "GET"):
        for form in forms(client.get(address(app, rule, ID)).text):
            if form.method == "post" and form.action not in seen:
                seen.add(form.action)
                yield form


class Sender:
    """Sends forms as one reader; a refusal must leave every table as it was."""

    def __init__(self, session: Session, client: FlaskClient) -> None:
        self.session, self.client = session, client
        counts = [
            select(literal(table.name), func.count()).select_from(table)
            for table in Base.metadata.sorted_tables
            if table.name != COUNTED
        ]
        self.count = union_all(*counts)
        self.before = self.rows()

    def rows(self) -> dict[str, int]:
        self.session.rollback()
        return {row[0]: row[1] for row in self.session.execute(self.count)}

    def check(self, form: Form, data: list[tuple[str, str]], name: str) -> None:
        body = urlencode(data, errors="surrogatepass")
        answer = self.client.post(
            form.action, data=body, content_type="application/x-www-form-urlencoded"
        )
        place = (form.action, name, answer.status_code)
        assert is_plain_refusal(answer), place
        assert SCRIPT not in answer.text, place
        after = self.rows()
        if answer.status_code >= 400:
            assert after == self.before, place
        self.before = after


@pytest.mark.parametrize(("role", "database"), WALKS, indirect=["database"])
def test_no_form_breaks_or_saves_half(app, make, login, session, role):
    users = populate(make)
    user = users[role]
    client = login(user) if user else app.test_client()
    before = tried(app, login, users, role)
    offered = list(posts(app, client))
    sender = Sender(session, client)
    for form in offered:
        if form.action in PLAIN_FORMS:
            continue
        # A button alone reads none of it: one wrong value says as much as all.
        whole = form.free and endpoint_of(app, form) not in before
        for name in bad(session) if whole else DATABASES_DIFFER[:1]:
            sender.check(form, filled(form, BAD[name]), name)
        sender.check(form, [], "empty")
        sender.check(form, filled(form, HUGE), "100 kB")
        sender.check(form, form.values + form.values, "everything twice")


@pytest.mark.one_database
@pytest.mark.parametrize("role", ["enterprise", "university"])
def test_no_single_field_breaks_a_form(app, make, login, session, role):
    client = client_of(app, make, login, role)
    offered = list(posts(app, client))
    sender = Sender(session, client)
    for form in offered:
        for only in sorted(form.free):
            for name in ("null byte", "absurd number", "negative", "script"):
                sender.check(form, filled(form, BAD[name], only), name)


@pytest.mark.one_database
def test_what_is_too_large_is_refused_in_words(app, make, login):
    client = client_of(app, make, login, "visitor")
    answer = client.post("/sign-in", data={"email": "x" * 1_100_000})
    assert answer.status_code == 413
    assert "1 MB" in answer.text


@pytest.mark.one_database
def test_a_body_that_is_no_form_is_refused_in_words(app, make, login):
    client = client_of(app, make, login, "staff")
    for rule in rules(app, "POST"):
        if rule.endpoint == "accounts.sign_out":
            continue
        place = address(app, rule, ID)
        for body, kind in (
            (b"\xff\xfe\x00", "application/octet-stream"),
            (b'{"a": 1}', "application/json"),
            (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
            (b"email=%ff%fe&password=%00", "application/x-www-form-urlencoded"),
        ):
            answer = client.post(place, data=body, content_type=kind)
            assert is_plain_refusal(answer), (place, kind, answer.status_code)


@pytest.mark.one_database
@pytest.mark.parametrize(
    "path",
    [
        "/needs/-1",
        "/needs/abc",
        "/needs/1e3",
        "/needs/%00",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/" + "x" * 5000,
        "/static/../wsgi.py",
        "/不存在",
    ],
)
def test_an_address_that_is_none_says_so(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "没有找到" in answer.text
