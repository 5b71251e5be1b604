"""Files of talks and contracts: for whoever takes part, and for nobody else."""

import io

import pytest

from matchmaker.attachments import service
from matchmaker.attachments.store import Store
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from models import Attachment
from models.attachments import FileOwner
from models.states import ContractState, OrganisationKind, Role

from ..conftest import NOW


@pytest.fixture
def people(make):
    firm = make.organisation()
    college = make.organisation(kind=OrganisationKind.UNIVERSITY)
    return {
        "buyer": make.user(organisation_id=firm.id),
        "seller": make.user(Role.UNIVERSITY, organisation_id=college.id),
        "manager": make.user(Role.MANAGER),
        "staff": make.staff(),
        "outsider": make.user(),
        "other manager": make.user(Role.MANAGER),
    }


INSIDE = ("buyer", "seller", "manager", "staff")
OUTSIDE = ("outsider", "other manager")


@pytest.fixture
def deals(make, people):
    buyer, seller = (people[side].organisation_id for side in ("buyer", "seller"))
    manager = people["manager"].id
    talks = make.introduction(
        make.need(organisation_id=buyer),
        make.achievement(organisation_id=seller),
        manager_id=manager,
    )
    contract = make.contract(buyer_id=buyer, seller_id=seller, manager_id=manager)
    return {FileOwner.INTRODUCTION: talks, FileOwner.CONTRACT: contract}


@pytest.fixture
def store(settings) -> Store:
    return Store(settings.attachment_dir, 10**6)


def upload(text: str = "会谈纪要\n", **given) -> service.Upload:
    return service.Upload("纪要.txt", io.BytesIO(text.encode()), **given)


@pytest.mark.parametrize("kind", [FileOwner.INTRODUCTION, FileOwner.CONTRACT])
def test_everybody_inside_reads_and_adds_and_nobody_outside(
    session, people, deals, store, kind
):
    item = deals[kind]
    for place, who in enumerate(INSIDE):
        file = upload(f"第 {place} 份\n")
        row = service.add(session, store, people[who], kind, item.id, file, now=NOW)
        for other in INSIDE:
            assert service.find(session, people[other], row.id)[1].id == item.id
        for other in OUTSIDE:
            with pytest.raises(NotFound):
                service.find(session, people[other], row.id)
    for who in OUTSIDE:
        with pytest.raises(NotFound):
            service.add(
                session, store, people[who], kind, item.id, upload("x"), now=NOW
            )
    with pytest.raises(NotFound):
        service.find(session, None, row.id)


@pytest.mark.parametrize("kind", [FileOwner.INTRODUCTION, FileOwner.CONTRACT])
def test_a_file_of_a_deal_is_never_public(session, people, deals, store, kind):
    item = deals[kind]
    file = upload(is_public=True)
    with pytest.raises(Invalid):
        service.add(session, store, people["buyer"], kind, item.id, file, now=NOW)
    row = service.add(session, store, people["buyer"], kind, item.id, upload(), now=NOW)
    with pytest.raises(Invalid):
        service.set_public(session, people["buyer"], row.id, True, now=NOW)


def test_one_who_only_reads_adds_nothing(session, make, people, deals, store):
    reader = make.user(
        organisation_id=people["buyer"].organisation_id, org_role="reader"
    )
    contract = deals[FileOwner.CONTRACT]
    with pytest.raises(Forbidden):
        service.add(
            session, store, reader, FileOwner.CONTRACT, contract.id, upload(), now=NOW
        )


def test_what_is_given_up_takes_no_more_files(session, make, people, store):
    void = make.contract(
        buyer_id=people["buyer"].organisation_id, state=ContractState.VOID
    )
    with pytest.raises(Conflict, match=r"^contract\.void$"):
        service.add(
            session,
            store,
            people["buyer"],
            FileOwner.CONTRACT,
            void.id,
            upload(),
            now=NOW,
        )


def test_a_file_that_proves_a_payment_stays(session, make, people, deals, store):
    contract = deals[FileOwner.CONTRACT]
    row = make.attachment(contract)
    make.payment(contract, trigger="test_passed", due_on=None, proof_id=row.id)
    with pytest.raises(Conflict, match=r"^attachment\.used$"):
        service.remove(session, store, people["seller"], row.id, now=NOW)
    free = make.attachment(contract, data=b"other\n")
    service.remove(session, store, people["seller"], free.id, now=NOW)
    assert session.get(Attachment, free.id) is None


@pytest.mark.parametrize("place", ["introductions", "contracts"])
def test_the_page_adds_shows_and_removes(session, login, people, deals, place):
    kind = FileOwner(place.removesuffix("s"))
    page = f"/{place}/{deals[kind].id}/attachments"
    client = login(people["seller"])
    answer = client.post(page, data={"file": (io.BytesIO(b"a\n"), "a.txt")})
    assert answer.status_code == 303
    shown = client.get(page).text
    assert "a.txt" in shown
    assert "公开：所有" not in shown
    staff = login(people["staff"])
    assert "a.txt" in staff.get(f"/{place}/{deals[kind].id}").text
    assert login(people["outsider"]).get(page).status_code == 404
    session.rollback()
    row = session.query(Attachment).one()
    assert client.post(f"/attachments/{row.id}/remove").status_code == 404
    gone = staff.post(f"/attachments/{row.id}/remove-from-deal")
    assert gone.status_code == 303
    session.rollback()
    assert session.query(Attachment).all() == []
