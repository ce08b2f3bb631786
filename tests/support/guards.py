"""No test reaches out: connections and look-ups leave this process for the loopback only."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any


class LeftTheMachineError(AssertionError):
    """A test tried to reach another machine."""


def forbid_the_outside() -> None:
    """Raise `LeftTheMachineError` in whoever tries, for the rest of this process."""
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        _check(str(arguments[1][0]))
    elif event == "socket.getaddrinfo" and arguments[0] is not None:
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0])
        if not _literal(host):  # resolving an address asks nobody
            _check(host)


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _check(host: str) -> None:
    if host in ("", "localhost", "ip6-localhost"):
        return
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        address = None
    if address is None or not (address.is_loopback or address.is_unspecified):
        raise LeftTheMachineError(f"a test tried to reach {host!r}; tests talk to this machine only")
