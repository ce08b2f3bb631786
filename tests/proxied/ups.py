"""UPS's rows: every operation of its adapter."""

from __future__ import annotations

from typing import Any

from app.integrations.carriers import ups as adapter
from app.integrations.carriers.contract import VoidLabel
from tests.integrations.test_ups import JANE, KEY, LABEL, NUMBER, account
from tests.integrations.ups_server import ACCOUNT, UpsServer, scan
from tests.proxied.proxy import Answer, Speech, rest_names
from tests.proxied.table import Asked, Asking, Clock, Effecting, Provider, Reading

NAMED, NAMES = rest_names(UpsServer().app())


def _refusal(call: str, body: bytes) -> Answer:
    del call, body
    return 400, {"response": {"errors": [{"code": "120100", "message": "Refused by a fault."}]}}, {}


def _throttled(retry_after: int | None) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return 429, {"response": {"errors": [{"code": "250004", "message": "Rate limit."}]}}, headers


def _clocks(adapters: Asking, clock: Clock) -> None:
    adapters.carrier._adapter._now = clock


def _bought(server: UpsServer) -> str:
    return server.bought(KEY)


def _labels(server: UpsServer) -> Any:
    return [(label["references"][0], label["voided"]) for label in server.labels.values()]


def _void(server: UpsServer) -> VoidLabel:
    return VoidLabel(key="opr_2", label_id=_bought(server))


def _file(server: UpsServer) -> Asked:
    number = _bought(server)
    return lambda ask: ask.carrier.label_file(number, "png")


def _track(server: UpsServer) -> Asked:
    server.scans[NUMBER] = [scan("20261126", "091500", "I", "AR", "Arrived at Facility")]
    return lambda ask: ask.carrier.track(NUMBER)


def _subscribe(server: UpsServer) -> Asked:
    del server
    numbers = [f"1Z{ACCOUNT}{number:010}" for number in range(101)]  # two batches

    async def ask(asking: Asking) -> Any:
        found = await asking.carrier.subscribe(numbers)  # type: ignore[attr-defined]
        return found.taken, found.refused

    return ask


def _address(server: UpsServer) -> Asked:
    del server
    return lambda ask: ask.carrier.check_address(JANE)  # type: ignore[attr-defined]


def _check(server: UpsServer) -> Asked:
    del server
    return lambda ask: adapter.check(ask.account)


UPS = Provider(
    kind=adapter.KIND,
    server=lambda _: UpsServer(),
    account=account,
    speech=Speech(NAMED, _refusal, _throttled),
    names=NAMES,
    clocks=_clocks,
    rows=(
        Effecting(kind="return_label", stock=lambda _: LABEL, ledger=_labels),
        Effecting(kind="label_void", stock=_void, ledger=_labels),
        Effecting(kind="surplus_label_void", stock=_void, ledger=_labels),
        Reading(name="label_file", stock=_file, lies=("wrong_id",)),
        Reading(name="track", stock=_track),
        Reading(name="subscribe", stock=_subscribe),
        Reading(name="check_address", stock=_address),
        Reading(name="check", stock=_check),
    ),
)
