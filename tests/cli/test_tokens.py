"""`flask tokens make`: a token from the command line."""

import pytest
from sqlalchemy import select

from models import ApiToken
from models.states import OrganisationRole


def run(app, *words):
    return app.test_cli_runner().invoke(args=["tokens", "make", *words])


@pytest.mark.one_database
def test_a_token_is_made_and_works(app, make, client, session):
    leader = make.user(
        organisation_id=make.organisation().id, org_role=OrganisationRole.MANAGER
    )
    done = run(app, leader.email, "--scope", "needs:read")
    assert done.exit_code == 0, done.output
    headers = {"Authorization": f"Bearer {done.output.strip()}"}
    assert client.get("/api/v1/needs/mine", headers=headers).status_code == 200
    assert client.post("/api/v1/needs", headers=headers, json={}).status_code == 403
    session.rollback()
    assert session.scalars(select(ApiToken)).one().scopes == ["needs:read"]


@pytest.mark.one_database
def test_what_is_wrong_is_said(app, make):
    member = make.user(organisation_id=make.organisation().id)
    for words, told in (
        (["nobody@x.example"], "no account"),
        ([member.email], "no program"),
        ([make.staff().email, "--scope", "all"], "权限范围"),
    ):
        done = run(app, *words)
        assert done.exit_code == 1
        assert told in done.output
