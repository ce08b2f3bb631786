"""Webhook endpoints: what each is told, in which order, signed how, tried how often, and sent again."""

from __future__ import annotations

import base64
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook

from app import clock
from app.models.connections import Connection
from app.models.records import Event
from app.models.webhooks import WebhookDelivery, WebhookEndpoint
from app.services import events, keyrings, tickets, webhook_endpoints, webhook_queue
from app.services.keyrings import Keyring
from app.services.tickets import TicketSpec
from app.services.webhook_sender import retry_after
from tests.support.app import App, Tenant
from tests.support.receiver import Came, Receiver, Reply, receiving

SETTINGS = {
    "webhook_poll_seconds": 0.05,
    "webhook_retry_seconds": (0.2, 0.3, 0.4),
    "loopback_addresses": True,
}
PATH = "/v1/webhook-endpoints"
OK: Reply = (200, {}, b"ok")
DOWN: Reply = (500, {}, b"down")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def made(store: Tenant, url: str, **fields: Any) -> dict[str, Any]:
    answer = store.post(PATH, {"url": url, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def a_ticket(store: Tenant, subject: str = "A lamp") -> str:
    return store.post("/v1/tickets", {"subject": subject}).json()["id"]


def told(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    give_up = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < give_up, "it does not come"
        time.sleep(0.05)
    return found


def deliveries(store: Tenant, endpoint: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    return store.get(f"{PATH}/{endpoint['id']}/deliveries?limit=200{query}").json()["data"]


def test_events_come_signed_in_their_order_and_are_the_logs_own(store: Tenant, receiver: Receiver) -> None:
    endpoint = made(store, receiver.url, types=["ticket.*"])
    ticket = a_ticket(store)
    for priority in ("high", "low", "urgent"):
        store.send("PATCH", f"/v1/tickets/{ticket}", {"priority": priority})
    came = receiver.wait(4)
    log = store.get(f"/v1/events?resource={ticket}").json()["data"]
    assert [one.event for one in came] == log
    hook = Webhook(endpoint["secret"])
    for one in came:
        assert hook.verify(one.body, one.headers) == one.event, "as the reference library of the standard checks it"
        assert one.headers["webhook-id"] == one.event["id"]
        assert one.headers["content-type"] == "application/json"
    shown = until(lambda: [row for row in deliveries(store, endpoint) if row["status"] == "succeeded"][3:] or None)
    assert len(shown) == 1
    (attempt,) = shown[0]["attempts"]
    assert (attempt["number"], attempt["status"], attempt["error"], attempt["url"]) == (1, 204, None, receiver.url)
    assert shown[0]["request"] == log[0]


def test_an_endpoint_hears_of_its_types_alone_and_of_nothing_before_it_was_made(
    app: App, store: Tenant, other: Tenant, receiver: Receiver
) -> None:
    before = a_ticket(store)
    app.let_others_end()  # what cannot be read yet counts as coming after: rather told twice than never
    made(store, receiver.url, types=["ticket.created", "ticket.created"])
    a_ticket(other)
    first, second = a_ticket(store, "1"), a_ticket(store, "2")
    store.send("PATCH", f"/v1/tickets/{before}", {"priority": "high"})
    store.send("PATCH", f"/v1/tickets/{first}", {"priority": "high"})
    third = a_ticket(store, "3")
    came = receiver.wait(3)
    time.sleep(0.3)
    assert {one.event["data"]["object"]["id"] for one in came} == {first, second, third}  # in order per resource only
    assert len(receiver.came) == 3


def test_a_failing_resource_holds_back_itself_alone_and_keeps_its_order(store: Tenant) -> None:
    down: set[str] = set()

    def answers(came: Came) -> Reply:
        return DOWN if came.event["data"]["object"]["id"] in down else OK

    with receiving(answers) as receiver:
        endpoint = made(store, receiver.url, types=["ticket.*"])
        bad, good = a_ticket(store), a_ticket(store)
        receiver.wait(2)
        down.add(bad)
        for priority in ("high", "low"):
            for ticket in (bad, good):
                store.send("PATCH", f"/v1/tickets/{ticket}", {"priority": priority})

        def of(ticket: str) -> list[int]:
            return [one.event["sequence"] for one in receiver.came if one.event["data"]["object"]["id"] == ticket]

        until(lambda: of(good) == [1, 2, 3])
        until(lambda: of(bad).count(2) >= 2)
        assert set(of(bad)) == {1, 2}, "what comes behind one that failed waits for it"
        down.clear()
        until(lambda: 3 in of(bad))
        assert of(bad)[-2:] == [2, 3]
        rows = until(
            lambda: (
                [row for row in deliveries(store, endpoint) if row["status"] == "succeeded"][5:]
                and deliveries(store, endpoint)
            )
        )
        failed = next(row for row in rows if row["resource"] == bad and row["sequence"] == 2)
        assert [attempt["status"] for attempt in failed["attempts"]][-1] == 200
        assert {attempt["status"] for attempt in failed["attempts"]} == {200, 500}
        assert failed["attempts"][0]["response"] == "down"


def test_after_the_last_try_it_is_dead_and_those_behind_go_on_and_the_dead_are_replayed(store: Tenant) -> None:
    down = True

    def answers(came: Came) -> Reply:
        return DOWN if down and came.event["sequence"] == 1 else OK

    with receiving(answers) as receiver:
        endpoint = made(store, receiver.url, types=["ticket.*"])
        ticket = a_ticket(store)
        store.send("PATCH", f"/v1/tickets/{ticket}", {"priority": "high"})
        (dead,) = until(lambda: deliveries(store, endpoint, "&status=dead"))
        assert [attempt["status"] for attempt in dead["attempts"]] == [500] * 4
        assert dead["next_attempt_at"] is None
        until(lambda: [one.event["sequence"] for one in receiver.came][-1] == 2)
        assert store.get(f"{PATH}/{endpoint['id']}").json()["status"] == "enabled"
        down = False
        asked = store.post(f"{PATH}/{endpoint['id']}/replay", {"failed": True})
        assert (asked.status_code, asked.json()["status"] in {"pending", "done"}) == (202, True)
        again = until(
            lambda: [
                row for row in deliveries(store, endpoint) if row["id"] == dead["id"] and row["status"] == "succeeded"
            ]
        )
        assert len(again[0]["attempts"]) == 5
        assert receiver.came[-1].headers["webhook-id"] == dead["event"]


def test_events_are_replayed_by_name_and_by_time_under_their_first_id(
    app: App, store: Tenant, receiver: Receiver
) -> None:
    early = a_ticket(store)
    app.let_others_end()  # else it counts as coming after the endpoint, too
    endpoint = made(store, receiver.url, types=["ticket.created"])
    ticket = a_ticket(store)
    receiver.wait(1)
    log = store.get(f"/v1/events?resource={early}").json()["data"]
    by_name = store.post(f"{PATH}/{endpoint['id']}/replay", {"events": [log[0]["id"]]}, key="again")
    assert by_name.status_code == 202
    receiver.wait(2)
    assert receiver.came[1].event == log[0], "one from before the endpoint was made"
    shown = until(
        lambda: (
            (found := store.post(f"{PATH}/{endpoint['id']}/replay", {"events": [log[0]["id"]]}, key="again").json())[
                "status"
            ]
            == "done"
            and found
        )
    )
    assert shown["replayed"] == 1
    since = clock.rfc3339(clock.now() - timedelta(days=1))
    assert store.post(f"{PATH}/{endpoint['id']}/replay", {"since": since}).status_code == 202
    came = receiver.wait(4)
    assert {one.event["data"]["object"]["id"] for one in came[2:]} == {early, ticket}, "resources do not wait"
    missing = store.post(f"{PATH}/{endpoint['id']}/replay", {"events": ["evt_01m7zskg3kes4tpxfpb1m0gd05"]})
    assert told(missing) == (404, "event_not_found")
    for wrong in ({}, {"until": since}, {"events": []}, {"since": since, "until": since}):
        assert told(store.post(f"{PATH}/{endpoint['id']}/replay", wrong)) == (422, "validation_failed")


def test_both_secrets_sign_while_they_overlap(app: App, store: Tenant, receiver: Receiver) -> None:
    endpoint = made(store, receiver.url, types=["ticket.created"])
    path = f"{PATH}/{endpoint['id']}"
    rotated = store.post(f"{path}/rotate-secret", {"overlap_seconds": 600}).json()
    assert rotated["secret"] != endpoint["secret"]
    assert rotated["former_secret_until"] is not None
    a_ticket(store)
    (came,) = receiver.wait(1)
    assert len(came.headers["webhook-signature"].split(" ")) == 2
    for secret in (endpoint["secret"], rotated["secret"]):
        Webhook(secret).verify(came.body, came.headers)
    newest = store.post(f"{path}/rotate-secret", {"overlap_seconds": 0}).json()
    a_ticket(store)
    came = receiver.wait(2)[1]
    Webhook(newest["secret"]).verify(came.body, came.headers)
    with pytest.raises(Exception, match="signature"):
        Webhook(rotated["secret"]).verify(came.body, came.headers)
    assert "secret" not in store.get(path).json()
    log = [row["type"] for row in store.get(f"/v1/events?resource={endpoint['id']}").json()["data"]]
    assert log == ["webhook_endpoint.created", *["webhook_endpoint.secret_rotated"] * 2]

    def sealed(session: Any) -> bool:
        row = session.get_one(WebhookEndpoint, endpoint["id"])
        return newest["secret"] not in f"{row.secret}{row.former}"

    assert app.read(sealed)


def test_a_secret_stands_in_no_table_and_the_same_key_makes_one_endpoint(store: Tenant, receiver: Receiver) -> None:
    first = store.post(PATH, {"url": receiver.url}, key="one")
    again = store.post(PATH, {"url": receiver.url}, key="one")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.json() == first.json()
    assert len(store.get(PATH).json()["data"]) == 1
    from tests.support.tables import still

    secret = first.json()["secret"].removeprefix("whsec_")
    tables = still(store.app.settings.database)
    assert secret not in str(tables)
    assert base64.b64encode(base64.b64decode(secret)).decode() == secret


def test_secrets_are_sealed_anew_by_a_newer_key(app: App, store: Tenant, receiver: Receiver) -> None:
    endpoint = made(store, receiver.url)

    def rotate(session: Any) -> tuple[str | None, int, list[str]]:
        old = keyrings.in_session(session)
        session.info["keyring"] = Keyring((bytes(range(32, 64)), *old.keys))
        try:
            done = webhook_endpoints.seal_anew(session, "", 1_000)
            row = session.get_one(WebhookEndpoint, endpoint["id"])
            fresh = Keyring((bytes(range(32, 64)),))
            assert webhook_endpoints.secrets_of(fresh, row, clock.now()) == [endpoint["secret"]]
            session.rollback()
            return done
        finally:
            session.info["keyring"] = old

    last, done, unreadable = app.write(rotate)
    assert last == endpoint["id"], "the newest was looked at, too"
    assert done >= 1
    assert unreadable == []


def test_a_test_event_tells_what_the_endpoint_answered(store: Tenant) -> None:
    replies: list[Reply] = [OK, (404, {}, b"who are you? card 4111 1111 1111 1111")]
    with receiving(lambda _: replies.pop(0) if replies else OK) as receiver:
        endpoint = made(store, receiver.url, types=["refund.succeeded"])
        first = store.post(f"{PATH}/{endpoint['id']}/test", {}, Prefer="wait=20")
        assert (first.status_code, first.json()["status"]) == (201, "succeeded")
        assert first.json()["type"] == "webhook_endpoint.tested"
        second = store.post(f"{PATH}/{endpoint['id']}/test", {}, Prefer="wait=20").json()
        assert (second["status"], second["attempts"][0]["status"]) == ("pending", 404)
        assert second["attempts"][0]["response"] == "who are you? card [card]"
        assert len(deliveries(store, endpoint)) == 2


def test_retry_after_is_waited_for(store: Tenant) -> None:
    replies: list[Reply] = [(429, {"Retry-After": "1"}, b"")]
    with receiving(lambda _: replies.pop(0) if replies else OK) as receiver:
        made(store, receiver.url, types=["ticket.created"])
        a_ticket(store)
        first, second = receiver.wait(2)
        assert second.at - first.at >= 1.0


def test_gone_disables_at_once_and_enabled_again_it_goes_on_where_it_was(store: Tenant) -> None:
    gone = True
    with receiving(lambda _: (410, {}, b"") if gone else OK) as receiver:
        endpoint = made(store, receiver.url, types=["ticket.created"])
        first = a_ticket(store)
        path = f"{PATH}/{endpoint['id']}"
        shown = until(lambda: (found := store.get(path).json())["status"] == "disabled" and found)
        assert shown["disabled_reason"] == "gone"
        log = store.get(f"/v1/events?resource={endpoint['id']}").json()["data"]
        assert log[-1]["type"] == "webhook_endpoint.disabled"
        second = a_ticket(store)
        time.sleep(0.3)
        assert len(receiver.came) == 1
        gone = False
        assert store.send("PATCH", path, {"status": "enabled"}).json()["disabled_reason"] is None
        until(lambda: {one.event["data"]["object"]["id"] for one in receiver.came[1:]} == {first, second})
        assert len(receiver.came) == 3


def test_five_days_of_failure_disable_it_with_notice(app: App, store: Tenant) -> None:
    with receiving(lambda _: DOWN) as receiver:
        endpoint = made(store, receiver.url, types=["ticket.created"])
        a_ticket(store)
        receiver.wait(1)
        until(lambda: store.get(f"{PATH}/{endpoint['id']}").json()["failing_since"])

        def earlier(session: Any) -> None:
            long_ago = clock.now() - timedelta(days=5)
            session.execute(
                update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint["id"]).values(failing_since=long_ago)
            )

        app.write(earlier)
        a_ticket(store)
        shown = until(lambda: (found := store.get(f"{PATH}/{endpoint['id']}").json())["status"] == "disabled" and found)
        assert shown["disabled_reason"] == "failing"


def test_a_redirect_is_an_answer_and_is_not_followed(store: Tenant, receiver: Receiver) -> None:
    with receiving(lambda _: (302, {"Location": receiver.url}, b"")) as elsewhere:
        endpoint = made(store, elsewhere.url, types=["ticket.created"])
        a_ticket(store)
        elsewhere.wait(1)
        row = until(lambda: [row for row in deliveries(store, endpoint) if row["attempts"]])[0]
        assert row["attempts"][0]["status"] == 302
        assert receiver.came == []


def test_what_a_connection_has_caused_is_not_told_to_it_again(app: App, store: Tenant, receiver: Receiver) -> None:
    crm = store.post("/v1/connections", {"kind": "crm", "name": "Desk"}).json()["id"]
    made(store, receiver.url, types=["ticket.created"], connection=crm)

    merchant = store.merchant()

    def by_them(session: Any) -> None:
        with events.caused_by(crm):
            tickets.create(session, merchant, TicketSpec(channel="api", subject="theirs"))

    app.write(by_them)
    ours = a_ticket(store, "ours")
    came = receiver.wait(1)
    assert [one.event["data"]["object"]["id"] for one in came] == [ours]
    foreign = store.post(PATH, {"url": receiver.url, "connection": "con_01m7zskg3kes4tpxfpb1m0gd05"})
    assert foreign.json()["errors"][0]["code"] == "connection_not_found"
    assert app.read(lambda session: session.get_one(Connection, crm).id) == crm


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com/hook", "https://10.0.0.1/hook", "https://localhost/hook", "https://[::1]/hook",
        "https://user:pass@crm.example.com/", "https://169.254.169.254/latest", "https://2130706433/", "ftp://a.b/c",
        "https://crm.example.com/a b", "https://crm", "not an address",
    ],
)  # fmt: skip
def test_an_address_that_leads_inside_is_refused(store: Tenant, url: str) -> None:
    answer = store.post(PATH, {"url": url})
    allowed = url == "https://[::1]/hook"  # the tests' own setting admits loopback's two addresses
    assert allowed or (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/url")


@pytest.mark.parametrize("types", [["Ticket.created"], ["ticket"], ["ticket.*.x"], ["ticket.cre*"], [""], [1]])
def test_a_type_that_cannot_be_one_is_refused_with_a_pointer(store: Tenant, types: list[Any]) -> None:
    answer = store.post(PATH, {"url": "https://crm.example.com/", "types": types})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/types/0")


def test_many_resources_with_failing_answers_all_arrive_in_order(store: Tenant) -> None:
    seen: defaultdict[str, int] = defaultdict(int)

    def answers(came: Came) -> Reply:
        number = int(came.headers["webhook-id"][-2:], 36)
        seen[came.headers["webhook-id"]] += 1
        return DOWN if number % 10 < 3 and seen[came.headers["webhook-id"]] == 1 else OK

    with receiving(answers) as receiver:
        endpoint = made(store, receiver.url, types=["ticket.*"])
        tickets = [a_ticket(store, f"Lamp {number}") for number in range(12)]
        for priority in ("high", "low", "urgent"):
            for ticket in tickets:
                store.send("PATCH", f"/v1/tickets/{ticket}", {"priority": priority})
        until(lambda: len([1 for row in deliveries(store, endpoint) if row["status"] == "succeeded"]) == 48)
        hook = Webhook(endpoint["secret"])
        order: defaultdict[str, list[int]] = defaultdict(list)
        for came in receiver.came:
            hook.verify(came.body, came.headers)
            order[came.event["data"]["object"]["id"]].append(came.event["sequence"])
        assert {ticket: sorted(set(order[ticket])) for ticket in tickets} == {
            ticket: [1, 2, 3, 4] for ticket in tickets
        }
        assert all(numbers == sorted(numbers) for numbers in order.values())
        assert any(count > 1 for count in seen.values())


def test_two_processes_never_work_for_one_endpoint_at_a_time(app: App, store: Tenant, receiver: Receiver) -> None:
    endpoint = made(store, "https://crm.example.com/hook", types=["nothing.happened"])
    delays = (1.0,)

    def turn(me: str) -> bool:
        return app.write(webhook_queue.turn, endpoint["id"], me, [], (), delays).ours

    def rests(session: Any) -> bool:
        row = session.get_one(WebhookEndpoint, endpoint["id"])
        return row.leased_by is None and endpoint["id"] not in webhook_queue.due(session)

    until(lambda: app.read(rests) and turn("one"))  # the app's own sender may look in between the two
    assert not turn("two")
    assert turn("one")
    app.write(webhook_queue.release, endpoint["id"], "two")
    assert not turn("two"), "nobody else lets go of it"
    app.write(webhook_queue.release, endpoint["id"], "one")
    assert turn("two")


def test_what_was_delivered_is_forgotten_after_thirty_days(app: App, store: Tenant, receiver: Receiver) -> None:
    endpoint = made(store, receiver.url, types=["ticket.created"])
    a_ticket(store)
    until(lambda: [row for row in deliveries(store, endpoint) if row["status"] == "succeeded"])

    def age(session: Any) -> int:
        old = clock.now() - timedelta(days=31)
        session.execute(
            update(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint["id"]).values(created_at=old)
        )
        return webhook_queue.purge(session)

    assert app.write(age) == 1
    assert deliveries(store, endpoint) == []
    assert app.read(lambda session: session.scalar(select(Event.id).where(Event.type == "ticket.created"))) is not None


def test_changes_and_the_end_of_an_endpoint(store: Tenant) -> None:
    endpoint = made(store, "https://crm.example.com/hook")
    path = f"{PATH}/{endpoint['id']}"
    changed = store.send("PATCH", path, {"description": "card 4111111111111111", "types": ["*", "ticket.created"]})
    assert (changed.json()["description"], changed.json()["types"]) == ("card [card]", [])
    assert store.send("PATCH", path, {"status": "disabled"}).json()["disabled_reason"] == "by_request"
    for wrong in ({"url": None}, {"status": "deleted"}, {"secret": "x"}, {"url": "https://127.0.0.2/"}):
        assert told(store.send("PATCH", path, wrong)) == (422, "validation_failed")
    assert store.send("DELETE", path).json()["status"] == "deleted"
    for answer in (store.get(path), store.send("DELETE", path), store.post(f"{path}/test", {})):
        assert told(answer) == (404, "webhook_endpoint_not_found")
    assert store.get(PATH).json()["data"] == []


def test_what_waits_for_a_deleted_endpoint_is_given_up(app: App, store: Tenant) -> None:
    with receiving(lambda _: (503, {"Retry-After": "3600"}, b"")) as receiver:
        endpoint = made(store, receiver.url, types=["ticket.created"])
        a_ticket(store)
        until(lambda: [row for row in deliveries(store, endpoint) if row["attempts"]])
        assert store.send("DELETE", f"{PATH}/{endpoint['id']}").status_code == 200

    def left(session: Any) -> list[tuple[str, Any]]:
        rows = session.scalars(select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint["id"]))
        return [(row.status, row.next_attempt_at) for row in rows]

    assert app.read(left) == [("dead", None)]


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after("120") == 120.0
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert [retry_after(text) for text in (None, "", "soon", "-1", "1e9", "9" * 20)] == [None] * 6
