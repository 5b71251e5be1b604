"""Where a message may go: no spelling and no name leads inside unless allowed."""

import ipaddress
import socket

import pytest
from pydantic import ValidationError

from matchmaker.config import Settings
from matchmaker.webhooks import hosts
from matchmaker.webhooks.hosts import Rule

INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
]
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "169.254.0.1",
    "100.100.100.200",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "fd00:ec2::254",
    "64:ff9b::a00:1",
    "64:ff9b::808:808",
    "2002:a00:1::",
    "2001:0:a00:1::",
    "::10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "::ffff:0:a00:1",
    "168.63.129.16",
    "192.0.0.192",
]
OUTSIDE = ["8.8.8.8", "203.119.1.1", "2400:3200::1", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("text", INSIDE)
def test_an_address_inside_is_reached_only_where_allowed(text):
    address = ipaddress.ip_address(text)
    assert not hosts.may_reach(address, private=False)
    assert hosts.may_reach(address, private=True)


@pytest.mark.parametrize("text", NEVER)
def test_some_addresses_are_reached_by_nobody(text):
    address = ipaddress.ip_address(text)
    assert not hosts.may_reach(address, private=False)
    assert not hosts.may_reach(address, private=True)


@pytest.mark.parametrize("text", OUTSIDE)
def test_an_address_outside_is_reached(text):
    assert hosts.may_reach(ipaddress.ip_address(text), private=False)


@pytest.mark.parametrize(
    "address",
    [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1.1/",
        "https://0x7f.0.0.1/",
        "https://1.2.3.0x4/",
        "https://[::1/",
        "https://user@oapi.dingtalk.com/",
        "https://oapi.dingtalk.com@10.0.0.1/",
        "https://oapi.dingtalk.com\\@10.0.0.1/",
        "https://oapi.dingtalk.com#@10.0.0.1/",
        "https://exa mple.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://-example.com/",
        "https://例子.中国/",
        "https://example.com/\r\nX: y",
        "https://example.com/\x00\x7f",
        "https://[fd12::1%eth0]/",
        "https:///in",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/in",
        "example.com/in",
        "",
        "https://example.com/" + "x" * 500,
    ],
)
def test_an_address_in_disguise_is_no_address(address):
    with pytest.raises(hosts.Refused):
        hosts.target(address)


def test_an_address_is_taken_apart_in_one_spelling():
    aim = hosts.target("https://OAPI.DingTalk.com.:443/robot/send?access_token=abc")
    assert (aim.host, aim.port) == ("oapi.dingtalk.com", 443)
    assert aim.path == "/robot/send?access_token=abc"
    assert aim.authority == "oapi.dingtalk.com"
    assert hosts.target("https://[::FFFF:10.0.0.1]:8443/").host == "::ffff:a00:1"
    assert hosts.target("http://h.example.com:8080").authority == "h.example.com:8080"


def test_what_is_shown_of_an_address_is_no_password():
    aim = hosts.target("https://q.example.com/send?key=693a91f6-7abc-4bc4&v=1")
    assert aim.shown == "https://q.example.com/send?key=…4bc4&v=…"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/in?693a91f67abc4bc4", "/in?…4bc4"),
        ("/in?short", "/in?…"),
        ("/services/T01/B02/x7Zq0Jw3Kd9Lm2Rt5VbN", "/services/T01/B02/…5VbN"),
        ("/hooks/technology-transactions/in", "/hooks/technology-transactions/in"),
        ("/in?a=&b=1", "/in?a=&b=…"),
    ],
)
def test_nor_is_what_stands_in_it_without_a_name(path, shown):
    aim = hosts.target(f"https://q.example.com{path}")
    assert aim.shown == f"https://q.example.com{shown}"


def test_what_is_shown_is_no_longer_than_the_address():
    """Its column has room for an address, not for a sign to each of 200 names."""
    address = "https://q.example.com/?" + "&".join(["a=12"] * 40 + ["b"] * 130)
    assert len(hosts.target(address).shown) <= len(address)


@pytest.mark.parametrize(
    ("pattern", "address", "fits"),
    [
        ("h.example.com", "https://h.example.com/in", True),
        ("h.example.com", "https://h.example.com:8443/in", False),
        ("h.example.com:8443", "https://h.example.com:8443/in", True),
        ("h.example.com", "http://h.example.com/in", False),
        ("h.example.com", "https://x.h.example.com/in", False),
        ("h.example.com", "https://h.example.com.evil.net/in", False),
        ("*.example.com", "https://a.b.example.com/in", True),
        ("*.example.com", "https://example.com/in", False),
        ("*.example.com", "https://evilexample.com/in", False),
        ("[fd12::1]:8443", "https://[fd12::1]:8443/in", True),
        ("fd12::1", "https://[fd12::1]/in", False),
    ],
)
def test_only_a_host_on_the_list_is_allowed(pattern, address, fits):
    aim = hosts.target(address)
    if fits:
        assert hosts.rule_for(aim, [Rule(pattern)]) == Rule(pattern)
    else:
        with pytest.raises(hosts.Refused, match="不允许推送到"):
            hosts.rule_for(aim, [Rule(pattern)])


def test_http_must_be_allowed_for_the_host():
    aim = hosts.target("http://h.example.com/in")
    with pytest.raises(hosts.Refused):
        hosts.rule_for(aim, [Rule("h.example.com", allows_private=True)])
    assert hosts.rule_for(aim, [Rule("h.example.com", allows_http=True)])


def test_the_setting_names_hosts_that_are_never_inside():
    for rule in hosts.rules("oapi.dingtalk.com, qyapi.weixin.qq.com,", ()):
        assert rule.pattern in ("oapi.dingtalk.com", "qyapi.weixin.qq.com")
        assert not rule.allows_http
        assert not rule.allows_private


def test_a_setting_that_names_no_host_is_told_at_the_start():
    named = Settings(webhook_hosts="OAPI.DingTalk.com , hooks.example.com:8443")
    patterns = [rule.pattern for rule in hosts.rules(named.webhook_hosts, ())]
    assert patterns == ["oapi.dingtalk.com", "hooks.example.com:8443"]
    for wrong in ("https://hooks.example.com", "hooks.example.com:in", "*"):
        with pytest.raises(ValidationError, match="webhook_hosts"):
            Settings(webhook_hosts=wrong)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Hooks.Example.com", "hooks.example.com"),
        ("*.Example.com", "*.example.com"),
        ("hooks.example.com:8443", "hooks.example.com:8443"),
        ("10.1.2.3", "10.1.2.3"),
        ("[fd12::1]:8443", "[fd12::1]:8443"),
    ],
)
def test_a_line_of_the_list_has_one_spelling(typed, stored):
    assert hosts.plain_pattern(typed) == stored


@pytest.mark.parametrize(
    "typed", ["*", "*.", "*.com", "*.10.0.0.1", "a b", "h.example.com/in", "127.1", ""]
)
def test_a_line_that_would_allow_everybody_is_refused(typed):
    with pytest.raises(hosts.Refused):
        hosts.plain_pattern(typed)


def resolving(monkeypatch, *answers):
    """Let names lead to these addresses, a list a look-up; returns what was asked."""
    asked, left = [], list(answers)

    def getaddrinfo(host, port, *_, **__):
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_leads_inside_is_refused(monkeypatch):
    resolving(monkeypatch, ["10.0.0.5"])
    aim = hosts.target("https://innocent.example.com/")
    with pytest.raises(hosts.Refused, match="内网"):
        hosts.addresses(aim, Rule("innocent.example.com"))
    assert hosts.addresses(aim, Rule("innocent.example.com", allows_private=True))


def test_a_name_that_leads_inside_as_well_is_refused(monkeypatch):
    resolving(monkeypatch, ["203.119.1.1", "169.254.169.254"])
    aim = hosts.target("https://innocent.example.com/")
    with pytest.raises(hosts.Refused):
        hosts.addresses(aim, Rule("innocent.example.com", allows_private=True))


def test_a_name_without_an_address_can_be_tried_again(monkeypatch):
    def nothing(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(hosts.Unresolved):
        hosts.addresses(hosts.target("https://h.example.com/"), Rule("h.example.com"))
