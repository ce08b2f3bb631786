"""The whole app before a provider: each effect that it has over HTTP, its deciding call struck by a fault."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.integrations import medusa_server, shopify_shop, stripe_server, ups_server
from tests.integrations.faulty import served
from tests.integrations.shopify_connected import tail
from tests.proxied import medusa, shopify, stripe, ups
from tests.proxied.proxy import Fault, Proxy, between
from tests.proxied.table import FORGETS, LONG, PLAIN, SLOW, Clock, Provider
from tests.support.app import DEMO, App, Tenant

SETTINGS: dict[str, Any] = {
    "loopback_addresses": True,
    "mirror_seconds": 0,
    "call_seconds": 1.0,
    "retry_seconds": (0.1, 0.2, *(0.5,) * 20),
}
FAULTS = (*PLAIN, Fault("malformed", variant="truncated"), Fault("malformed", variant="not_json"))
SOME = (
    Fault("timeout_after_effect"),
    Fault("error_after_effect"),
    Fault("reset", after_effect=False),
    Fault("refuse"),
    Fault("throttle", retry_after=1),
)
COSTS = frozenset({"refund", "credit", "return_label", "label_void"})
ADDRESS = {"name": "Jane Roe", "address1": "3 Elm", "city": "Albany", "postal_code": "12084", "country_code": "US"}
STRIPE_SHOP = json.loads(json.dumps(DEMO).replace('"pay-', '"pi_'))


@dataclass(frozen=True, slots=True)
class Place:
    """A store before a provider that runs for one case."""

    app: App
    store: Tenant
    server: Any
    proxy: Proxy
    connection: str
    refused: bool
    """The provider will say no, which may be known before the answer."""

    def ok(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        key = uuid4().hex
        for _ in range(20):  # on a busy machine a read that comes before may be cut off: it is asked again
            answer = self.store.send(method, path, body, key=key, Prefer="wait=1")
            if answer.status_code != 503:
                break
        allowed = {200, 201, 202} | ({409, 422} if self.refused else set())
        assert answer.status_code in allowed, f"{method} {path}: {answer.text}"
        return answer.json()

    def order(self, number: str = "1001") -> dict[str, Any]:
        return self.ok("GET", f"/v1/orders/%23{number}")

    def operations(self, kind: str) -> list[dict[str, Any]]:
        rows = self.store.get("/v1/operations?limit=200").json()["data"]
        return [row for row in rows if row["kind"] == kind]


@dataclass(frozen=True, kw_only=True)
class Whole:
    """One effect. `do` asks for it and gives nothing; `call` is the one that decides, `kind` the operation."""

    provider: Provider
    kind: str
    call: str
    prepare: Callable[[Any], object]
    do: Callable[[Place], object]
    ledger: Callable[[Any], Any]
    document: Any = None
    """The sandbox's shop, where the provider is none."""

    def __str__(self) -> str:
        return f"{self.provider.kind.name} {self.kind}"


CONFIGS: dict[str, Callable[[str], dict[str, Any]]] = {
    "shopify": lambda url: {
        "config": {"shop": shopify_shop.DOMAIN, "api_base": url}, "credentials": {"access_token": shopify_shop.TOKEN},
    },
    "medusa": lambda url: {"config": {"url": url}, "credentials": {"secret_key": medusa_server.KEY}},
    "stripe": lambda url: {"config": {"api_base": url}, "credentials": {"secret_key": stripe_server.KEY}},
    "ups": lambda url: {
        "config": {"account_number": ups_server.ACCOUNT, "api_base": url},
        "credentials": {"client_id": ups_server.CLIENT, "client_secret": ups_server.SECRET},
    },
}  # fmt: skip


def placed(app: App, specs: Path, row: Whole, closing: list[Callable[[], object]], *, refused: bool) -> Place:
    provider, name = row.provider, row.provider.kind.name
    server = provider.server(specs)
    upstream = served(server.app())
    server.url = app.wait(upstream.__aenter__())
    closing.append(lambda: app.wait(upstream.__aexit__(None, None, None)))
    forget = provider.forget
    proxy = Proxy(
        server.url,
        provider.speech,
        late=SETTINGS["call_seconds"] * 1.3,
        slow=SLOW,
        forget=(lambda: None) if forget is None else partial(forget, server),
    )
    front = between(proxy)
    app.wait(front.__aenter__())
    closing.append(lambda: app.wait(front.__aexit__(None, None, None)))
    row.prepare(server)
    store = app.store(row.document)
    body = {"kind": name, "name": name, **CONFIGS[name](proxy.url)}
    answer = store.post("/v1/connections", body)
    assert answer.status_code == 201, answer.text
    return Place(app, store, server, proxy, answer.json()["id"], refused)


def case(app: App, specs: Path, row: Whole, faults: tuple[Fault, ...]) -> list[str]:
    """What did not hold where the deciding call is struck by these faults, one after the other."""
    closing: list[Callable[[], object]] = []
    named = f"{row}: {' then '.join(map(str, faults)) or 'no fault'}"
    try:
        refused = any(fault.name == "refuse" for fault in faults)
        place = placed(app, specs, row, closing, refused=refused)
        before = row.ledger(place.server)
        order = None
        for fault in faults:
            order = place.proxy.order(row.call, fault, after=order, lasting=fault.name == "refuse")
        row.do(place)
        said = _ended(place, row, refused=refused, before=before)
        said += [f"{one.fault} on {one.call} was not seen" for one in place.proxy.unseen]
    except Exception as error:
        said = [f"broke: {error!r}"]
    finally:
        for close in reversed(closing):
            close()
    return [f"{named}: {what}" for what in said]


def _ended(place: Place, row: Whole, *, refused: bool, before: Any, seconds: float = 120) -> list[str]:
    give_up, shown = time.monotonic() + seconds, set[str]()
    while True:
        rows = place.operations(row.kind)
        shown |= {one["status"] for one in rows}
        if rows and all(one["settled_at"] is not None for one in rows):
            break
        if any(one["status"] in {"unknown", "pending"} and one["tries"] > 2 for one in rows):
            _pass_time(place, row)
        if time.monotonic() > give_up:
            return [f"does not end: {rows}, the ledger has {row.ledger(place.server)}"]
        time.sleep(0.05)
    said: list[str] = []
    status = "failed" if refused else "succeeded"
    if [one["status"] for one in rows] != [status]:
        said.append(f"ended as {rows}")
    if (row.ledger(place.server) == before) != refused:
        said.append(f"{status}, and the ledger has {row.ledger(place.server)}, before it had {before}")
    return said


class _Ahead(Clock):
    """The time after all that an adapter waits for."""

    def __call__(self) -> float:
        return time.monotonic() + LONG

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=LONG)


def _pass_time(place: Place, row: Whole) -> None:
    """Have the adapter take it for as late as it waits: what it sent has arrived by now, or never will."""
    known: Any = place.app.runtime.connections
    for (connection, _), (_, adapters) in list(known._known.items()):
        if connection == place.connection:
            row.provider.clocks(_Plain(adapters), _Ahead())


class _Plain:
    """The adapters of a connection as a row's clocks want them."""

    def __init__(self, adapters: Any) -> None:
        for family, adapter in adapters.items():
            setattr(self, family, type("Adapter", (), {"_adapter": adapter}))


# ---- what is asked of the app ---------------------------------------------------------------------------------------


def _refund(currency: str, number: str = "1001", **more: Any) -> Callable[[Place], object]:
    body = {"order": f"#{number}", "amount": {"amount": 2000, "currency": currency}, "reason": "damaged", **more}
    return lambda place: place.ok("POST", "/v1/refunds", body)


def _cancel(number: str) -> Callable[[Place], object]:
    return lambda place: place.ok("POST", f"/v1/orders/%23{number}/cancel", {"reason": "no longer needed"})


def _address(number: str, **more: Any) -> Callable[[Place], object]:
    return lambda place: place.ok("PUT", f"/v1/orders/%23{number}/shipping-address", {**ADDRESS, **more})


def _line(place: Place, number: str) -> dict[str, Any]:
    lines = place.order(number)["lines"]
    return next(line for line in lines if line["variant_id"] != _other(place))


def _other(place: Place) -> str:
    """The variant that is wanted instead."""
    products = getattr(place.server, "products", None)
    return "variant_M" if products is None else tail(next(iter(products.values())).variants[1].id)


def _items(number: str) -> Callable[[Place], object]:
    def do(place: Place) -> object:
        lines = [{"line_id": _line(place, number)["id"], "variant_id": _other(place)}]
        return place.ok("POST", f"/v1/orders/%23{number}/items", {"lines": lines})

    return do


def _back(place: Place, number: str) -> dict[str, Any]:
    lines = [{"line_id": _line(place, number)["id"], "quantity": 1, "reason": "damaged"}]
    return place.ok("POST", "/v1/returns", {"order": f"#{number}", "lines": lines})


def _exchange(number: str) -> Callable[[Place], object]:
    def do(place: Place) -> object:
        lines = [{"line_id": _line(place, number)["id"], "variant_id": _other(place), "quantity": 1}]
        return place.ok("POST", "/v1/exchanges", {"order": f"#{number}", "lines": lines})

    return do


def _customer(number: str) -> Callable[[Place], object]:
    def do(place: Place) -> object:
        customer = place.order(number)["customer"]["id"]
        return place.ok("PATCH", f"/v1/customers/{customer}", {"email": "new@example.com"})

    return do


def _label(place: Place) -> dict[str, Any]:
    body = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}], "format": "png"}
    return place.ok("POST", "/v1/return-labels", body)


def _void(place: Place) -> object:
    label = _label(place)
    place.store.rest()
    return place.ok("DELETE", f"/v1/return-labels/{label['id']}")


def _payments(server: Any) -> None:
    for payment_id, amount in (("pi_1001", 12_000), ("pi_1002", 12_590)):
        server.intent(payment_id, amount=amount)


def _sent(server: Any) -> None:
    for item in server.order(sent=True)["items"]:
        item["product_id"] = "prod_1"


_S, _M = shopify.SHOPIFY, medusa.MEDUSA
CREDIT = {"destination": {"type": "store_credit"}}
ROWS = (
    Whole(provider=_S, kind="refund", call="CreateRefund", prepare=shopify.delivered, do=_refund("EUR"),
          ledger=shopify._money),
    Whole(provider=_S, kind="credit", call="Credit", prepare=shopify.delivered, do=_refund("EUR", **CREDIT),
          ledger=shopify._money),
    Whole(provider=_S, kind="order_cancel", call="Cancel", prepare=shopify.waiting, do=_cancel("1001"),
          ledger=lambda server: server.mutations.effects("cancel")),
    Whole(provider=_S, kind="change_address", call="UpdateOrder", prepare=shopify.waiting,
          do=_address("1001", country_code="DE", postal_code="50667"), ledger=shopify._address),
    Whole(provider=_S, kind="swap_items", call="EditCommit", prepare=shopify.waiting, do=_items("1001"),
          ledger=shopify._lines),
    Whole(provider=_S, kind="return_open", call="CreateReturn", prepare=shopify.delivered,
          do=lambda place: _back(place, "1001"), ledger=shopify._returned),
    Whole(provider=_S, kind="exchange_open", call="CreateReturn", prepare=shopify.delivered, do=_exchange("1001"),
          ledger=shopify._returned),
    Whole(provider=_S, kind="change_customer", call="UpdateCustomer", prepare=shopify.waiting, do=_customer("1001"),
          ledger=shopify._person),
    Whole(provider=_M, kind="refund", call="POST /admin/payments/{id}/refund", prepare=_sent,
          do=_refund("USD", "1"), ledger=medusa._order),
    Whole(provider=_M, kind="order_cancel", call="POST /admin/orders/{id}/cancel",
          prepare=lambda server: server.order(), do=_cancel("1"), ledger=medusa._order),
    Whole(provider=_M, kind="change_address", call="POST /admin/orders/{id}",
          prepare=lambda server: server.order(), do=_address("1", province="NY"), ledger=medusa._home),
    Whole(provider=_M, kind="return_open", call="POST /admin/returns/{id}/request", prepare=_sent,
          do=lambda place: _back(place, "1"), ledger=medusa._returned),
    # No exchange at Medusa: the guard wants variants of one product, which the recorded order's are not.
    Whole(provider=stripe.STRIPE, kind="refund", call="POST /v1/refunds", prepare=_payments, do=_refund("EUR"),
          ledger=stripe._given, document=STRIPE_SHOP),
    Whole(provider=ups.UPS, kind="return_label", call="POST /api/shipments/v2409/ship", prepare=lambda _: None,
          do=_label, ledger=lambda server: [label for label in server.labels.values() if not label["voided"]]),
    Whole(provider=ups.UPS, kind="label_void", call="DELETE /api/shipments/v2409/void/cancel/{number}",
          prepare=lambda _: None, do=_void,
          ledger=lambda server: [label for label in server.labels.values() if label["voided"]]),
)  # fmt: skip


def faults_of(row: Whole) -> list[tuple[Fault, ...]]:
    """Money and labels meet each fault, and after a throttled call keys that are forgotten; the rest meets some.

    What is done after an answer is the same code for all kinds, and the adapters meet every fault in the table.
    """
    found = [(fault,) for fault in (FAULTS if row.kind in COSTS else SOME)]
    return [*found, (Fault("throttle"), FORGETS)] if row.call in row.provider.keyed else found
