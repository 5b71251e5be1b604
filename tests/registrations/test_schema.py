"""What a registration may look like: codes, names, e-mails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from matchmaker.accounts.schema import EmailOnly
from matchmaker.errors import Invalid
from matchmaker.registrations.schema import RegistrationInput, plain_code
from matchmaker.schema import parse
from models.accounts import name_key
from models.states import OrganisationKind

CODE = "91110000600037341L"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def form(**given):
    values = {
        "credit_code": CODE,
        "organisation_name": "湘江电池有限公司",
        "kind": "enterprise",
        "district": "岳麓区",
        "name": "李四",
        "email": "li@example.com",
        "new": "horse battery 93",
        "repeated": "horse battery 93",
    }
    return values | given


def refusal(**given):
    with pytest.raises(Invalid) as caught:
        parse(RegistrationInput, form(**given))
    return caught.value.fields


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        CODE.lower(),
        f" {CODE} ",
        "9111 0000 6000 3734 1L",
        "９１１１００００６０００３７３４１Ｌ",
    ],
)
def test_a_code_is_the_same_however_it_is_typed(typed):
    assert parse(RegistrationInput, form(credit_code=typed)).credit_code == CODE


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "请填写此项"),
        (CODE[:-1], "现在是 17 位"),
        (CODE[:-1] + "M", "校验位不对"),
        ("91110000600037314L", "校验位不对"),
        (CODE.replace("L", "I"), "字母 I"),
        ("A" * 18, "格式不对"),
        ("统一社会信用代码", "现在是 8 位"),
    ],
)
def test_a_wrong_code_is_told_what_is_wrong_with_it(typed, words):
    assert words in refusal(credit_code=typed)["credit_code"]


@given(
    st.text("0123456789", min_size=8, max_size=8),
    st.text(ALPHABET, min_size=9, max_size=9),
    st.integers(0, 16),
    st.sampled_from(ALPHABET),
)
def test_one_wrong_character_never_passes(head, body, place, other):
    code = head + body + uscc.calc_check_digit(head + body)
    assert parse(RegistrationInput, form(credit_code=code)).credit_code == code
    wrong = code[:place] + other + code[place + 1 :]
    if wrong != code:
        assert "credit_code" in refusal(credit_code=wrong)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_codes_names_and_emails(text):
    plain_code(text)
    name_key(text)
    try:
        email = parse(EmailOnly, {"email": text}).email
    except Invalid:
        return
    assert email == email.lower()
    assert email.isascii()


def test_a_very_long_name_is_refused_in_words():
    long = refusal(organisation_name="长" * 5000, name="名" * 5000)
    assert long["organisation_name"] == "最多 200 个字，请精简"
    assert long["name"] == "最多 64 个字，请精简"


@pytest.mark.parametrize("kind", list(OrganisationKind))
def test_every_kind_of_organisation_registers(kind):
    assert parse(RegistrationInput, form(kind=kind.value)).kind is kind


def test_what_is_no_kind_of_organisation_is_refused():
    assert "kind" in refusal(kind="king")
    assert "kind" in refusal(kind="")


@pytest.mark.parametrize(
    "typed",
    [
        " Li@Example.COM ",
        "ＬＩ＠example.com",
        "li@example。com",
        "l\u200bi@example.com",
        "li@example.com\ufeff",
    ],
)
def test_an_email_is_the_same_in_odd_spelling(typed):
    assert parse(EmailOnly, {"email": typed}).email == "li@example.com"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "li",
        "li@",
        "li@example",
        "li@@example.com",
        "li li@example.com",
        "<li@example.com>",
        "li@example..com",
        "li@-example.com",
        ".li@example.com",
        "张三@example.com",
        "li@example.com,wang@example.com",
        "li@example.com\nBcc: wang@example.com",
    ],
)
def test_what_is_no_email_is_refused(typed):
    with pytest.raises(Invalid):
        parse(EmailOnly, {"email": typed})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("湘江电池有限公司", "湘江电池有限责任公司"),
        ("湘江电池有限公司", "长沙湘江电池股份有限公司"),
        ("湘江电池有限公司", "湖南省长沙市湘江电池有限公司"),
        ("湘江电池有限公司", " 湘江 电池（有限公司）"),
        ("湘江电池有限公司", "湘江電池有限公司"),
        ("ABC电池有限公司", "ａｂｃ电池有限公司"),
        ("湘江电池有限公司(示例)", "湘江电池有限公司"),
    ],
)
def test_one_organisation_in_two_spellings_has_one_key(one, other):
    assert name_key(one) == name_key(other)


def test_characters_that_grow_stay_within_the_columns():
    assert len(name_key("㍿" * 200)) == 200
    with pytest.raises(Invalid):
        parse(EmailOnly, {"email": "ﬃ" * 120 + "@example.com"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("长沙理工大学", "湖南理工大学"),
        ("湖南大学", "长沙大学"),
        ("长沙学院", "湖南学院"),
        ("湘江电池有限公司", "湘江电机有限公司"),
        ("湖南公司", "长沙公司"),
    ],
)
def test_different_organisations_keep_different_keys(one, other):
    assert name_key(one) != name_key(other)
