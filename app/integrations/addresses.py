"""Addresses that users give us (webhooks, attachments, connections): which may be called, and where they really lead.

One rule for all of them. `parse` refuses by what is written; `Addresses.resolve` looks a name up once and refuses where
any of its addresses is not public; `http.py` then dials exactly what `resolve` gave, and follows no redirect. What is
refused never sees a packet. Nothing here trusts `ipaddress.is_global` alone: it is true for NAT64 and 6to4 forms of a
metadata address, and for 168.63.129.16.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from app.integrations.errors import Refused

CODE = "address_not_allowed"
MAX_LENGTH = 2048
MAX_HOST = 253
Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a name and a port to its addresses; raises OSError where it has none."""

# RFC 3986, and less of it: a scheme, a host, a port, printable ASCII behind. No userinfo, no fragment, no backslash.
_WRITTEN = re.compile(
    r"(?P<scheme>[A-Za-z]+)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>[/?][!$-;=?-Z\[\]_a-z~]*)?",
    re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
"""A last label like this makes resolvers read the whole host as a number: 127.1, 0x7f.1, 2130706433."""
INSIDE = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "svc",
    "home.arpa",
    "in-addr.arpa",
    "ip6.arpa",
    "onion",
    "invalid",
    "metadata.tencentyun.com",
)
"""Names, and all below them, that mean a machine of the network we stand in; metadata hosts among them."""
OTHERS_PORTS = frozenset(
    # databases, caches, queues, remote shells and control planes: behind TLS or not, nobody takes a webhook there
    {1433, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4369, 5060, 5061}
    | {5432, 5671, 5672, 5900, 5984, 5985, 5986, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697}
    | {7000, 7001, 8500, 9042, 9092, 9200, 9300, 10080, 10250, 10255, 11211, 15672, 25672, 27017, 27018, 28017, 50000}
)

_V4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
)  # fmt: skip
"""What IANA's registry of special addresses has, and Azure's own wire server; 224/3: multicast and all above."""
_V6 = tuple(
    IPv6Network(net)
    for net in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)  # fmt: skip
"""Within 2000::/3, which alone is public: Teredo, ORCHID and benchmarks; documentation; 6to4; AS112."""
_PUBLIC_V6 = IPv6Network("2000::/3")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: `url` is as it may be requested, its host in lower case."""

    url: str
    scheme: str
    host: str
    port: int
    loopback: bool = False


class NotPublic(OSError):
    """A name was looked up for a connection and leads where none may be opened; `refused` says why."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(refusal.detail)
        self.refused = refusal


def refused(why: str) -> Refused:
    """The refusal; `why` never repeats what was given."""
    return Refused(CODE, f"This address is not allowed: {why}.")


def is_public(address: Address) -> bool:
    """Whether it is a machine on the public internet, and not a way around to one that is not."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in net for net in _V4)
    if address.scope_id is not None or address not in _PUBLIC_V6:  # mapped, NAT64, ULA, link-local: all outside
        return False
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:  # an IPv4 address as the interface's id
        return False
    return address.is_global and not any(address in net for net in _V6)


async def _system(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Which addresses of users may be called; `loopback` lets tests call http://127.0.0.1 and http://[::1] besides."""

    loopback: bool = False
    resolver: Resolver = field(default=_system, compare=False)

    def parse(self, url: str) -> Target:
        """The address as it may be requested, by what is written alone; raises Refused("address_not_allowed")."""
        if not 0 < len(url) <= MAX_LENGTH:
            raise refused(f"it may have {MAX_LENGTH} characters")
        match = _WRITTEN.fullmatch(url)
        if match is None:
            raise refused("write https://host/path, in ASCII, without user, password or fragment")
        scheme, host, rest = match["scheme"].lower(), match["host"].lower(), match["rest"] or "/"
        port = int(match["port"] or {"https": 443, "http": 80}.get(scheme, 0))
        if self._is_test(scheme, host) and 0 < port < 65536:
            return Target(f"{scheme}://{host}:{port}{_path(rest)}", scheme, host.strip("[]"), port, loopback=True)
        if scheme != "https":
            raise refused("only https is called")
        _check_name(host)
        if port != 443 and (not 1024 <= port < 65536 or port in OTHERS_PORTS):
            raise refused("its port is 443, or one from 1024 on that belongs to no other protocol")
        shown = host if port == 443 else f"{host}:{port}"
        return Target(f"https://{shown}{_path(rest)}", scheme, host, port)

    def _is_test(self, scheme: str, host: str) -> bool:
        return self.loopback and scheme in {"http", "https"} and host in {"127.0.0.1", "[::1]"}

    def admits(self, address: Address) -> bool:
        """Whether a connection may be opened to it."""
        return is_public(address) or (self.loopback and str(address) in {"127.0.0.1", "::1"})

    async def resolve(self, host: str, port: int) -> list[Address]:
        """What the name leads to, every address public; raises Refused, or OSError where it leads nowhere."""
        if self.loopback and host in {"127.0.0.1", "::1"}:
            return [ip_address(host)]
        _check_name(host)
        try:
            found = [ip_address(text) for text in await self.resolver(host, port)]
        except ValueError as error:
            raise refused("its name leads to something that is no address") from error
        if not found:
            raise OSError("the name has no address")
        if not all(is_public(address) for address in found):  # one that is not spoils all: it may be the one dialled
            raise refused("its name leads to an address that is not public")
        return found


def _path(rest: str) -> str:
    return rest if rest.startswith("/") else f"/{rest}"


def _check_name(host: str) -> None:
    """Raise Refused unless it is a whole name of the public DNS; numbers in any writing are none."""
    labels = host.split(".")
    if host.startswith("[") or _NUMBER.fullmatch(labels[-1]):
        raise refused("name a host instead of a number")
    if len(host) > MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise refused("its host is no name; write an international one as xn--…, without a dot at the end")
    if len(labels) < 2:
        raise refused("its host needs a domain")
    if any(host == name or host.endswith(f".{name}") for name in INSIDE):
        raise refused("its host is a name inside of a network")
