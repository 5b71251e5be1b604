"""Where a message may go: which hosts, and which addresses behind their names.

A server that posts to whatever address it is given can be made to post inside its own
network. So a host must be on the list, its name is looked up once, every address found
is judged, and the connection goes to one of those very addresses.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from models import WebhookHost

LONGEST = 500
DEFAULT_PORTS = {"https": 443, "http": 80}
NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
# The last label of a name is never a number: what ends in one is an IPv4 address, in
# one of the many spellings that some resolvers take (octal, one number, too few parts).
NUMBERED = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
# Open to nobody, not even where private addresses are: this host under its other
# names, the services that hand out a machine's credentials (of which one is public by
# its number), groups of receivers, and IPv6 addresses that carry an IPv4 one inside.
CLOSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "192.0.0.192/32",
        "192.88.99.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fd00:ec2::254/128",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
# Some receivers have theirs in the path: long, and not made of words alone.
PASSWORD = re.compile(r"(?=.*[0-9]).{17,}")
COMPATIBLE = ipaddress.ip_network("::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """It may not go there; the text says why, for the owner of the hook."""


class Unresolved(Exception):
    """The name has no address now."""


@dataclass(frozen=True)
class Target:
    """An address taken apart; ``path`` with its query, as it is asked for."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == DEFAULT_PORTS[self.scheme]
        return host if usual else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """The address for the eye, and no longer than it is.

        Of the values in its query, and of what looks like a password in its path, it
        has only the last letters.
        """
        path, mark, query = self.path.partition("?")
        parts = [
            _last(part) if PASSWORD.fullmatch(part) else part
            for part in path.split("/")
        ]
        pairs = [_struck(pair) for pair in query.split("&")]
        return (
            f"{self.scheme}://{self.authority}{'/'.join(parts)}{mark}{'&'.join(pairs)}"
        )

    def value(self, name: str) -> str:
        """What the query says under this name; empty if nothing."""
        return dict(parse_qsl(self.path.partition("?")[2])).get(name, "")


def _struck(pair: str) -> str:
    """What stands without a name may be the password itself."""
    name, mark, value = pair.partition("=")
    return f"{name}={_last(value)}" if mark else _last(pair)


def _last(value: str) -> str:
    if not value:
        return ""
    return f"…{value[-4:] if len(value) > 8 else ''}"


def target(address: str) -> Target:
    """The address, taken apart; raises `Refused`."""
    if len(address) > LONGEST or re.search(r"[^!-~]|\\", address):
        raise Refused("请填写完整的网址，最长 500 个字符，不含空格和中文")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise Refused("这不是一个网址，请核对主机名和端口") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or port == 0:
        raise Refused("请填写以 https:// 开头的网址")
    if "@" in parts.netloc:
        raise Refused("网址里不能带用户名或密码")
    if parts.fragment:
        raise Refused("网址里不能带 # 之后的部分")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(
        parts.scheme,
        plain_host(parts.hostname),
        port or DEFAULT_PORTS[parts.scheme],
        path,
    )


def plain_host(host: str) -> str:
    """The one spelling of a host; raises `Refused` for an address in disguise."""
    host = host.lower().removesuffix(".")
    # «%» names an interface of this machine, which is nobody's to choose.
    if _is_number(host) and "%" not in host:
        return str(ipaddress.ip_address(host))
    if len(host) > 253 or not NAME.fullmatch(host) or NUMBERED.fullmatch(host):
        raise Refused("主机名写法不对：请填写域名，或规范写法的 IP 地址")
    return host


@dataclass(frozen=True)
class Rule:
    """A line of the list of allowed hosts."""

    pattern: str
    allows_http: bool = False
    allows_private: bool = False

    def matches(self, aim: Target) -> bool:
        """Whether the line speaks of this address, port and scheme included."""
        host, port = split_pattern(self.pattern)
        if aim.port != (port or DEFAULT_PORTS[aim.scheme]):
            return False
        if aim.scheme == "http" and not self.allows_http:
            return False
        if host.startswith("*."):
            return aim.host.endswith(host[1:])
        return aim.host == host


def split_pattern(pattern: str) -> tuple[str, int | None]:
    """Host and port of a line as it is stored."""
    host, colon, port = pattern.rpartition(":")
    if not colon or pattern.endswith("]"):
        return pattern.strip("[]"), None
    return host.strip("[]"), int(port)


def plain_pattern(text: str) -> str:
    """A line as it is stored; raises `Refused`.

    «*.» must have two labels after it: «*.com» would be everybody.
    """
    wild = text.startswith("*.")
    aim = target(f"https://{text.removeprefix('*.')}")
    if aim.path != "/":
        raise Refused("只填写主机名，不带路径")
    if wild and ("." not in aim.host or _is_number(aim.host)):
        raise Refused("「*.」后面须是至少两段的域名，例如 *.example.com")
    return ("*." if wild else "") + aim.authority


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def rules(defaults: str, rows: Iterable[WebhookHost]) -> list[Rule]:
    """The list in force: what the setting names, and what the administrator added.

    Raises `Refused` for a setting that names what is no host.
    """
    given = (host.strip() for host in defaults.split(","))
    named = [Rule(plain_pattern(host)) for host in given if host]
    added = [Rule(row.pattern, row.allows_http, row.allows_private) for row in rows]
    return named + added


def rule_for(aim: Target, lines: Iterable[Rule]) -> Rule:
    """The line that allows the address, the widest of several; raises `Refused`."""
    fitting = [line for line in lines if line.matches(aim)]
    if not fitting:
        raise Refused(
            f"平台不允许推送到 {aim.scheme}://{aim.authority}，"
            "请联系平台管理员把它加入允许的主机"
        )
    return max(fitting, key=lambda line: line.allows_private)


def addresses(aim: Target, rule: Rule) -> list[str]:
    """The addresses behind the name, looked up once; raises `Refused`, `Unresolved`.

    One that may not be reached bars them all: a name that leads inside as well as
    outside is no honest one.
    """
    try:
        found = socket.getaddrinfo(aim.host, aim.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unresolved("域名解析不到地址") from error
    plain = list(dict.fromkeys(str(place[4][0]) for place in found))
    if not plain:
        raise Unresolved("域名解析不到地址")
    for text in plain:
        if not may_reach(ipaddress.ip_address(text), private=rule.allows_private):
            raise Refused(f"{aim.host} 指向内网或保留地址，平台不向那里推送")
    return plain


def may_reach(address: Address, *, private: bool) -> bool:
    """Whether a message may go to this address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return may_reach(address.ipv4_mapped, private=private)
        if address in COMPATIBLE and not address.is_loopback:
            return False
    if any(address in network for network in CLOSED):
        return False
    return address.is_global or private
