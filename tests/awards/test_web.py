"""The pages of awards: a whole execution by its forms, and what who sees of it."""

from __future__ import annotations

import re

from matchmaker.attachments import service as files
from models import Award, Contract, transaction
from models.states import AwardState, CallStatus, Role

from ..walk import forms
from .conftest import WAN


def page(client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.text


def seen(html: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', html)
    assert found is not None
    return found.group(1)


def send(client, url: str, data: dict[str, object], status: int = 303) -> str:
    answer = client.post(url, data=data)
    assert answer.status_code == status, (url, answer.status_code, answer.text[:3000])
    return answer.text


def test_an_execution_from_the_task_book_to_a_contract(stage, login):
    session = stage.session
    staff, issuer = login(stage.staff), login(stage.issuer)
    firm, college = login(stage.firm), login(stage.college)
    first, second = stage.awards
    call = stage.call.id
    assert "核对并发出任务书" in page(staff, f"/awards/{first.id}")
    for client, award in ((firm, first), (college, second)):
        html = page(staff, f"/awards/{award.id}/edit")
        assert "第 1 至 6 个月完成样机" in html
        data = {
            "seen": seen(html),
            "amount": "400",
            "values": ["12 min", "0.8%"],
            "milestone_title": ["样机", "现场试用", ""],
            "milestone_deliverable": ["样机一台", "试用报告", ""],
            "milestone_due_on": ["2027-03-31", "2027-11-30", ""],
            "milestone_payment": ["150", "250", ""],
            "pledge": "误报率不达标，退回末期拨款",
        }
        wrong = send(staff, f"/awards/{award.id}/edit", data | {"amount": "401"}, 422)
        assert "不相等" in wrong
        assert "误报率不达标" in wrong
        send(staff, f"/awards/{award.id}/edit", data)
        # Of another window, opened before.
        stale = send(
            staff, f"/awards/{award.id}/edit", data | {"pledge": "另一份"}, 409
        )
        assert "误报率不达标" in stale
        assert "另一份" in stale
        again = {"action": "merge", "choose_pledge": "stored", "pledge": "另一份"}
        merged = staff.post(f"/awards/{award.id}/edit", data=data | again)
        assert "误报率不达标" in merged.text
        assert "另一份" not in merged.text
        assert merged.text.count("样机一台") == 1
        for reader in (issuer, client):
            html = page(reader, f"/awards/{award.id}")
            send(reader, f"/awards/{award.id}/confirm", {"seen": seen(html)})
    session.rollback()
    assert stage.call.status is CallStatus.RUNNING

    milestone = first.milestones[0].id
    send(firm, f"/milestones/{milestone}/deliver", {"words": ""}, 422)
    send(firm, f"/milestones/{milestone}/deliver", {"words": "样机一台，已自测"})
    heard = {"number": 1, "judgement": "pass", "words": "现场看过，可以用"}
    send(issuer, f"/milestones/{milestone}/view", heard)
    assert "给出结论" in page(staff, f"/awards/{first.id}")
    send(staff, f"/milestones/{milestone}/judge", heard | {"judgement": ""}, 422)
    send(staff, f"/milestones/{milestone}/judge", heard)
    paid = {"amount_paid": "150", "paid_on": "2020-01-01"}
    assert "不能早于" in send(issuer, f"/milestones/{milestone}/pay", paid, 422)
    today = page(issuer, f"/awards/{first.id}").split('name="paid_on"')[1][:60]
    paid["paid_on"] = re.findall(r"\d{4}-\d\d-\d\d", today)[0]
    send(issuer, f"/milestones/{milestone}/pay", paid)
    assert "1,500,000 元" in page(firm, f"/awards/{first.id}")

    # The other runner is dropped at its first milestone.
    other = second.milestones[0].id
    send(college, f"/milestones/{other}/deliver", {"words": "样机一台，误报偏多"})
    low = {"number": 1, "judgement": "fail", "words": "误报率没有达到"}
    send(issuer, f"/milestones/{other}/view", low)
    send(staff, f"/milestones/{other}/judge", low)
    data = {"milestone": other, "words": "误报率是另一家的三倍"}
    send(staff, f"/awards/{second.id}/eliminate", data)
    send(staff, f"/awards/{first.id}/eliminate", data | {"milestone": milestone}, 409)
    assert "误报率是另一家的三倍" in page(college, f"/awards/{second.id}")

    last = first.milestones[1].id
    send(firm, f"/milestones/{last}/deliver", {"words": "试用报告和运行数据"})
    send(issuer, f"/milestones/{last}/view", heard)
    send(staff, f"/milestones/{last}/judge", heard)
    done = {
        "reached": ["13 min", "0.9%"],
        "evidence": ["第三方检测", "运行记录"],
        "words": "全部目标完成",
    }
    send(firm, f"/awards/{first.id}/apply", done | {"reached": ["13 min", ""]}, 422)
    send(firm, f"/awards/{first.id}/apply", done)
    tested = {
        "number": 1,
        "verdicts": ["reached", "partly"],
        "agrees": "1",
        "words": "在电站连续运行三十天",
    }
    send(issuer, f"/awards/{first.id}/test", tested | {"verdicts": ["reached"]}, 422)
    send(issuer, f"/awards/{first.id}/test", tested)
    concluded = {
        "number": 1,
        "verdicts": ["reached", "reached"],
        "decision": "accept",
        "accepted_on": "",
        "words": "专家组现场核对",
    }
    wrong = send(staff, f"/awards/{first.id}/conclude", concluded, 422)
    assert "不能高于发榜单位的实测结论" in wrong
    concluded["verdicts"] = ["reached", "partly"]
    send(staff, f"/awards/{first.id}/conclude", concluded)
    session.rollback()
    assert stage.call.status is CallStatus.ACCEPTED

    # What everybody reads of it, and what nobody does.
    public = page(login(stage.outsider), f"/calls/{call}")
    for words in ("立项与实施", "400", "通过验收", "部分达到", "13 min", "已淘汰"):
        assert words in public, words
    for words in ("试用报告", "现场看过", "专家组现场核对", "误报率是另一家", "150"):
        assert words not in public.split("立项与实施")[1], words

    html = page(firm, f"/contracts/new?award={first.id}")
    for words in ("技术开发合同", "400万元", "误报率≤1%（0.8%）", "2027-11-30"):
        assert words in html, words
    form = contract_form(html)
    send(firm, "/contracts/new", form)
    session.rollback()
    contract = session.get_one(Award, first.id).contract
    assert isinstance(contract, Contract)
    assert contract.total_fen == 400 * WAN
    assert [one.amount_fen for one in contract.payments] == [150 * WAN, 250 * WAN]
    assert (contract.buyer_id, contract.seller_id) == (
        stage.issuer.organisation_id,
        stage.firm.organisation_id,
    )
    again = firm.get(f"/contracts/new?award={first.id}")
    assert again.location == f"/contracts/{contract.id}"
    assert f"/awards/{first.id}" in page(issuer, f"/contracts/{contract.id}")
    second_contract = college.get(f"/contracts/new?award={second.id}")
    assert second_contract.status_code == 409


def contract_form(html: str) -> dict[str, list[str]]:
    """The form of the page as it would be sent."""
    [form] = [one for one in forms(html) if one.action == "/contracts/new"]
    data: dict[str, list[str]] = {}
    for name, value in form.values:
        data.setdefault(name, []).append(value)
    return data


def test_a_runner_sees_its_own_award_alone(stage, login):
    stage.begin()
    first, second = stage.awards
    stage.deliver(first.milestones[0])
    firm, college = login(stage.firm), login(stage.college)
    mine = page(firm, f"/calls/{stage.call.id}/execution")
    assert f"/awards/{first.id}" in mine
    assert f"/awards/{second.id}" not in mine
    assert stage.college.organisation.name not in mine
    assert "这里只显示本单位的项目" in mine
    for url in (
        f"/awards/{first.id}",
        f"/milestones/{first.milestones[0].id}",
        f"/milestones/{first.milestones[0].id}/attachments",
    ):
        assert college.get(url).status_code == 404, url
    listed = page(college, "/awards")
    assert f"/awards/{second.id}" in listed
    assert f"/awards/{first.id}" not in listed
    # The audit log names the step, and no word of it.
    log = page(login(stage.make.user(Role.ADMIN)), "/admin/audit")
    assert "交付里程碑" in log
    assert "样机一台" not in log
    both = page(login(stage.issuer), f"/calls/{stage.call.id}/execution")
    assert f"/awards/{first.id}" in both
    assert f"/awards/{second.id}" in both
    stranger = login(stage.outsider)
    assert stranger.get(f"/calls/{stage.call.id}/execution").status_code == 403
    assert stranger.get(f"/awards/{first.id}").status_code == 404


def test_files_are_the_winners_to_add_until_it_is_judged(stage, login, make):
    stage.begin()
    milestone = stage.awards[0].milestones[0]
    file = make.attachment(milestone)
    url = f"/milestones/{milestone.id}/attachments"
    remove = f"/attachments/{file.id}/remove-from-award"
    firm, issuer = login(stage.firm), login(stage.issuer)
    assert "检测报告.txt" in page(firm, url)
    assert issuer.get(f"/attachments/{file.id}").status_code == 200
    assert login(stage.college).get(f"/attachments/{file.id}").status_code == 404
    assert issuer.get(url).status_code == 403
    assert issuer.post(remove).status_code == 403
    for other in ("remove", "remove-from-deal"):
        assert firm.post(f"/attachments/{file.id}/{other}").status_code == 404
    stage.pass_(milestone)
    assert firm.post(remove).status_code == 409
    assert files.of_record(stage.session, stage.firm, milestone)


def test_what_waits_stands_in_the_work_list_of_who_must_act(stage, login):
    def waits(user) -> str:
        return page(login(user), "/work")

    award = stage.awards[0]
    assert "待拟定的任务书" in waits(stage.staff)
    stage.write(award)
    for user in (stage.issuer, stage.firm):
        assert "待本单位确认的任务书" in waits(user)
    assert "待本单位确认的任务书" not in waits(stage.college)
    stage.confirm(award, stage.issuer)
    assert "待本单位确认的任务书" not in waits(stage.issuer)
    with transaction(stage.session):
        stage.firm.active = False
    assert "待代为确认的任务书" in waits(stage.staff)
    with transaction(stage.session):
        stage.firm.active = True
    stage.confirm(award, stage.firm)
    stage.agree(stage.awards[1])
    milestone = award.milestones[0]
    with transaction(stage.session):
        milestone.planned_on = milestone.due_on = milestone.due_on.replace(year=2020)
    assert "到期要交付的里程碑" in waits(stage.firm)
    assert "逾期没有交付的里程碑" in waits(stage.staff)
    assert "逾期" in page(login(stage.issuer), f"/awards/{award.id}")
    stage.deliver(milestone)
    assert "待本单位判断的里程碑" in waits(stage.issuer)
    assert "待给出结论的里程碑" not in waits(stage.staff)
    stage.view(milestone)
    assert "待给出结论的里程碑" in waits(stage.staff)
    stage.judge(milestone)
    assert "已通过、待拨付的里程碑" in waits(stage.issuer)
    stage.pay(milestone, milestone.payment_fen)
    assert "已通过、待拨付的里程碑" not in waits(stage.issuer)
    stage.pass_(award.milestones[1])
    assert "可以申请验收的项目" in waits(stage.firm)
    stage.apply(award)
    assert "待本单位测试的验收" in waits(stage.issuer)
    stage.test(award)
    assert "待给出结论的验收" in waits(stage.staff)
    stage.conclude(award)
    assert award.state is AwardState.ACCEPTED
