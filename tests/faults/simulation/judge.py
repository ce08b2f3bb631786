"""What holds of a simulated history besides the checker's rules: each reservation, the inbox, the outbox, the audit."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.services import audit
from tests.faults import checker
from tests.faults.history import History, Violation
from tests.faults.simulation.bank import Bank
from tests.faults.simulation.inbox import Inbox
from tests.faults.simulation.receiver import Receiver
from tests.faults.simulation.scenery import Site
from tests.faults.simulation.storage import REQUEST, Store

RESERVED = """
    SELECT s.sandbox_shop AS shop, p.external_id AS payment, sum(a.amount) AS amount,
        group_concat(o.provider_key) AS keys
    FROM refund_allocations a
    JOIN order_payments p ON p.id = a.payment_id
    JOIN operations o ON o.id = a.operation_id
    JOIN stores s ON s.id = o.store_id
    WHERE a.status IN ('pending', 'unknown', 'succeeded')
    GROUP BY 1, 2"""
BESIDES = {"in_transit"}
"""States of a return with a label that the carrier's scans bring; the checker knows none, for its parcels stay home."""


@dataclass
class Reservations:
    """I1 at the moment of each reservation: ours and what the reading told of others is at most what was captured."""

    store: Store
    banks: dict[str, Bank]
    found: list[Violation]
    _parts: int = 0
    _held: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def watch(self, session: Session) -> None:
        """Called before each commit."""
        del session
        [counted] = self.store.rows("SELECT count(*) AS parts FROM refund_allocations")
        if counted["parts"] <= self._parts:
            return
        self._parts = counted["parts"]
        readings: dict[tuple[str, str], Any] = REQUEST.get() or {}
        for row in self.store.rows(RESERVED):
            place = row["shop"], row["payment"]
            if row["amount"] > self._held.get(place, 0):
                self._judge(place, row["amount"], set(row["keys"].split(",")), readings.get(place))
            self._held[place] = row["amount"]

    def _judge(self, place: tuple[str, str], amount: int, keys: set[str], reading: Any) -> None:
        bank = self.banks[place[0]]
        if reading is None:
            self.found.append(Violation("I1", "/".join(place), "was reserved without a look at the provider's ledger"))
            return
        others = [one for one in reading if one.status != "failed" and one.key not in keys]
        bank.known_outside[place[1]] = {one.external_id for one in others if one.key is None}
        known = sum(one.amount for one in others)
        if amount + known > bank.captured[place[1]]:
            said = f"{amount} reserved and {known} known to be gone of {bank.captured[place[1]]}"
            self.found.append(Violation("I1", "/".join(place), said))


def check(history: History) -> list[Violation]:
    """The checker's rules; a label whose parcel is on its way has a return that is, too."""
    on_their_way = {row["id"] for row in history.tables["returns"] if row["status"] in BESIDES}
    return [
        one
        for one in checker.check(history)
        if not (one.subject in on_their_way and one.detail.startswith("has a label and is"))
    ]


def inbox(box: Inbox, store: Store) -> list[Violation]:
    """I6: what was acknowledged is kept once and worked on; a ticket that was opened is one ticket of its store."""
    found: list[Violation] = []
    rows = {row["id"]: row for row in store.rows("SELECT * FROM inbound_deliveries")}
    kept = Counter((row["connection_id"], row["key"]) for row in rows.values())
    wanted = Counter[tuple[str, str]]()
    for call in box.calls:
        text = call.body if call.external_id is None else f"id:{call.external_id}".encode()
        key = call.connection, hashlib.sha256(text).hexdigest()
        wanted[key] = 1
        if len(call.acknowledged) != 1:
            found.append(Violation("I6", call.kind, f"one call is kept as {sorted(call.acknowledged)}"))
        for name in call.acknowledged:
            status = rows[name]["status"] if name in rows else "gone"
            if status not in {"done", "ignored"}:
                found.append(Violation("I6", name, f"was acknowledged and is {status}"))
    if kept != wanted:
        found.append(Violation("I6", "inbox", f"{kept.total()} calls are kept of {wanted.total()} that came"))
    opened = Counter((call.connection, call.opens) for call in box.calls if call.opens is not None)
    links = Counter(
        (row["connection_id"], row["external_id"])
        for row in store.rows("SELECT l.* FROM ticket_links l JOIN tickets t ON t.id = l.ticket_id")
    )
    [tickets] = store.rows("SELECT count(*) AS number FROM tickets")
    if links != opened or tickets["number"] != opened.total():
        found.append(Violation("I6", "tickets", f"{opened.total()} were opened, {tickets['number']} are there"))
    return found


def outbox(receiver: Receiver, sites: list[Site], store: Store, *, killed: bool) -> list[Violation]:
    """I7: every event is taken by its store's endpoint at least once, in order per resource, or is told as dead.

    What a process that was `killed` had sent and not noted is sent again, in order: the first of each counts then.
    """
    found: list[Violation] = []
    for site in sites:
        dead = {
            row["event_id"]
            for row in store.rows(
                "SELECT event_id FROM webhook_deliveries WHERE endpoint_id = ? AND status = 'dead'", site.endpoint
            )
        }
        if extra := dead - receiver.refused:
            found.append(Violation("I7", site.shop, f"{len(extra)} events were given up that would have been taken"))
        log = store.rows(
            "SELECT e.* FROM events e JOIN webhook_endpoints w ON w.id = ? AND w.store_id = e.store_id"
            " WHERE e.position >= (SELECT min(position) FROM events WHERE resource_id = w.id)"
            " ORDER BY e.position, e.sequence",
            site.endpoint,
        )
        resource_of = {event["id"]: event["resource_id"] for event in log}
        taken: defaultdict[str, list[int]] = defaultdict(list)
        for event in receiver.taken[site.shop]:
            taken[resource_of[event["id"]]].append(event["sequence"])
        wanted: defaultdict[str, list[int]] = defaultdict(list)
        for event in log:
            if event["id"] not in dead:
                wanted[event["resource_id"]].append(event["sequence"])
        for resource in sorted(wanted.keys() | taken.keys()):
            told = list(dict.fromkeys(taken[resource])) if killed else taken[resource]
            if told != sorted(told):
                found.append(Violation("I7", resource, f"its events were told as {taken[resource]}"))
            if sorted(set(taken[resource])) != sorted(wanted[resource]):
                said = f"{sorted(set(taken[resource]))} of its events were taken, {sorted(wanted[resource])} happened"
                found.append(Violation("I7", resource, said))
    return found


def chain(session: Session) -> list[Violation]:
    """I11: the audit trail is sealed and fits its chain."""
    while audit.seal(session):
        session.flush()
    sealed, broken = audit.verify(session)
    left = audit.unsealed(session)
    if broken is None and not left:
        return []
    return [Violation("I11", "audit", f"{sealed} rows fit the chain, not {broken}; {left} are not sealed")]
