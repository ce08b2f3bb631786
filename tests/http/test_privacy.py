"""A person is handed out whole, and erased so that no table and no file holds a word of theirs."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import JSON, LargeBinary, String, Table, select

from app import clock
from app.database import Base
from app.models.customers import Customer
from app.models.orders import Order
from app.models.tickets import Ticket, TicketWord
from app.services import audit
from app.services.privacy import erasing, retention
from app.services.privacy.coverage import APART, HELD, PLAIN
from tests.http.storefront import rest, vouched
from tests.http.test_inbound import Desk
from tests.services.durable_fixtures import until
from tests.support.app import DEMO, App, Tenant, seeded
from tests.support.files import picture, upload
from tests.support.receiver import Receiver, receiving
from tests.support.servers import Server

SETTINGS = {"webhook_poll_seconds": 0.05, "webhook_retry_seconds": (0.2, 0.3, 0.4), "loopback_addresses": True}
NAME, EMAIL, PHONE = "Zyxa Quorvelsen", "zyxa@quorvelsen.example", "+4930555123987"
STREET, TOWN, TEXT, NOTE = "Wubbledrome 77", "Zyxstadt", "flimmerwort kaputtnik", "notizwortig"
CARD, ENGRAVING, TAG, FILE, ACCOUNT = "Visa zyxkarte", "gravurzyx", "tagzyx", "zyxbild", "konto-zyx"
WORDS = (
    NAME, "Quorvelsen", EMAIL, "zyxa@", PHONE, PHONE[1:], "Wubbledrome", "Zyxstadt", "flimmerwort", "kaputtnik",
    NOTE, "zyxkarte", ENGRAVING, TAG, FILE, ACCOUNT, "handlezyx", "seitezyx", "grundzyx", "antwortzyx", "deskzyx",
)  # fmt: skip
"""What stands nowhere else in the world."""
SCOPES = ["tickets:read", "tickets:write", "refunds:write", "orders:write"]


def shop() -> dict[str, Any]:
    """The demo shop with one customer more, who has two orders."""
    document = copy.deepcopy(DEMO)
    address = {
        "name": NAME,
        "address1": STREET,
        "city": TOWN,
        "country_code": "DE",
        "postal_code": "10969",
        "phone": PHONE,
    }
    method = {"id": "pm-" + ACCOUNT, "kind": "card", "label": CARD}
    document["customers"].append(
        {"id": ACCOUNT, "email": EMAIL, "phone": PHONE, "name": NAME, "locale": "de-DE", "addresses": [address],
         "payment_methods": [method]}
    )  # fmt: skip
    for number in ("1001", "1005"):
        order = copy.deepcopy(next(row for row in DEMO["orders"] if row["id"] == f"ord-{number}"))
        text = json.dumps(order).replace(f"-{number}", f"-7{number}").replace(f"#{number}", f"#7{number}")
        order = json.loads(text.replace("NP", "ZP"))
        order |= {"customer_id": ACCOUNT, "email": EMAIL, "phone": PHONE, "shipping_address": address, "tags": [TAG]}
        order["payments"][0] |= {"label": CARD, "payment_method_id": method["id"]}
        order["lines"][0]["options"] = {"engraving": ENGRAVING}
        order["shipments"][0]["scans"][0] |= {"location": TOWN, "description": f"Left with {NAME}"}
        document["orders"].append(order)
    return document


def ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    return answer.json()


def said(store: Tenant, external_id: str = "mail-1", **more: Any) -> httpx.Response:
    body = {
        "channel": "email", "text": f"{TEXT}: the jacket of #71001 is broken", "subject": f"{TEXT} {NAME}",
        "external_id": external_id, "identity": "channel_verified",
        "customer": {"email": EMAIL, "phone": PHONE, "name": NAME, "handle": "handlezyx"},
        "context": {"page": "https://shop.example/seitezyx"}, **more,
    }  # fmt: skip
    return store.post("/v1/messages", body, key=f"message-{external_id}")


def lived(store: Tenant, hook: Receiver) -> dict[str, Any]:
    """Everything a person can leave behind, through the doors; what came of it by its kind."""
    ok(store.post("/v1/webhook-endpoints", {"url": hook.url}))
    desk = Desk(store)
    order = ok(store.get("/v1/orders/71001"))
    ok(store.get("/v1/orders/71005"))
    shot = ok(upload(store, picture(seed=7), f"{FILE}.jpg"))["id"]
    answered = ok(said(store))
    ticket = answered["ticket"]["id"]
    ok(store.post(f"/v1/tickets/{ticket}/messages", {"text": f"antwortzyx {NAME}"}))
    ok(store.post(f"/v1/tickets/{ticket}/messages", {"text": f"{NOTE} {NAME}", "internal": True}))
    ok(store.send("PATCH", f"/v1/tickets/{ticket}", {"tags": [TAG], "subject": f"{TEXT} 2"}))
    ok(store.post(f"/v1/tickets/{ticket}/ratings", {"csat": 2, "comment": f"{NOTE} {TEXT}"}))
    own = ok(store.post("/v1/tickets", {"subject": TEXT, "text": TEXT, "email": EMAIL, "name": NAME}))["id"]
    desk.done({"command": "open_ticket", "external_id": "deskzyx-9", "subject": TEXT, "text": TEXT, "email": EMAIL})
    line = {"line_id": "ln-71001-1", "quantity": 1, "reason": f"grundzyx {NAME}", "note": f"{NOTE} {TEXT}"}
    back = ok(store.post("/v1/returns", {"order": "#71001", "lines": [{**line, "files": [shot]}]}))
    label = ok(store.post("/v1/return-labels", {"return_id": back["id"]}))
    rest(store)
    assert store.get(f"/v1/return-labels/{label['id']}/file").status_code == 200
    eur = {"amount": 100, "currency": "EUR"}
    paid = {"order": "#71001", "amount": eur, "reason": "damaged", "note": f"{NOTE} {NAME}"}
    refund = ok(store.post("/v1/refunds", paid, key="refund-1"))
    wrong = {"line_id": "ln-71005-1", "quantity": 1, "kind": "damaged", "note": NOTE}
    claim = ok(store.post("/v1/claims", {"order": "#71005", "lines": [wrong]}))
    ok(store.post(f"/v1/claims/{claim['id']}/cancel", {}))
    ok(store.send("PUT", f"/v1/customers/{ACCOUNT}/address",
                  {"name": NAME, "address1": STREET, "city": TOWN, "country_code": "DE"}))  # fmt: skip
    vouched(store, ACCOUNT)
    rest(store)
    ok(store.send("DELETE", f"/v1/return-labels/{label['id']}"))
    rest(store)
    return {"customer": order["customer"]["id"], "ticket": ticket, "own": own, "order": order["id"], "file": shot,
            "refund": refund["id"], "return": back["id"], "desk": desk, "answer": answered, "paid": paid}  # fmt: skip


def ended(store: Tenant, has: dict[str, Any]) -> None:
    """Nothing of theirs is on its way any more."""
    ok(store.post(f"/v1/returns/{has['return']}/cancel", {}))
    for claim in ok(store.get("/v1/claims?status=awaiting_approval"))["data"]:
        ok(store.post(f"/v1/claims/{claim['id']}/cancel", {}))
    rest(store)
    until(lambda: not [row for row in has["desk"].deliveries() if row["status"] == "pending"])


def rows(url: str) -> Iterator[tuple[str, str]]:
    """Every row of every table, ours and the engine's, as text."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                yield name, " ".join(_text(value) for value in row)
        connection.close()
        return
    with psycopg.connect(url) as connection:
        names = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos')"
        for schema, name in connection.execute(names).fetchall():
            for (row,) in connection.execute(f'SELECT t::text FROM "{schema}"."{name}" AS t').fetchall():  # type: ignore[arg-type]
                yield name, row


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def found(app: App, words: tuple[str, ...] = WORDS) -> set[tuple[str, str]]:
    """Which of the words stand in which table."""
    low = [word.casefold() for word in words]
    return {(name, word) for name, row in rows(app.settings.database) for word in low if word in row.casefold()}


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiving() as there:
        yield there


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(shop())


def test_every_table_is_in_the_registry_once_and_every_text_of_a_person_s_row_is_judged() -> None:
    held = [row.name for row in HELD]
    assert len(held) == len(set(held))
    assert not set(held) & set(APART)
    assert {*held, *APART} == set(Base.metadata.tables)
    assert all(APART.values())
    for row in HELD:
        table = Base.metadata.tables[row.name]
        texts = {str(column.name) for column in table.c if isinstance(column.type, String | JSON | LargeBinary)}
        known = {*row.erase, *row.plain.split(), *row.hidden.split()}
        assert known <= {str(column.name) for column in table.c}, row.name
        assert row.gone or texts <= {*row.erase, *row.plain.split(), *PLAIN}, (row.name, texts)
        assert row.gone or row.kept, row.name
        assert not (row.gone and row.erase), row.name


def test_a_table_that_names_a_customer_is_gone_through() -> None:
    def leads(table: Table) -> bool:
        return bool({"customer_id", "order_id", "ticket_id", "message_id"} & set(table.c.keys()))

    apart = {name for name, table in Base.metadata.tables.items() if leads(table)} & set(APART)
    assert apart == {"ticket_words", "erasures"}


def test_a_person_is_erased_everywhere_and_stays_away(app: App, store: Tenant, hook: Receiver) -> None:
    has = lived(store, hook)
    early = store.send("DELETE", f"/v1/customers/{has['customer']}")
    assert (early.status_code, early.json()["code"]) == (409, "erasure_too_early")
    assert {error["code"] for error in early.json()["errors"]} == {"not_ended"}
    assert f"/returns/{has['return']}" in {error["pointer"] for error in early.json()["errors"]}
    ended(store, has)
    there = found(app)
    assert {word.casefold() for word in WORDS} == {word for _, word in there}, "all of it was kept before"

    exported = ok(store.get(f"/v1/customers/{ACCOUNT}/export"))
    told = json.dumps(exported, ensure_ascii=False).casefold()
    assert [word for word in WORDS if word.casefold() not in told] == []
    assert exported["files"][0] == f"/v1/files/{has['file']}/content"
    assert {name for name, _ in there} <= {name for name, some in exported["data"].items() if some} | {"file_blobs"}

    statement = ok(store.send("DELETE", f"/v1/customers/{ACCOUNT}"))
    assert statement["id"] == has["customer"]
    kept = {row["what"]: row for row in statement["kept"]}
    assert kept["refunds"]["rows"] == 1
    assert "amounts" in kept["refunds"]["why"].casefold()
    assert ok(store.send("DELETE", f"/v1/customers/{has['customer']}")) == statement
    assert ok(store.send("DELETE", f"/v1/customers/{ACCOUNT}")) == statement
    assert found(app) == set()
    assert store.get(f"/v1/files/{has['file']}").status_code == 404
    assert store.get(f"/v1/customers/{ACCOUNT}/export").status_code == 404
    assert not [path for path in _files(app) if picture(seed=7) in path.read_bytes()]
    assert not app.read(_indexed, has["ticket"])

    # the books are as they were
    refund = ok(store.get(f"/v1/refunds/{has['refund']}"))
    assert (refund["status"], refund["amount"]["amount"], refund["note"]) == ("succeeded", 100, None)
    order = ok(store.get(f"/v1/orders/{has['order']}"))
    assert (order["number"], order["totals"]["total"]["amount"]) == ("#71001", 12000)
    assert (order["shipping_address"], order["customer"]["email"]) == (None, None)
    for path in (f"tickets/{has['ticket']}", f"returns/{has['return']}", "events?limit=200", "operations?limit=200",
                 "decisions", "tickets", "refunds", "customers", f"customers/{has['customer']}"):  # fmt: skip
        assert store.get(f"/v1/{path}").status_code == 200, path
    app.write(audit.seal)
    assert app.read(audit.verify)[1] is None
    assert app.read(audit.without_evidence) > 0

    # nothing brings them back: the shop, a guest's look-up, the channel, a caller, the chores
    for path in (f"orders/{has['order']}", "orders/71005", "orders", f"orders?email={EMAIL}",
                 f"orders?customer={ACCOUNT}",
                 f"customers?email={EMAIL}", f"customers?external_id={ACCOUNT}", f"customers/{ACCOUNT}"):  # fmt: skip
        store.get(f"/v1/{path}")
    app.write(_aged, store.id)
    ok(store.get("/v1/orders/71001"))
    ok(store.get(f"/v1/orders?email={EMAIL}"))
    again = said(store)
    assert again.status_code == 422
    assert again.json()["code"] == "idempotency_key_reused"
    once_more = store.post("/v1/messages", json.loads(again.request.content), key="another")
    assert (once_more.status_code, once_more.json()["message"]["id"]) == (200, has["answer"]["message"]["id"])
    assert store.post("/v1/refunds", has["paid"], key="refund-1").status_code == 422
    late = {"external_id": "deskzyx-9", "subject": TEXT, "text": TEXT, "email": EMAIL}
    assert has["desk"].done({"command": "open_ticket", **late}, "ignored") == {"ignored": "erased"}
    news = {"command": "update_ticket", "ticket": has["ticket"], "subject": TEXT}
    assert has["desk"].done(news, "ignored") == {"ignored": "erased"}
    app.write(erasing.tend)
    rest(store)
    assert found(app) == set()


def _files(app: App) -> list[Path]:
    folder = app.settings.files
    return [path for path in folder.rglob("*") if path.is_file()] if folder is not None and folder.exists() else []


def _indexed(session: Any, ticket_id: str) -> list[Any]:
    return list(session.scalars(select(TicketWord).where(TicketWord.ticket_id == ticket_id)))


def _aged(session: Any, store_id: str) -> None:
    for order in session.query(Order).filter_by(store_id=store_id):
        order.fetched_at = order.created_at.replace(year=2020)


# ---- who may, and whose ------------------------------------------------------------------------------------------


def test_only_a_key_with_the_scope_may_and_never_across_stores(app: App, store: Tenant) -> None:
    mine = ok(store.get(f"/v1/customers/{ACCOUNT}")) if store.get("/v1/orders/71001").is_success else {}
    namesake = app.store(shop())
    ok(namesake.get("/v1/orders/71001"))
    weak = app.client(store.issue(scopes=("customers:read", "customers:write"))[1])
    for method, path in (("GET", f"/v1/customers/{ACCOUNT}/export"), ("DELETE", f"/v1/customers/{ACCOUNT}")):
        assert weak.request(method, path).json()["code"] == "scope_missing"
        acting = store.send(method, path, Aftersale_Customer=ACCOUNT)
        assert (acting.status_code, acting.json()["code"]) == (403, "forbidden")
    assert namesake.send("DELETE", f"/v1/customers/{mine['id']}").status_code == 404
    statement = ok(namesake.send("DELETE", f"/v1/customers/{ACCOUNT}"))
    assert statement["id"] != mine["id"]
    assert ok(store.get(f"/v1/customers/{ACCOUNT}"))["email"] == EMAIL
    live = app.client(store.live_key)
    assert live.delete(f"/v1/customers/{ACCOUNT}").status_code == 404
    assert ok(store.get("/v1/orders/71001"))["shipping_address"]["name"] == NAME
    ok(store.send("DELETE", f"/v1/customers/{ACCOUNT}"))  # or the tables that are searched have them still


def test_whoever_orders_again_is_a_customer_like_any_other(app: App, store: Tenant) -> None:
    ok(store.get("/v1/orders/71005"))
    first = ok(store.send("DELETE", f"/v1/customers/{ACCOUNT}"))
    document = store.sandbox.get("/sandbox/v1/export")
    new = copy.deepcopy(next(row for row in document["orders"] if row["id"] == "ord-71005"))
    new = json.loads(
        json.dumps(new).replace("-71005", "-71099").replace("#71005", "#71099").replace("ZP1005", "ZP1099")
    )
    new |= {"placed_at": clock.rfc3339(clock.now() + timedelta(seconds=1)), "delivered_at": None, "status": "pending"}
    document["orders"].append({**new, "shipments": [], "lines": [{**new["lines"][0], "fulfilled_quantity": 0}]})
    store.sandbox.post("/sandbox/v1/import", document)
    order = ok(store.get("/v1/orders/71099"))
    assert order["customer"]["email"] == EMAIL
    assert order["customer"]["id"] != first["id"]
    assert ok(store.get("/v1/orders/71005"))["customer"]["email"] is None
    second = ok(store.send("DELETE", f"/v1/customers/{ACCOUNT}"))
    assert second["id"] == order["customer"]["id"]
    store.get("/v1/orders/71099")
    assert found(app) == set()


def test_what_a_late_request_writes_of_an_erased_person_goes_too(app: App, store: Tenant) -> None:
    order = ok(store.get("/v1/orders/71001"))
    ok(store.send("DELETE", f"/v1/customers/{ACCOUNT}"))

    def late(session: Any) -> None:
        row = session.get_one(Customer, order["customer"]["id"])
        row.email, row.external_id, row.name = EMAIL, ACCOUNT, NAME
        session.get_one(Order, order["id"]).email_key = EMAIL

    app.write(late)
    assert app.write(erasing.tend) == 1
    assert app.write(erasing.tend) == 0
    assert found(app) == set()


# ---- what is kept for some days only -----------------------------------------------------------------------------


def test_closed_tickets_lose_their_texts_after_the_days_of_the_setting(app: App, store: Tenant) -> None:
    kept = ok(store.post("/v1/tickets", {"subject": "lamp", "text": "the lamp glimmers"}))["id"]
    old = ok(store.post("/v1/tickets", {"subject": TEXT, "text": TEXT, "name": NAME, "email": EMAIL, "tags": [TAG]}))[
        "id"
    ]
    for ticket in (kept, old):
        ok(store.send("PATCH", f"/v1/tickets/{ticket}", {"status": "closed"}))

    def aged(session: Any) -> None:
        session.get_one(Ticket, old).updated_at = clock.now() - timedelta(days=31)

    app.write(aged)
    assert app.write(retention.forget_tickets) == 0, "no setting, no forgetting"
    app.runtime.db.info["ticket_days"] = 30
    try:
        assert app.write(retention.forget_tickets) == 1
        assert app.write(retention.forget_tickets) == 0
    finally:
        app.runtime.db.info["ticket_days"] = 0
    assert found(app) == set()
    shown = ok(store.get(f"/v1/tickets/{old}"))
    assert (shown["status"], shown["messages"][0]["text"], shown["contact"]) == ("closed", "[erased]", {})
    assert ok(store.get(f"/v1/tickets/{kept}"))["messages"][0]["text"] == "the lamp glimmers"


# ---- logs --------------------------------------------------------------------------------------------------------


def test_no_log_and_no_byte_of_the_file_has_them(
    run_server: Callable[..., Server], sqlite_url: str, sandbox_url: str
) -> None:
    served, key = seeded(sqlite_url, sandbox_url)
    served.post("/sandbox/v1/import", shop())
    environment = {"AFTERSALE_SANDBOX_URL": sandbox_url, "AFTERSALE_LOG_LEVEL": "debug"}
    server = run_server("serve", database_url=sqlite_url, environment=environment)
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=30, trust_env=False) as client:
        ok(client.get("/v1/orders/71001"))
        ok(client.get(f"/v1/customers?email={EMAIL}&phone={PHONE.replace('+', '%2B')}"))
        ok(client.get(f"/v1/customers/{ACCOUNT}"))
        ok(client.post("/v1/tickets", json={"subject": TEXT, "text": TEXT, "email": EMAIL, "name": NAME}))
        ok(client.get(f"/v1/tickets?q={TEXT}"))
        ok(client.delete(f"/v1/customers/{ACCOUNT}"))
    server.stop()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    places = {"log": server.log, **{name: path.with_name(path.name + name) for name in ("", "-wal")}}
    for name, place in places.items():
        content = place.read_bytes().lower() if place.exists() else b""
        assert [word for word in WORDS if word.lower().encode() in content] == [], name
