"""What Shopify passes on of a person's rights is acted on: handed out, erased, or waited with and asked about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock
from app.models.customers import Customer
from app.models.orders import Order
from app.models.privacy_requests import PrivacyRequest
from app.models.records import AuditRow
from app.services import privacy_requests, shop_erasures
from tests.http.shopify_store import SETTINGS, Connected, running
from tests.http.test_shopify_inbound import PRIVACY
from tests.integrations.shopify_connected import tail
from tests.integrations.shopify_shop import TOKEN, ShopifyShop
from tests.support.app import App

__all__ = ["SETTINGS"]
DATA, PERSON, SHOP = PRIVACY
KIM = {"Aftersale_Actor": "agent:kim"}


@pytest.fixture
def shop(app: App, specs: Path) -> Iterator[ShopifyShop]:
    with running(app, specs) as made:
        yield made


@pytest.fixture
def here(app: App, shop: ShopifyShop) -> Connected:
    return Connected(app, shop)


def body(topic: str, shop: ShopifyShop) -> dict[str, Any]:
    """The topic's body about the shop's first customer."""
    customer = next(iter(shop.customers.values()))
    return json.loads(json.dumps(PRIVACY[topic]).replace("191167", tail(customer.id)))


def asked(here: Connected, topic: str, **more: Any) -> dict[str, Any]:
    status, outcome = here.came_of(here.sends(topic, body(topic, here.shop), **more))
    assert status == "done", outcome
    return shown(here, outcome["request"])


def shown(here: Connected, request_id: str) -> dict[str, Any]:
    return next(one for one in listed(here) if one["id"] == request_id)


def listed(here: Connected) -> list[dict[str, Any]]:
    return here.store.get("/v1/privacy-requests").json()["data"]


def ticket(here: Connected, request: dict[str, Any]) -> dict[str, Any]:
    return here.store.get(f"/v1/tickets/{request['ticket']}").json()


def contacts(app: App, here: Connected) -> list[Any]:
    """What stands of persons in customers and orders of the store."""

    def read(session: Any) -> list[Any]:
        own = {"store_id": here.store.id, "livemode": False}
        persons = session.query(Customer).filter_by(**own).all()
        orders = session.query(Order).filter_by(**own).all()
        told = [(one.external_id, one.email, one.name) for one in persons]
        return [one for one in told if any(one)] + [one.email_key for one in orders if one.email_key]

    return app.write(read)


def later(app: App, request: dict[str, Any], **fields: Any) -> None:
    def write(session: Any) -> None:
        row = session.get(PrivacyRequest, request["id"])
        for name, value in fields.items():
            setattr(row, name, value)

    app.write(write)


def tended(app: App) -> None:
    app.wait(shop_erasures.tend(app.runtime))


def decide(here: Connected, request: dict[str, Any], decision: str, **who: str) -> Any:
    return here.store.post(f"/v1/privacy-requests/{request['id']}/decide", {"decision": decision}, **who)


# ---- a person's data ----------------------------------------------------------------------------------------------


def test_a_person_s_data_is_ready_and_linked_on_one_ticket(app: App, here: Connected, shop: ShopifyShop):
    shop.order()
    ours = here.order()["customer"]["id"]
    request = asked(here, DATA)
    assert (request["status"], request["customer"]) == ("done", ours)
    assert request["outcome"]["export"] == f"/v1/customers/{ours}/export"
    assert request["outcome"]["rows"]["orders"] == 1
    told = ticket(here, request)
    assert (told["status"], told["customer"], told["priority"]) == ("open", ours, "high")
    assert "privacy" in told["tags"]
    assert request["outcome"]["export"] in told["handoff"]["next_step"]
    assert here.store.get(request["outcome"]["export"]).json()["data"]["orders"][0]["number"] == "#1001"
    assert here.sends(DATA, body(DATA, shop), external_id="again").json()["status"] == "duplicate"
    assert len(listed(here)) == 1
    assert contacts(app, here) != []
    messages = here.store.get(f"/v1/tickets/{told['id']}/timeline").text
    assert '"outbound"' not in messages  # it goes to nobody by itself


@pytest.mark.parametrize(("topic", "status"), [(DATA, "open"), (PERSON, "solved")])
def test_a_person_whom_nobody_knows_does_no_harm(app: App, here: Connected, shop: ShopifyShop, topic: str, status: str):
    shop.order()
    here.order()
    before = contacts(app, here)
    _, outcome = here.came_of(here.sends(topic, PRIVACY[topic]))
    request = shown(here, outcome["request"])
    assert (request["status"], request["outcome"], request["customer"]) == ("done", {"reason": "person_unknown"}, None)
    assert (ticket(here, request)["status"], contacts(app, here)) == (status, before)


# ---- a person's erasure -------------------------------------------------------------------------------------------


def test_a_person_is_erased_once_as_by_our_own_api(app: App, here: Connected, shop: ShopifyShop):
    shop.order()
    ours = here.order()["customer"]["id"]
    asked(here, DATA)
    request = asked(here, PERSON)
    assert (request["status"], request["erased"], request["customer"]) == ("done", 1, ours)
    assert {one["what"] for one in request["outcome"]["statement"]["kept"]} >= {"customers", "orders"}
    told = ticket(here, request)
    assert (told["status"], told["customer"]) == ("solved", None)
    statement = here.store.send("DELETE", f"/v1/customers/{ours}").json()
    assert request["outcome"]["statement"]["erased_at"] == statement["erased_at"]  # the same erasure
    assert contacts(app, here) == []
    number = tail(next(iter(shop.customers)))
    assert number not in here.store.get(f"/v1/connections/{here.connection['id']}/deliveries").text
    assert here.sends(PERSON, body(PERSON, shop)).json()["status"] == "duplicate"
    changed = {**body(PERSON, shop), "orders_to_redact": []}
    _, outcome = here.came_of(here.sends(PERSON, changed))  # asked again in other words: the same statement
    assert shown(here, outcome["request"])["outcome"]["statement"] == request["outcome"]["statement"]
    here.order()  # what the shop tells of that order afterwards is kept bare
    assert contacts(app, here) == []
    assert here.store.get("/v1/events?limit=200").text.count('"customer.erased"') == 1


def test_a_guest_whose_orders_the_shop_names_is_erased(app: App, here: Connected, shop: ShopifyShop):
    order = shop.order()
    here.order()

    def guest(session: Any) -> None:
        row = session.query(Order).filter_by(store_id=here.store.id, external_id=tail(order.id)).one()
        session.get(Customer, row.customer_id).external_id = "1"
        row.customer_id = None

    app.write(guest)
    told = {**body(PERSON, shop), "orders_to_redact": [int(tail(order.id))]}
    _, outcome = here.came_of(here.sends(PERSON, told))
    assert (shown(here, outcome["request"])["status"], shown(here, outcome["request"])["erased"]) == ("done", 1)
    assert [one for one in contacts(app, here) if isinstance(one, str)] == []


def test_an_erasure_waits_for_what_is_open_and_a_person_sees_what(app: App, here: Connected, shop: ShopifyShop):
    shop.sent(shop.order(), delivered=True)
    line = here.order()["lines"][0]["id"]
    made = here.ok("/v1/returns", {"order": "#1001", "lines": [{"line_id": line, "quantity": 1}]})
    request = asked(here, PERSON)
    assert (request["status"], request["outcome"]["holds"][0]["code"]) == ("waiting", "not_ended")
    told = ticket(here, request)
    assert (told["status"], made["id"] in told["handoff"]["summary"]) == ("open", True)
    assert contacts(app, here) != []
    here.store.rest()
    here.ok(f"/v1/returns/{made['id']}/cancel")
    here.store.rest()
    later(app, request, next_look_at=clock.now())
    assert app.write(privacy_requests.tend) == 1
    assert (shown(here, request["id"])["status"], contacts(app, here)) == ("done", [])
    assert (ticket(here, request)["status"], app.write(privacy_requests.tend)) == ("solved", 0)


def test_a_forged_call_or_one_of_another_shop_asks_nothing(app: App, here: Connected, shop: ShopifyShop):
    shop.order()
    here.order()
    other = {"shop_domain": "other.myshopify.com"}
    for topic in PRIVACY:
        told = body(topic, shop)
        forged = [
            here.sends(topic, told, secret="another-secret-0123"),
            here.sends(topic, {**told, **other}),
            here.sends(topic, told, Shop_Domain=other["shop_domain"]),
            here.sends("orders/updated", told),
        ]
        assert {one.status_code for one in forged} == {401}
    assert (listed(here), here.deliveries()) == ([], [])


def test_another_store_s_person_with_the_same_number_stays(app: App, here: Connected, shop: ShopifyShop):
    """Each store has its own copy of its shop: what is asked through one connection is done in its store alone."""
    shop.order()
    here.order()
    theirs = Connected(app, shop)
    theirs.order()
    before = contacts(app, theirs)
    asked(here, PERSON)
    assert (contacts(app, here), contacts(app, theirs), listed(theirs)) == ([], before, [])


# ---- a whole shop -------------------------------------------------------------------------------------------------


def taken_out(shop: ShopifyShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shopify takes the token back."""
    monkeypatch.setattr("tests.integrations.shopify_shop.TOKEN", "shpat_another")


def test_a_shop_that_still_has_the_app_is_not_erased(app: App, here: Connected, shop: ShopifyShop):
    """A call that was kept and is sent again, or one that comes after the app was put in again."""
    shop.order()
    here.order()
    before = contacts(app, here)
    request = asked(here, SHOP)
    assert (request["status"], request["starts_at"] > request["created_at"]) == ("waiting", True)
    tended(app)
    after = shown(here, request["id"])
    assert (after["status"], after["outcome"]) == ("stopped", {"reason": "app_is_in_the_shop"})
    assert (ticket(here, request)["status"], contacts(app, here)) == ("open", before)


def test_a_shop_s_persons_are_erased_after_the_grace(
    app: App, here: Connected, shop: ShopifyShop, monkeypatch: pytest.MonkeyPatch
):
    for at in range(3):
        shop.order(f"#100{at}", customer=shop.customer(f"person{at}@example.com"))
        here.order(f"%23100{at}")
    before = contacts(app, here)
    taken_out(shop, monkeypatch)
    monkeypatch.setattr(shop_erasures, "AT_ONCE", 2)
    request = asked(here, SHOP)
    again = here.came_of(here.sends(SHOP, PRIVACY[SHOP], external_id="again"))[1]
    assert (again["request"], len(listed(here))) == (request["id"], 1)
    tended(app)
    assert (shown(here, request["id"])["status"], contacts(app, here)) == ("waiting", before)  # for its days
    later(app, request, starts_at=clock.now(), next_look_at=clock.now())
    tended(app)
    after = shown(here, request["id"])
    assert (after["status"], after["erased"], contacts(app, here)) == ("done", 3, [])
    assert ticket(here, request)["status"] == "solved"


def test_a_shop_that_does_not_answer_is_asked_again(app: App, here: Connected, shop: ShopifyShop):
    shop.order()
    here.order()
    before = contacts(app, here)
    request = asked(here, SHOP)
    later(app, request, starts_at=clock.now() - timedelta(days=1))
    shop.faults.plan("POST", "shop", "error_after")
    tended(app)
    assert (shown(here, request["id"])["status"], contacts(app, here)) == ("waiting", before)


def test_a_named_person_stops_it_or_has_it_done_at_once(app: App, here: Connected, shop: ShopifyShop):
    shop.order()
    here.order()
    request = asked(here, SHOP)
    assert decide(here, request, "stop").json()["code"] == "actor_required"
    stopped = decide(here, request, "stop", **KIM).json()
    assert (stopped["status"], stopped["decided_by"]) == ("stopped", "kim")
    assert decide(here, request, "erase", **KIM).json()["code"] == "privacy_request_ended"
    tended(app)
    assert contacts(app, here) != []
    second = asked(here, SHOP, external_id="the-second")
    assert second["id"] != request["id"]  # the same body, and another time
    assert decide(here, second, "erase", **KIM).status_code == 200
    tended(app)
    assert (shown(here, second["id"])["status"], contacts(app, here)) == ("done", [])

    def trail(session: Any) -> list[str]:
        rows = session.query(AuditRow).filter(AuditRow.subject_id.in_([request["id"], second["id"]]))
        return sorted(row.action for row in rows)

    assert app.write(trail) == sorted([
        "privacy.shop_redact", "privacy.shop_redact", "privacy_request.stop", "privacy_request.erase",
        "privacy_request.erasing",
    ])  # fmt: skip


def test_where_another_shop_was_connected_a_person_decides(
    app: App, here: Connected, shop: ShopifyShop, monkeypatch: pytest.MonkeyPatch
):
    shop.order()
    here.order()
    gone = here.store.send("DELETE", f"/v1/connections/{here.connection['id']}")
    assert gone.status_code == 200, gone.text
    lamps = {"kind": "shopify", "name": "Chairs", "credentials": {"access_token": TOKEN, "webhook_secret": "x" * 20}}
    config = {"shop": "chairs.myshopify.com", "api_base": shop.url}
    here.connection = here.store.post("/v1/connections", {**lamps, "config": config}).json()
    told = {**PRIVACY[SHOP], "shop_domain": "chairs.myshopify.com"}
    sent = here.sends(SHOP, told, secret="x" * 20, Shop_Domain="chairs.myshopify.com")
    request = shown(here, here.came_of(sent)[1]["request"])
    taken_out(shop, monkeypatch)
    later(app, request, starts_at=clock.now())
    tended(app)
    after = shown(here, request["id"])
    assert (after["status"], after["outcome"]["reason"]) == ("waiting", "another_shop_was_here")
    assert contacts(app, here) != []
