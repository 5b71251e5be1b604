"""`flask users`: what an operator types."""

import pytest
from flask import Flask
from sqlalchemy import select

from models import User


@pytest.fixture
def run(app: Flask):
    runner = app.test_cli_runner()
    return lambda *args, text="": runner.invoke(args=["users", *args], input=text)


def add(run, *more: str, text: str = "horse battery 93\n"):
    words = ("--name", "张三", "--role", "enterprise", "--password-stdin")
    return run("add", "Zhang@Example.com", *words, *more, text=text)


def test_an_account_is_opened_listed_and_signed_in_with(run, client):
    done = add(run, "--organisation", "湘江测试有限公司")
    assert (done.exit_code, done.output) == (
        0,
        "added zhang@example.com (enterprise)\n",
    )
    listed = run("list").output
    assert listed == "zhang@example.com\tenterprise\tactive\t张三\t湘江测试有限公司\n"
    form = {"email": "zhang@example.com", "password": "horse battery 93"}
    assert client.post("/sign-in", data=form).status_code == 303


def test_a_refusal_names_the_field_and_opens_nothing(run, session):
    done = add(run, text="12345\n")
    assert done.exit_code == 1
    assert "password: 密码至少 10 个字符" in done.output
    assert session.scalar(select(User)) is None

    done = add(run)
    assert done.exit_code == 1
    assert "organisation: 企业、高校和技术经理人账号须填写所属单位" in done.output


def test_a_password_may_be_typed_twice(run, client):
    typed = "horse battery 93\nhorse battery 93\n"
    done = run("add", "li@example.com", "--name", "李四", "--role", "staff", text=typed)
    assert done.exit_code == 0, done.output
    assert "horse" not in done.output


def test_an_account_is_closed_and_opened_again(run, client):
    add(run, "--organisation", "湘江测试有限公司")
    form = {"email": "zhang@example.com", "password": "horse battery 93"}
    assert run("close", "zhang@example.com").exit_code == 0
    assert client.post("/sign-in", data=form).status_code == 422
    assert run("open", "zhang@example.com").exit_code == 0
    assert client.post("/sign-in", data=form).status_code == 303


def test_a_forgotten_password_is_replaced(run, client):
    add(run, "--organisation", "湘江测试有限公司")
    done = run(
        "password", "zhang@example.com", "--password-stdin", text="another horse 12\n"
    )
    assert done.exit_code == 0
    form = {"email": "zhang@example.com", "password": "another horse 12"}
    assert client.post("/sign-in", data=form).status_code == 303


def test_an_unknown_account_is_said_to_be_unknown(run):
    done = run("close", "nobody@example.com")
    assert done.exit_code == 1
    assert "no account" in done.output
