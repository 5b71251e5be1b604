"""The pages of experts, from the invitation to the declaration of a tie."""

import re

from sqlalchemy import select

from models import Mail


def test_from_the_invitation_to_the_first_tie(app, make, login, session):
    staff = login(make.staff())
    form = {"email": "lin@example.com", "name": "林专家", "employer": "湘雅研究院"}
    page = staff.post("/experts/new", data=form | {"email": "lin"})
    assert page.status_code == 422
    assert "邮箱：请填写邮箱地址" in page.text
    made = staff.post("/experts/new", data=form, follow_redirects=True)
    assert "待接受邀请" in made.text
    session.rollback()

    secret = session.scalars(select(Mail)).one().facts["token"]
    guest = app.test_client()
    assert "湘雅研究院" in guest.get(f"/expert-invitation?token={secret}").text
    typed = {
        "token": secret,
        "name": "林专家",
        "new": "评审-2026-很长",
        "repeated": "x",
    }
    assert guest.post("/expert-invitation", data=typed).status_code == 422
    typed["repeated"] = typed["new"]
    page = guest.post("/expert-invitation", data=typed, follow_redirects=True)
    assert "利害关系申报" in page.text
    [action] = re.findall(r'action="(/experts/\d+/ties)"', page.text)
    wrong = guest.post(action, data={"organisation": "", "kind": "shares"})
    assert wrong.status_code == 422
    assert "请填写此项" in wrong.text
    data = {"organisation": "湘江电池有限公司", "kind": "shares", "words": "<b>2%</b>"}
    page = guest.post(action, data=data, follow_redirects=True)
    assert "&lt;b&gt;2%&lt;/b&gt;" in page.text
    assert guest.post(action, data=data).status_code == 409
    assert guest.get("/experts").status_code == 403
