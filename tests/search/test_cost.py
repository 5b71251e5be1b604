"""No list page asks the database more than a few times, however much there is."""

import pytest

from models.states import (
    AchievementStatus,
    NeedStatus,
    Role,
    Secrecy,
    SuggestionStatus,
)

from .test_lists import MOST_QUERIES, counted

PAGES = {
    None: ("/", "/needs", "/achievements", "/calls"),
    Role.ENTERPRISE: ("/", "/needs", "/needs/mine", "/matches", "/work", "/notices"),
    Role.UNIVERSITY: ("/", "/achievements/mine", "/work", "/subscriptions"),
    Role.STAFF: (
        "/",
        "/needs?field=ES&sort=amount",
        "/achievements?status=pending",
        "/work",
        "/verification",
        "/registrations",
        "/desk?view=list",
        "/notices",
    ),
    Role.ADMIN: ("/admin/users", "/admin/audit", "/work"),
}


@pytest.fixture
def city(make, indexed) -> None:
    """Some records in every state, suggestions among them."""
    for status in NeedStatus:
        for secrecy in Secrecy:
            masked = secrecy is Secrecy.MASKED
            public = {"public_title": "某需求", "public_problem": "某问题"}
            make.need(status=status, secrecy=secrecy, **(public if masked else {}))
    for status in AchievementStatus:
        make.achievement(status=status)
    make.need(status=NeedStatus.PENDING)
    for status in (SuggestionStatus.PENDING, SuggestionStatus.APPROVED):
        make.suggestion(status=status)
    make.call()
    indexed()


@pytest.mark.parametrize("role", list(PAGES))
def test_a_list_page_asks_few_queries(app, city, make, login, client, role):
    visitor = client if role is None else login(make.user(role=role))
    for address in PAGES[role]:
        assert visitor.get(address).status_code == 200
        with counted(app) as sent:
            visitor.get(address)
        # One more: for the records that those of the queue are like, and on the home
        # page for the lists that were published last.
        most = MOST_QUERIES + (address in ("/", "/verification"))
        assert len(sent) <= most, address


def test_a_list_follows_what_changes_without_encoding(app, make, login, client):
    need = make.need(title="等离子喷涂层剥落怎么办")
    assert need.title in client.get("/needs").get_data(as_text=True)
    owner = make.user(organisation_id=need.organisation_id)
    login(owner).post(f"/needs/{need.id}/withdraw")
    assert need.title not in client.get("/needs").get_data(as_text=True)
