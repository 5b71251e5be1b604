"""The pages of accounts and roles."""

import pytest

from models.states import Role

from ..conftest import cells


@pytest.fixture
def admin(make, login):
    return login(make.user(Role.ADMIN))


def test_a_closed_account_is_out_at_the_next_click(admin, make, login):
    user = make.user(name="张三")
    theirs = login(user)
    assert theirs.get("/profile").status_code == 200
    url = f"/admin/users/{user.id}"
    refused = admin.post(f"{url}/close", data={"reason": ""})
    assert refused.status_code == 422
    assert "请填写此项" in refused.text
    assert theirs.get("/profile").status_code == 200
    assert admin.post(f"{url}/close", data={"reason": "离职"}).status_code == 303
    assert theirs.get("/profile").status_code == 302
    page = admin.get(url).text
    assert "已停用" in page
    assert "离职" in page
    assert admin.post(f"{url}/reopen").status_code == 303


def test_another_role_opens_other_pages(admin, make, login):
    user = make.staff()
    theirs = login(user)
    assert theirs.get("/admin/users").status_code == 403
    url = f"/admin/users/{user.id}/role"
    data = {"role": "admin", "reason": "岗位调整"}
    assert admin.post(url, data=data).status_code == 303
    assert theirs.get("/admin/users").status_code == 200
    refused = admin.post(url, data={"role": "enterprise", "reason": "岗位调整"})
    assert refused.status_code == 422
    assert "没有所属单位" in refused.text


def test_ones_own_page_offers_no_change(make, login):
    user = make.user(Role.ADMIN)
    page = login(user).get(f"/admin/users/{user.id}").text
    assert "这是您自己的账号" in page
    assert "停用账号" not in page


def test_the_list_is_filtered_by_its_address(admin, make):
    make.user(name="张三")
    page = admin.get("/admin/users?q=张三&role=enterprise&state=active").text
    assert "张三" in page
    assert "没有符合条件的账号" in admin.get("/admin/users?q=王五").text
    assert admin.get("/admin/users?role=nothing").status_code == 422


def test_the_list_leaves_as_it_is_shown_and_no_formula(admin, make):
    make.user(name="=1+1", is_demo=True)
    make.user(Role.UNIVERSITY, name="校方")
    sent = {"role": "enterprise", "state": "active"}
    for form in ("xlsx", "csv"):
        answer = admin.post("/admin/users/export", data=sent | {"format": form})
        assert answer.headers["Cache-Control"] == "private, no-store"
        told = cells(answer.data) if form == "xlsx" else answer.data.decode()
        assert "'=1+1" in told
        assert "校方" not in told
        assert len(told.splitlines()) == 2
    page = admin.get("/admin/users?role=enterprise").text
    form = page[page.index('action="/admin/users/export"') :]
    assert 'name="role" value="enterprise"' in form[: form.index("</form>")]
