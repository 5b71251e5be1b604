"""The state of index and jobs, and what the administrator can do about it."""

import pytest
from sqlalchemy import delete, select

from matchmaker.errors import Forbidden, NotFound
from matchmaker.system import service
from models import Embedding, History, OutboxTask, transaction
from models.states import Role

from ..conftest import NOW


@pytest.fixture
def live(app):
    return app.extensions["live_index"]


def test_it_tells_what_the_index_holds_and_what_waits(session, make, live, indexed):
    admin = make.user(Role.ADMIN)
    make.need()
    indexed()
    failed = make.failed_task(make.need())
    found = service.state(session, live, admin, compare=False)
    assert found.index.encoder == live.encoder.name
    assert found.passages > 0
    assert {shelf.records for shelf in found.index.shelves} == {0, 1}
    assert [task.id for task in found.failed] == [failed.id]
    by_kind = {queue.kind: queue for queue in found.queues}
    assert (by_kind["encode"].waiting, by_kind["encode"].failed) == (2, 1)
    assert found.compared is None


def test_a_difference_is_found_and_repaired(session, make, live, indexed):
    admin, need = make.user(Role.ADMIN), make.need()
    indexed()
    assert not service.state(session, live, admin, compare=True).compared.differs
    assert service.repair(session, live, admin, now=NOW) == 0
    with transaction(session):
        session.execute(delete(Embedding))
    compared = service.state(session, live, admin, compare=True).compared
    assert [record_id for _, record_id in compared.unencoded] == [need.id]
    assert service.repair(session, live, admin, now=NOW) == 1
    indexed()
    assert not service.state(session, live, admin, compare=True).compared.differs
    [noted] = session.scalars(select(History))
    assert (noted.action, noted.actor) == ("index.repaired", admin)


def test_a_failed_task_is_done_once_it_is_asked_for(session, make, indexed):
    admin, need = make.user(Role.ADMIN), make.need()
    indexed()
    task = make.failed_task(need)
    task_id = task.id
    indexed()
    assert session.get(OutboxTask, task_id) is not None  # its time has not come
    service.retry(session, admin, task_id, now=NOW)
    indexed()
    session.expire_all()
    assert session.get(OutboxTask, task_id) is None
    [noted] = session.scalars(select(History))
    assert noted.action == "task.retried"


def test_only_an_admin_looks_and_acts(session, make, live):
    task = make.failed_task(make.need())
    for role in (Role.STAFF, Role.ENTERPRISE):
        user = make.user(role)
        for work in (
            lambda user=user: service.state(session, live, user, compare=False),
            lambda user=user: service.retry(session, user, task.id, now=NOW),
            lambda user=user: service.repair(session, live, user, now=NOW),
        ):
            with pytest.raises(Forbidden):
                work()
    with pytest.raises(NotFound):
        service.retry(session, make.user(Role.ADMIN), 999_999, now=NOW)


def test_the_page_offers_the_check_and_the_repair(make, login, session, indexed):
    admin = login(make.user(Role.ADMIN))
    make.need()
    page = admin.get("/admin/system?check=1").text
    assert "尚未编码" in page
    assert admin.post("/admin/system/repair").status_code == 303
    indexed()
    page = admin.get("/admin/system?check=1").text
    assert "索引与数据库一致" in page
    assert "没有等待的任务" not in page or "没有失败的任务" in page
