"""Kinds of connections: each is declared once, in its adapter's own file, and found here by folder.

A kind is a module-level `KIND` in a module (or package) of one of the folders below. It says what has to be known to
connect (`config` is shown, `credentials` never), which of a store's counterparts it can be, how to look whether it
works, and how calls from there are known and read. It knows nothing of tables.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from app.integrations.addresses import Addresses
from app.integrations.breaker import Breaker
from app.integrations.http import Http

FOLDERS = ("carriers", "channels", "commerce", "helpdesks", "payments", "suites")
Family = Literal["commerce", "payments", "carrier", "channel"]


class Given(BaseModel):
    """What a user gives to connect: strict, nothing unknown; credentials are `SecretStr`."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


C = TypeVar("C", bound=Given)
S = TypeVar("S", bound=Given)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found of one thing: it works, or why not and which permission is missing."""

    name: str
    ok: bool
    detail: str
    missing: str | None = None


@dataclass
class Account(Generic[C, S]):
    """One connection as its adapter sees it: what was given, and the means to call. Kept as long as it is unchanged."""

    id: str
    livemode: bool
    config: C
    credentials: S = field(repr=False)
    seconds: float = 10.0
    """Deadline of one call."""
    addresses: Addresses = field(default_factory=Addresses)
    sandbox_url: str = ""
    breaker: Breaker = field(default_factory=Breaker)
    _clients: list[Http] = field(default_factory=list[Http], repr=False)

    def http(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_connections: int = 20,
        ours: bool = False,
    ) -> Http:
        """A client of this account: what a user gave is checked at every connection, unless the address is `ours`.

        All clients of an account share its breaker. Make one per base address, and keep it.
        """
        client = Http(
            base_url,
            headers=headers,
            max_connections=max_connections,
            addresses=None if ours else self.addresses,
            breaker=self.breaker,
        )
        self._clients.append(client)
        return client

    async def close(self) -> None:
        """Close its connections."""
        for client in self._clients:
            await client.aclose()


class NotGenuine(Exception):
    """A call to us that is not from where it says: not signed, signed wrongly, too old, too new, of another account."""


@dataclass(frozen=True, slots=True)
class Received:
    """A call to us as it came; header names in lower case, one that came twice joined by a comma."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    at: datetime = field(repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """A call whose sender is known."""

    external_id: str | None = None
    """The sender's id of this delivery."""
    id_is_signed: bool = False
    """Else the same body under another id is a replay."""
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Inbound(Generic[C, S]):
    """How calls from a kind of system are known and read; parsing comes after verifying, and never the other way."""

    configured: Callable[[Account[C, S]], bool]
    """Whether there is a secret: without one the address does not exist."""
    verify: Callable[[Account[C, S], Received], Known]
    """Raises NotGenuine; compares in constant time."""
    resource: Callable[[Known, Mapping[str, Any]], str]
    """What the parsed body is about: what is about the same is worked on in order; empty: in order with all such."""
    read: Callable[[Account[C, S], Mapping[str, Any]], Mapping[str, Any]] = lambda _, body: body
    """The parsed body in our words: the sender's stop here."""
    ids: frozenset[str] = frozenset()
    """Fields of what `read` gives that hold the sender's own ids and never a text: nothing in them is redacted."""
    named: Callable[[Mapping[str, Any]], str | None] = lambda _: None
    """The sender's id of the delivery where it stands in the body."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[C, S]):
    """One kind of connection."""

    name: str
    description: str
    config: type[C]
    credentials: type[S]
    check: Callable[[Account[C, S]], Awaitable[Sequence[Finding]]]
    """Ask the system, in a few calls that change nothing; raises as `Http.call` does."""
    families: tuple[Family, ...] = ()
    """Which of a store's counterparts it can be; a connection may be fewer."""
    connect: Callable[[Account[C, S]], Mapping[Family, Any]] = lambda _: {}
    """The adapters, by family: objects that keep the family's contract."""
    capabilities: Callable[[C], Sequence[str]] = lambda _: ()
    """What it can do, in words that callers may rely on."""
    inbound: Inbound[C, S] | None = None
    test_only: bool = False


@cache
def every() -> dict[str, Kind[Any, Any]]:
    """Every kind by its name."""
    found: dict[str, Kind[Any, Any]] = {}
    here = Path(__file__).parent
    for folder in FOLDERS:
        for module in sorted(module.name for module in pkgutil.iter_modules([str(here / folder)])):
            declared: Any = getattr(importlib.import_module(f"{__package__}.{folder}.{module}"), "KIND", None)
            if isinstance(declared, Kind):
                kind = cast("Kind[Any, Any]", declared)
                found[kind.name] = kind
    return found
