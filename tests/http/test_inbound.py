"""Calls of connected systems: known or refused, kept once, worked on in order, and two mirrors that come to rest."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from app import clock
from app.integrations import signatures
from app.models.connections import InboundDelivery
from app.models.records import AuditRow
from app.services import inbound, inbound_work
from app.services.inbound import Handler
from tests.services.durable_fixtures import until
from tests.support.app import App, Tenant
from tests.support.tables import differing, still

RAW = b"a secret of forty bytes, all of it here!"
SECRET = "whsec_" + base64.b64encode(RAW).decode()
OTHER = b"another secret of forty-one bytes, whole!"
SHARED = "a-shared-secret-in-a-header"
SCOPES = ["tickets:read", "tickets:write", "refunds:write", "orders:write"]


class Desk:
    """A CRM that is connected to a store."""

    def __init__(self, store: Tenant, secret: str = SECRET, raw: bytes = RAW, **config: Any) -> None:
        self.store, self.raw = store, raw
        body = {
            "kind": "crm", "name": "Desk", "config": {"scopes": SCOPES, **config}, "credentials": {"secret": secret},
        }  # fmt: skip
        self.connection = store.post("/v1/connections", body).json()
        self.client = store.app.client(url=store.app.url)

    @property
    def path(self) -> str:
        return f"/v1/inbound/{self.connection['id']}"

    def headers(self, body: bytes, *, delivery: str = "", at: float | None = None) -> dict[str, str]:
        delivery, stamp = delivery or f"dlv_{uuid.uuid4().hex}", int(time.time() if at is None else at)
        return {
            "webhook-id": delivery,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signatures.sign(self.raw, delivery, stamp, body),
        }

    def post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        return self.client.post(self.path, content=body, headers={"Content-Type": "application/json", **headers})

    def send(self, command: dict[str, Any], **how: Any) -> httpx.Response:
        body = json.dumps(command).encode()
        return self.post(body, self.headers(body, **how))

    def done(self, command: dict[str, Any], status: str = "done") -> dict[str, Any]:
        """Send it, and what came of it."""
        answer = self.send(command)
        assert answer.status_code == 200, answer.text
        return self.came_of(answer.json()["id"], status)

    def came_of(self, delivery_id: str, status: str = "done") -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            row = next(row for row in self.deliveries() if row["id"] == delivery_id)
            return row if row["status"] != "pending" else None

        row = until(ended)
        assert row["status"] == status, row
        return row["outcome"]

    def deliveries(self, query: str = "limit=200") -> list[dict[str, Any]]:
        return self.store.get(f"/v1/connections/{self.connection['id']}/deliveries?{query}").json()["data"]


OPEN: dict[str, Any] = {
    "command": "open_ticket",
    "external_id": "zd-1",
    "subject": "The lamp",
    "text": "It is broken.",
}


def told(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


# ---- who it is ----------------------------------------------------------------------------------------------------


def test_a_signed_command_is_kept_answered_and_carried_out_once(store: Tenant) -> None:
    desk = Desk(store)
    body = json.dumps(OPEN).encode()
    headers = desk.headers(body)
    first, again = desk.post(body, headers), desk.post(body, headers)
    assert (first.status_code, first.json()["status"]) == (200, "accepted")
    assert again.json() == {"id": first.json()["id"], "status": "duplicate"}
    ticket = store.get(f"/v1/tickets/{desk.came_of(first.json()['id'])['ticket']}").json()
    assert (ticket["subject"], ticket["external_ids"]) == ("The lamp", {desk.connection["id"]: "zd-1"})
    assert ticket["messages"][0]["author"] == {
        "type": "connection", "id": desk.connection["id"], "key": desk.connection["id"],
    }  # fmt: skip
    events = store.get(f"/v1/events?resource={ticket['id']}").json()["data"]
    assert {row["origin"] for row in events} == {desk.connection["id"]}
    assert len(store.get("/v1/tickets").json()["data"]) == 1


def _forged(desk: Desk, body: bytes) -> dict[str, dict[str, str]]:
    good = desk.headers(body)
    stamp = int(time.time())
    wrong = signatures.sign(OTHER, good["webhook-id"], stamp, body)
    return {
        "nothing": {},
        "no signature": {k: v for k, v in good.items() if k != "webhook-signature"},
        "no id": {k: v for k, v in good.items() if k != "webhook-id"},
        "no time": {k: v for k, v in good.items() if k != "webhook-timestamp"},
        "another secret": {**good, "webhook-signature": wrong},
        "another id": {**good, "webhook-id": "dlv_2"},
        "another time": {**good, "webhook-timestamp": str(stamp + 60)},
        "another version": {**good, "webhook-signature": good["webhook-signature"].replace("v1,", "v2,")},
        "cut": {**good, "webhook-signature": good["webhook-signature"][:-4]},
        "too old": desk.headers(body, at=stamp - 400),
        "from ahead": desk.headers(body, at=stamp + 400),
        "a time that is none": {**good, "webhook-timestamp": "١٢٣"},
        "of another body": desk.headers(body + b" "),
        "a secret in a header": {"X-Aftersale-Secret": SECRET},
        "two hundred signatures": {**good, "webhook-signature": " ".join([wrong] * 200 + [good["webhook-signature"]])},
    }


def test_what_is_not_signed_as_it_should_be_leaves_nothing(app: App, store: Tenant) -> None:
    desk = Desk(store)
    body = json.dumps(OPEN).encode()
    before = still(app.settings.database)
    for what, headers in _forged(desk, body).items():
        sent = {name: value.encode() for name, value in headers.items()}
        answer = desk.post(body, sent)  # type: ignore[arg-type]
        assert told(answer) == (401, "signature_invalid"), what
    assert differing(before, still(app.settings.database)) == {}


def test_without_a_secret_there_is_no_such_address(app: App, store: Tenant, other: Tenant) -> None:
    desk = Desk(store)
    bare = store.post("/v1/connections", {"kind": "crm", "name": "Bare"}).json()["id"]
    shop = store.post("/v1/connections", {"kind": "sandbox", "name": "Shop", "families": []}).json()["id"]
    gone = store.post("/v1/connections", {"kind": "crm", "name": "G", "credentials": {"secret": SECRET}}).json()["id"]
    store.send("DELETE", f"/v1/connections/{gone}")
    body = json.dumps(OPEN).encode()
    answers = []
    for connection in (bare, shop, gone, "con_01m7zskg3kes4tpxfpb1m0gczt", "x", "%2e%2e"):
        answer = desk.client.post(f"/v1/inbound/{connection}", content=body, headers={
            "Content-Type": "application/json", **desk.headers(body)})  # fmt: skip
        assert told(answer) == (404, "connection_not_found"), connection
        answers.append(answer.content.replace(answer.headers["x-request-id"].encode(), b""))
    assert len(set(answers)) == 1
    assert told(other.get(f"/v1/connections/{desk.connection['id']}/deliveries")) == (404, "connection_not_found")
    live = app.client(store.live_key)
    assert told(live.get(f"/v1/connections/{desk.connection['id']}/deliveries")) == (404, "connection_not_found")


def test_a_secret_is_changed_with_an_overlap(store: Tenant) -> None:
    desk = Desk(store)
    new = "whsec_" + base64.b64encode(OTHER).decode()
    path = f"/v1/connections/{desk.connection['id']}"
    store.send("PATCH", path, {"credentials": {"secret": new}, "overlap_seconds": 60})
    assert desk.send(OPEN).status_code == 200, "the former one still signs"
    desk.raw = OTHER
    assert desk.send({**OPEN, "external_id": "zd-2"}).status_code == 200
    store.send("PATCH", path, {"credentials": {"secret": new}})
    assert desk.send({**OPEN, "external_id": "zd-3"}).status_code == 200
    desk.raw = RAW
    assert told(desk.send({**OPEN, "external_id": "zd-4"})) == (401, "signature_invalid")


def test_several_signatures_and_the_standard_s_own_vector(store: Tenant) -> None:
    desk = Desk(store)
    body = json.dumps(OPEN).encode()
    headers = desk.headers(body)
    wrong = signatures.sign(OTHER, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    both = {**headers, "webhook-signature": f"v1a,abc {wrong} {headers['webhook-signature']}"}
    assert desk.post(body, both).status_code == 200


def test_the_vector_of_the_standard(specs: Any) -> None:
    vector = json.loads((specs / "specs" / "standard-webhooks" / "vector.json").read_text(encoding="utf-8"))
    secret, body = signatures.secret_bytes(vector["secret"]), vector["payload"].encode()
    assert signatures.sign(secret, vector["id"], vector["timestamp"], body) == vector["signature"]
    assert signatures.signed([secret], vector["id"], str(vector["timestamp"]), body, vector["signature"])


def test_a_secret_in_a_header_is_for_those_that_cannot_sign(store: Tenant) -> None:
    desk = Desk(store, SHARED, verification="shared_secret", header="X-Gorgias-Secret")
    body = json.dumps({**OPEN, "id": "event-1"}).encode()
    assert told(desk.post(body, {})) == (401, "signature_invalid")
    assert told(desk.post(body, {"X-Gorgias-Secret": SHARED[:-1]})) == (401, "signature_invalid")
    assert told(desk.post(body, {"X-Aftersale-Secret": SHARED})) == (401, "signature_invalid")
    first = desk.post(body, {"X-Gorgias-Secret": SHARED})
    assert first.json()["status"] == "accepted"
    assert desk.post(body, {"X-Gorgias-Secret": SHARED}).json()["status"] == "duplicate"
    other = json.dumps({**OPEN, "id": "event-2"}).encode()
    assert desk.post(other, {"X-Gorgias-Secret": SHARED}).json()["status"] == "accepted"
    bare = json.dumps(OPEN).encode()
    assert [desk.post(bare, {"X-Gorgias-Secret": SHARED}).json()["status"] for _ in range(2)] == [
        "accepted", "duplicate",
    ]  # fmt: skip


def test_zendesk_s_own_signature(store: Tenant) -> None:
    desk = Desk(store, SHARED, verification="zendesk")
    body = json.dumps({**OPEN, "id": "1"}).encode()

    def signed(at: datetime) -> dict[str, str]:
        stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        mark = signatures.base64_hmac(SHARED.encode(), stamp.encode() + body)
        return {"X-Zendesk-Webhook-Signature": mark, "X-Zendesk-Webhook-Signature-Timestamp": stamp}

    now = datetime.now(UTC)
    good = signed(now)
    for bad in (
        signed(now - timedelta(seconds=400)),
        signed(now + timedelta(seconds=400)),
        {**good, "X-Zendesk-Webhook-Signature-Timestamp": "yesterday"},
        {**good, "X-Zendesk-Webhook-Signature": "x" * 44},
    ):
        assert told(desk.post(body, bad)) == (401, "signature_invalid")
    assert desk.post(body, good).status_code == 200


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b'{"command":"open_ticket","command":"open_ticket"}', 400, "invalid_json"),
        (b'{"command":"open_ticket","text":NaN}', 400, "invalid_json"),
        (b'{"command":"open_ticket","text":"\\ud800"}', 400, "invalid_json"),
        (b"\xff\xfe{}", 400, "invalid_json"),
        (b"[]", 422, "validation_failed"),
        (b"{}", 422, "validation_failed"),
        (b'{"command":"drop_tables"}', 422, "validation_failed"),
        (b'{"command":["open_ticket"]}', 422, "validation_failed"),
        (b'{"command":"open_ticket","store_id":"sto_1"}', 422, "validation_failed"),
        (b'{"command":"update_ticket","status":"solved"}', 422, "validation_failed"),
        (b'{"command":"update_ticket","ticket":"a","external_id":"b"}', 422, "validation_failed"),
        (b'{"command":"update_ticket","external_id":"b","status":"gone"}', 422, "validation_failed"),
        (b'{"command":"mirror_ticket","status":"open"}', 422, "validation_failed"),
        (b'{"command":"answer_ticket","external_id":"b","text":" "}', 422, "validation_failed"),
        (b'{"command":"run_action","action":"refund_order","parameters":{"order":1}}', 422, "validation_failed"),
        (b'{"command":"run_action","action":"nothing"}', 404, "action_not_found"),
        (b'{"command":"open_ticket","occurred_at":"yesterday"}', 422, "validation_failed"),
    ],
)
def test_a_signed_body_that_cannot_be_meant_leaves_nothing(
    app: App, store: Tenant, raw: bytes, status: int, code: str
) -> None:
    desk = Desk(store)
    give_up = time.monotonic() + 20
    while app.read(_waiting) and time.monotonic() < give_up:  # what the tests before this one have sent
        time.sleep(0.05)
    before = still(app.settings.database)
    assert told(desk.post(raw, desk.headers(raw))) == (status, code)
    unsigned = desk.post(raw, {})
    assert told(unsigned) == (401, "signature_invalid"), "nothing is parsed before it is known"
    assert differing(before, still(app.settings.database)) == {}


def _waiting(session: Any) -> int:
    query = select(func.count()).select_from(InboundDelivery).where(InboundDelivery.status == "pending")
    return session.scalar(query) or 0


def test_a_body_that_is_too_large_or_no_json_is_refused(store: Tenant) -> None:
    desk = Desk(store)
    large = json.dumps({**OPEN, "text": "x" * 1_100_000}).encode()
    assert told(desk.post(large, desk.headers(large))) == (413, "body_too_large")
    body = json.dumps(OPEN).encode()
    for wrong in ({"Content-Type": "text/plain"}, {"Content-Encoding": "gzip"}):
        assert told(desk.post(body, {**desk.headers(body), **wrong})) == (415, "unsupported_media_type")


def test_what_is_secret_in_a_delivery_is_redacted_before_it_is_kept(app: App, store: Tenant) -> None:
    desk = Desk(store)
    desk.done({**OPEN, "text": "My card is 4111 1111 1111 1111, help"})
    assert "4111 1111" not in repr(still(app.settings.database))


# ---- what it does -------------------------------------------------------------------------------------------------


def test_tickets_are_changed_answered_and_noted(app: App, store: Tenant) -> None:
    desk = Desk(store)
    ticket = desk.done(OPEN)["ticket"]
    assert desk.done(OPEN, "ignored") == {"ignored": "already_open", "ticket": ticket}
    done = desk.done({"command": "update_ticket", "external_id": "zd-1", "tags": ["vip", "b"], "priority": "high"})
    assert done == {"ticket": ticket, "changed": ["priority", "tags"]}
    same = {"command": "update_ticket", "ticket": ticket, "tags": ["b", "vip"]}
    assert desk.done(same, "ignored") == {"ignored": "unchanged", "ticket": ticket}
    desk.done({"command": "answer_ticket", "external_id": "zd-1", "text": "A new one is on its way."})
    desk.done({"command": "answer_ticket", "ticket": ticket, "text": "Call her.", "internal": True})
    desk.done({"command": "mirror_ticket", "external_id": "zd-1", "status": "solved", "tags": ["vip"]})
    shown = store.get(f"/v1/tickets/{ticket}").json()
    assert (shown["status"], shown["tags"], shown["priority"]) == ("solved", ["vip"], "high")
    assert [row["direction"] for row in shown["messages"]] == ["inbound", "outbound", "internal"]
    assert desk.done({"command": "update_ticket", "external_id": "zd-9", "status": "solved"}, "refused")["code"] == (
        "ticket_not_found"
    )
    rows = app.read(lambda s: s.scalars(select(AuditRow).where(AuditRow.subject_id == ticket)).all())
    assert rows
    assert {row.actor["type"] for row in rows} == {"connection"}


def test_a_connection_reaches_its_own_store_alone(store: Tenant, other: Tenant) -> None:
    theirs = other.post("/v1/tickets", {"subject": "Private"}).json()["id"]
    desk = Desk(store)
    for command in (
        {"command": "update_ticket", "ticket": theirs, "status": "solved"},
        {"command": "answer_ticket", "ticket": theirs, "text": "Hello"},
        {"command": "mirror_ticket", "external_id": "x", "ticket": theirs, "status": "solved"},
    ):
        assert desk.done(command, "refused")["code"] == "ticket_not_found"
    assert other.get(f"/v1/tickets/{theirs}").json()["status"] == "open"
    desk.done(OPEN)
    assert (
        Desk(other).done({"command": "update_ticket", "external_id": "zd-1", "status": "solved"}, "refused")["code"]
        == "ticket_not_found"
    ), "what one desk calls it means nothing to another"


def test_actions_run_by_the_one_door_within_scopes_and_guard(store: Tenant) -> None:
    desk = Desk(store)
    refund = {
        "command": "run_action",
        "action": "refund_order",
        "parameters": {"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}, "reason": "damaged"},
    }
    made = desk.done(refund)
    assert made["action"] == "refund_order"
    store.rest()
    refunds = store.get("/v1/refunds").json()["data"]
    approvals = store.get("/v1/approvals").json()["data"]
    assert made["id"] in {row["id"] for row in (*refunds, *approvals)}
    much = {**refund, "parameters": {**refund["parameters"], "amount": {"amount": 10_000_000, "currency": "EUR"}}}
    assert desk.done(much, "refused")["code"] == "refund_exceeds_captured"
    narrow = Desk(store, scopes=["tickets:write"])
    assert narrow.done(refund, "refused")["code"] == "scope_missing"
    reader = Desk(store, scopes=["tickets:read"])
    assert reader.done(OPEN, "refused")["code"] == "scope_missing"
    assert len(store.get("/v1/refunds").json()["data"]) == len(refunds)


# ---- order, failure, retention ------------------------------------------------------------------------------------


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    def put(run: Any) -> None:
        monkeypatch.setitem(inbound.HANDLERS, "crm", Handler(check=lambda _d, _t: None, run=run))

    return put


def test_what_fails_holds_back_its_own_resource_alone(store: Tenant, handler: Any) -> None:
    desk = Desk(store)
    seen: list[tuple[str, int]] = []
    failing = {"a": 3}

    async def run(_runtime: Any, _caller: Any, delivered: Any) -> dict[str, Any]:
        name, number = delivered.document["external_id"], delivered.document["n"]
        if failing.get(name, 0) > 0:
            failing[name] -= 1
            raise RuntimeError("4111 1111 1111 1111")
        seen.append((name, number))
        return {"n": number}

    handler(run)
    for number in range(4):
        for name in ("a", "b"):
            assert desk.send({"command": "x", "external_id": name, "n": number}).status_code == 200
    until(lambda: len(seen) == 8)
    assert [n for name, n in seen if name == "a"] == [0, 1, 2, 3]
    assert [n for name, n in seen if name == "b"] == [0, 1, 2, 3]
    assert ("b", 0) in seen[:4], "b did not wait for a"
    until(lambda: {row["status"] for row in desk.deliveries()} == {"done"})
    assert max(row["tries"] for row in desk.deliveries()) == 4


def test_what_is_given_up_is_seen_told_and_tried_again(store: Tenant, handler: Any) -> None:
    desk = Desk(store)
    broken = [True]

    async def run(_runtime: Any, _caller: Any, delivered: Any) -> dict[str, Any]:
        if broken[0] and delivered.document["n"] == 1:
            raise RuntimeError("no")
        return {"n": delivered.document["n"]}

    handler(run)
    first = desk.send({"command": "x", "external_id": "a", "n": 1}).json()["id"]
    second = desk.send({"command": "x", "external_id": "a", "n": 2}).json()["id"]
    assert desk.came_of(first, "dead") == {"code": "internal_error", "detail": "RuntimeError"}
    assert desk.came_of(second) == {"n": 2}, "what is given up holds nobody back"
    assert [row["id"] for row in desk.deliveries("status=dead")] == [first]
    events = store.get(f"/v1/events?type=connection.delivery_failed&resource={desk.connection['id']}").json()["data"]
    assert [row["data"]["object"]["id"] for row in events] == [first]
    path = f"/v1/connections/{desk.connection['id']}"
    assert store.post(f"{path}/check").json()["status"] == "failing"
    broken[0] = False
    assert store.post(f"{path}/deliveries/{first}/retry").json()["status"] == "pending"
    assert desk.came_of(first) == {"n": 1}
    assert told(store.post(f"{path}/deliveries/{first}/retry")) == (409, "delivery_not_dead")
    assert told(store.post(f"{path}/deliveries/inb_1/retry")) == (404, "delivery_not_found")


def test_what_was_killed_in_the_middle_is_worked_on_again_and_done_once(app: App, store: Tenant) -> None:
    desk = Desk(store)
    outcome = desk.done(OPEN)

    def as_if_killed(session: Any) -> None:
        session.execute(
            text("UPDATE inbound_deliveries SET status = 'pending', next_try_at = :then WHERE connection_id = :con"),
            {"then": (clock.now() - timedelta(minutes=5)).replace(tzinfo=None if app.settings.embedded else UTC),
             "con": desk.connection["id"]},
        )  # fmt: skip

    app.write(as_if_killed)
    assert app.write(inbound.revive) >= 1
    again = until(lambda: next((row for row in desk.deliveries() if row["status"] != "pending"), None))
    assert again["outcome"]["ticket"] == outcome["ticket"]
    assert len(store.get("/v1/tickets").json()["data"]) == 1


def test_one_at_a_time_works_on_a_resource(app: App, store: Tenant, handler: Any) -> None:
    desk = Desk(store)
    at_once: list[int] = []
    most: list[int] = []

    async def run(_runtime: Any, _caller: Any, delivered: Any) -> dict[str, Any]:
        import asyncio

        at_once.append(1)
        most.append(len(at_once))
        await asyncio.sleep(0.02)
        at_once.pop()
        return {}

    handler(run)
    for number in range(12):
        desk.send({"command": "x", "external_id": "a", "n": number})
    until(lambda: len(most) == 12)
    assert max(most) == 1


def test_what_has_been_kept_for_its_days_is_forgotten(app: App, store: Tenant) -> None:
    desk = Desk(store)
    desk.done(OPEN)
    count = select(func.count()).where(InboundDelivery.connection_id == desk.connection["id"])
    app.write(inbound.purge)
    assert app.read(lambda s: s.scalar(count)) == 1

    def age(session: Any) -> None:
        row = session.scalar(select(InboundDelivery).where(InboundDelivery.connection_id == desk.connection["id"]))
        row.created_at = clock.now() - timedelta(days=91)

    app.write(age)
    app.write(inbound.purge)
    assert app.read(lambda s: s.scalar(count)) == 0


# ---- two that mirror each other -------------------------------------------------------------------------------------


class Mirror:
    """What carries the changes of one store to the other: a CRM's automation, with or without a look at the origin."""

    def __init__(self, here: Tenant, there: Tenant, desk_here: Desk, desk_there: Desk, *, naive: bool) -> None:
        self.here, self.there, self.naive = here, there, naive
        self.own, self.other = desk_here, desk_there
        self.after = ""
        self.carried = 0

    def carry(self) -> int:
        """Bring what has happened here since to the other; how many commands that were."""
        page = self.here.get(f"/v1/events?limit=200{self.after}").json()
        self.after = f"&cursor={page['next_cursor']}"
        commands = [command for row in page["data"] if (command := self._command(row)) is not None]
        for command in commands:
            assert self.other.send(command).status_code == 200
        until(lambda: all(row["status"] != "pending" for row in self.other.deliveries()))
        self.carried += len(commands)
        return len(commands)

    def _command(self, row: dict[str, Any]) -> dict[str, Any] | None:
        if row["origin"] == self.own.connection["id"] and not self.naive:
            return None
        shown = row["data"]["object"]
        stamp = {} if self.naive else {"occurred_at": row["timestamp"]}
        if row["type"] in {"ticket.created", "ticket.updated", "ticket.solved", "ticket.closed"}:
            known = shown["external_ids"].get(self.own.connection["id"])
            fields = {name: shown[name] for name in ("subject", "status", "priority", "tags")}
            fields = {name: value for name, value in fields.items() if value is not None}
            named = {"ticket": known} if known else {}
            return {"command": "mirror_ticket", "external_id": shown["id"], **named, **fields, **stamp}
        if row["type"] in {"message.sent", "message.noted"}:
            return {
                "command": "answer_ticket", "external_id": shown["ticket"], "text": shown["text"],
                "internal": row["type"] == "message.noted", **stamp,
            }  # fmt: skip
        return None


def mirrored(store: Tenant, other: Tenant, *, naive: bool) -> tuple[Mirror, Mirror]:
    mine, theirs = Desk(store), Desk(other)
    return Mirror(store, other, mine, theirs, naive=naive), Mirror(other, store, theirs, mine, naive=naive)


def rest(*mirrors: Mirror, rounds: int) -> list[int]:
    """Carry both ways, both before either has answered, until nothing is carried any more."""
    carried: list[int] = []
    for _ in range(rounds):
        carried.append(sum([mirror.carry() for mirror in mirrors]))
        if carried[-1] == 0:
            return carried
    raise AssertionError(f"it does not come to rest: {carried}")


def both(store: Tenant, other: Tenant, ticket: str) -> tuple[dict[str, Any], dict[str, Any]]:
    here = store.get(f"/v1/tickets/{ticket}").json()
    there = other.get("/v1/tickets").json()["data"]
    assert len(there) == 1, "a ticket is mirrored once"
    return here, other.get(f"/v1/tickets/{there[0]['id']}").json()


STATE = ("subject", "status", "priority", "tags")


@pytest.mark.parametrize("naive", [False, True])
def test_two_systems_that_mirror_each_other_come_to_rest(store: Tenant, other: Tenant, naive: bool) -> None:
    there, back = mirrored(store, other, naive=naive)
    ticket = store.post("/v1/tickets", {"subject": "The lamp", "text": "Broken", "tags": ["lamp"]}).json()["id"]
    rest(there, back, rounds=6)
    path = f"/v1/tickets/{ticket}"
    store.send("PATCH", path, {"tags": ["lamp", "vip"], "priority": "high"})
    rest(there, back, rounds=6)
    here, mirror = both(store, other, ticket)
    assert [here[name] for name in STATE] == [mirror[name] for name in STATE]
    other.send("PATCH", f"/v1/tickets/{mirror['id']}", {"status": "solved"})
    rest(there, back, rounds=6)
    store.send("PATCH", path, {"status": "open"})
    other.post(f"/v1/tickets/{mirror['id']}/messages", {"text": "Call her first.", "internal": True})
    rest(there, back, rounds=8)
    here, mirror = both(store, other, ticket)
    assert [here[name] for name in STATE] == [mirror[name] for name in STATE]
    assert (here["status"], here["tags"]) == ("open", ["lamp", "vip"])
    notes = [[row["text"] for row in one["messages"] if row["direction"] == "internal"] for one in (here, mirror)]
    assert notes == [["Call her first."], ["Call her first."]]
    assert len(store.get("/v1/tickets").json()["data"]) == 1


@pytest.mark.parametrize("naive", [False, True])
def test_changes_that_cross_come_to_rest(store: Tenant, other: Tenant, naive: bool) -> None:
    there, back = mirrored(store, other, naive=naive)
    ticket = store.post("/v1/tickets", {"subject": "The lamp", "text": "Broken"}).json()["id"]
    rest(there, back, rounds=6)
    _, mirror = both(store, other, ticket)
    store.send("PATCH", f"/v1/tickets/{ticket}", {"status": "solved", "priority": "low"})
    other.send("PATCH", f"/v1/tickets/{mirror['id']}", {"status": "pending_internal", "priority": "urgent"})

    commands = []
    for one in (there, back):  # both are read before either is told
        page = one.here.get(f"/v1/events?limit=200{one.after}").json()
        one.after = f"&cursor={page['next_cursor']}"
        commands.append([c for row in page["data"] if (c := one._command(row)) is not None])
    for one, said in zip((there, back), commands, strict=True):
        for command in said:
            one.other.send(command)
    for one in (there, back):
        until(lambda one=one: all(row["status"] != "pending" for row in one.other.deliveries()))
    rest(there, back, rounds=30)
    here, mirror = both(store, other, ticket)
    if not naive:
        assert [here[name] for name in STATE] == [mirror[name] for name in STATE], "the later change holds on both"
        assert (here["status"], here["priority"]) == ("pending_internal", "urgent")


def test_news_that_came_too_late_changes_nothing(store: Tenant) -> None:
    desk = Desk(store)
    ticket = desk.done({**OPEN, "occurred_at": clock.rfc3339(clock.now() - timedelta(seconds=60))})["ticket"]

    def at(seconds: int, status: str) -> dict[str, Any]:
        moment = clock.rfc3339(clock.now() - timedelta(seconds=seconds))
        return {"command": "mirror_ticket", "external_id": "zd-1", "status": status, "occurred_at": moment}

    desk.done(at(20, "solved"))
    assert desk.done(at(40, "pending_customer"), "ignored")["ignored"] == "stale"
    store.send("PATCH", f"/v1/tickets/{ticket}", {"status": "open"})
    assert desk.done(at(10, "pending_internal"), "ignored")["ignored"] == "ours_is_newer"
    assert store.get(f"/v1/tickets/{ticket}").json()["status"] == "open"


def test_the_queue_goes_by_arrival(app: App, store: Tenant) -> None:
    desk = Desk(store)
    path = f"/v1/connections/{desk.connection['id']}/deliveries"
    for number in range(3):
        desk.done({**OPEN, "external_id": f"zd-{number}"})
    first = store.get(f"{path}?limit=2").json()
    rest_ = store.get(f"{path}?limit=2&cursor={first['next_cursor']}").json()
    ids = [row["id"] for row in first["data"] + rest_["data"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 3
    assert rest_["next_cursor"] is None
    assert app.read(inbound_work.listed, store.merchant(), desk.connection["id"], "dead", None, 5) == []
