"""Which systems a store is connected to: its connections, and in test mode the sandbox for what they do not serve."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import orjson
from pydantic import ValidationError

from app.errors import NotConnected
from app.integrations import connecting
from app.integrations.addresses import Addresses
from app.integrations.carriers.contract import Carrier
from app.integrations.channels.contract import Channel
from app.integrations.commerce.contract import CommerceBackend
from app.integrations.connecting import Account
from app.integrations.http import Http
from app.integrations.payments.contract import PaymentProvider
from app.integrations.suites import sandbox
from app.models.connections import FAMILIES
from app.models.stores import Store
from app.services.keyrings import Keyring, Unreadable
from app.settings import Settings

SANDBOX = "sandbox"
KEPT = 1000
"""Connections whose adapters, tokens and sockets a process keeps."""
REST = 120.0
"""Seconds after which the clients of a connection that has changed are closed: what they have begun has ended."""


@dataclass(frozen=True, slots=True)
class Providers:
    """The four counterparts of one store in one mode."""

    commerce: CommerceBackend
    payments: PaymentProvider
    carrier: Carrier
    channel: Channel


class Connections(Protocol):
    """Finds a store's counterparts."""

    def of(self, store: Store, *, livemode: bool) -> Providers:
        """The counterparts; `not_connected` where there are none."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class _NotConnected:
    """In the place of a counterpart that a live store does not have."""

    def __getattr__(self, name: str) -> Any:
        raise NotConnected("The store is not connected to a system that does this.")


def mode(livemode: bool) -> str:  # noqa: FBT001  a word for it
    """The key of a mode in `Store.connected`."""
    return "live" if livemode else "test"


def serving(store: Store, *, livemode: bool) -> dict[str, str]:
    """By family, the kind of the connection that serves it; what is not there is the sandbox's, or nobody's."""
    return {family: row["kind"] for row in _rows(store, livemode=livemode).values() for family in row["families"]}


def serves(store: Store, connection_id: str, family: str, *, livemode: bool) -> bool:
    """Whether that very connection is the store's counterpart of the family."""
    return family in _rows(store, livemode=livemode).get(connection_id, {}).get("families", ())


def can(store: Store, family: str, capability: str, *, livemode: bool) -> bool:
    """Whether the kind of connection that serves the family says that it can do that; never what the sandbox serves."""
    row = next((row for row in _rows(store, livemode=livemode).values() if family in row["families"]), None)
    kind = None if row is None else connecting.every().get(row["kind"])
    if row is None or kind is None:
        return False
    return capability in kind.capabilities(kind.config.model_validate_json(orjson.dumps(row["config"])))


def connection_of(store: Store, family: str, *, livemode: bool) -> str | None:
    """The connection that serves the family, `sandbox` where that does, None where nobody."""
    rows = _rows(store, livemode=livemode)
    found = next((id_ for id_, row in rows.items() if family in row["families"]), None)
    return found or (None if livemode else SANDBOX)


def _rows(store: Store, *, livemode: bool) -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", (store.connected or {}).get(mode(livemode), {}))


def bound(store_id: str, connection_id: str, *, livemode: bool) -> tuple[str, ...]:
    """What the credentials of a connection are sealed for."""
    return ("connection", store_id, mode(livemode), connection_id)


class StoreConnections:
    """The adapters of all stores, made once for each state of a connection and kept with their tokens and sockets."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._settings, self._keyring = settings, keyring
        self._http = Http(settings.sandbox_url)
        self._addresses = Addresses(loopback=settings.loopback_addresses)
        self._sandbox: dict[str, Mapping[connecting.Family, Any]] = {}
        self._known: OrderedDict[tuple[str, int], tuple[Account[Any, Any], Mapping[Any, Any]]] = OrderedDict()
        self._retired: set[asyncio.Task[None]] = set()

    def of(self, store: Store, *, livemode: bool) -> Providers:
        """What the store's connections serve; for the rest the sandbox's shop in test mode, in live mode nothing."""
        rows = _rows(store, livemode=livemode)
        found: dict[Any, Any] = dict.fromkeys(FAMILIES, _NotConnected())
        if not livemode:
            found.update(self._of_sandbox(store.sandbox_shop))
        elif not rows:
            raise NotConnected
        for connection_id, row in rows.items():
            adapters = self._adapters(store, connection_id, row, livemode=livemode)
            found.update({family: adapters[family] for family in row["families"]})
        return Providers(**found)

    def account(
        self, store_id: str, connection_id: str, row: Mapping[str, Any], *, livemode: bool
    ) -> Account[Any, Any]:
        """A connection as its adapter sees it; raises `not_connected` where its credentials cannot be read."""
        kind = connecting.every().get(row["kind"])
        if kind is None:
            raise NotConnected("This version does not know the kind of the connection.")
        try:
            opened = self._keyring.open(row["credentials"], bound(store_id, connection_id, livemode=livemode))
            return Account(
                id=connection_id,
                livemode=livemode,
                config=kind.config.model_validate_json(orjson.dumps(row["config"])),
                credentials=kind.credentials.model_validate_json(orjson.dumps(opened)),
                seconds=self._settings.call_seconds,
                addresses=self._addresses,
                sandbox_url=self._settings.sandbox_url,
            )
        except (Unreadable, ValidationError) as error:
            raise NotConnected("The credentials of the connection cannot be read: give them again.") from error

    def _of_sandbox(self, shop: str) -> Mapping[connecting.Family, Any]:
        if shop not in self._sandbox:
            self._sandbox[shop] = sandbox.adapters(self._http, shop, self._settings.call_seconds)
        return self._sandbox[shop]

    def _adapters(
        self, store: Store, connection_id: str, row: Mapping[str, Any], *, livemode: bool
    ) -> Mapping[Any, Any]:
        place = (connection_id, row["version"])
        if place not in self._known:
            account = self.account(store.id, connection_id, row, livemode=livemode)
            self._known[place] = account, connecting.every()[row["kind"]].connect(account)
            self._retire([old for old in self._known if old[0] == connection_id and old[1] < row["version"]])
            self._retire(list(self._known)[: max(0, len(self._known) - KEPT)])
        self._known.move_to_end(place)
        return self._known[place][1]

    def _retire(self, places: list[tuple[str, int]]) -> None:
        for place in places:
            account, _ = self._known.pop(place)
            task = asyncio.get_running_loop().create_task(_close_later(account))
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)

    async def close(self) -> None:
        """Close every client."""
        for task in list(self._retired):
            task.cancel()
        await asyncio.gather(*self._retired, return_exceptions=True)
        for account, _ in self._known.values():
            await account.close()
        await self._http.aclose()


async def _close_later(account: Account[Any, Any]) -> None:
    try:
        await asyncio.sleep(REST)
    finally:
        await account.close()
