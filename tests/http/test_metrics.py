"""What operations watch: a scrape tells whether money is stuck, and has all that board and alarms ask for."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from app import clock, ids, metrics
from app.models.connections import InboundDelivery
from app.models.operations import Operation
from app.models.returns import Return
from app.models.webhooks import WebhookDelivery, WebhookEndpoint
from app.services import gauges, return_overdue
from tests.http.test_approvals import ASKS, INES, ask, obey
from tests.support.app import App, Tenant

ALONE = True
SETTINGS: dict[str, Any] = {"retry_seconds": (0.2, 3600.0)}
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
BOARD = json.loads((DEPLOY / "grafana" / "aftersale.json").read_text(encoding="utf-8"))
ALARMS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
OTHERS = {"by", "le"}


def scrape(app: App) -> dict[str, Metric]:
    text = app.client().get("/metrics").text
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(app: App, name: str, **labels: str) -> list[float]:
    """The samples of this name that have these labels."""
    found = scrape(app).get(name)
    return [sample.value for sample in (found.samples if found else ()) if labels.items() <= sample.labels.items()]


def expressions() -> list[str]:
    of_board = [target["expr"] for panel in BOARD["panels"] for target in panel.get("targets", ())]
    return of_board + [rule["expr"] for group in ALARMS["groups"] for rule in group["rules"]]


def an_approval_and_a_spent_cap(store: Tenant) -> None:
    obey(store, ASKS)
    assert ask(store)["status"] == "awaiting_approval"
    obey(store, {**ASKS, "auto_approve": {}})
    paid = store.post("/v1/orders/1016/cancel", {"reason": "too late"}, Prefer="wait=10", **INES)
    assert paid.status_code in {200, 201}, paid.text
    store.rest()


def an_unknown_refund(store: Tenant) -> str:
    store.sandbox.fault("refund", "error_after_effect")
    store.sandbox.fault("lookup", "error_after_effect", times=20)
    body = {"order": "#1011", "amount": {"amount": 700, "currency": "EUR"}, "reason": "late"}
    refund = store.post("/v1/refunds", body, Prefer="wait=0").json()
    give_up = clock.now() + timedelta(seconds=20)
    while (now := store.get(f"/v1/refunds/{refund['id']}").json())["status"] != "unknown":
        assert clock.now() < give_up, now["status"]
    return refund["operation"]["id"]


def an_overdue_return(app: App, store: Tenant) -> str:
    lines = [{"line_id": "ln-1004-1", "quantity": 1}]
    made = store.post("/v1/returns", {"order": "#1004", "lines": lines}, Prefer="wait=10").json()

    def late(session: Any) -> None:
        session.get_one(Return, made["id"]).due_at = clock.now() - timedelta(seconds=1)

    app.write(late)
    app.write(return_overdue.tend)
    return made["id"]


def test_webhooks_that_are_not_taken_show_and_what_connected_systems_sent(app: App, store: Tenant) -> None:
    endpoint = store.post("/v1/webhook-endpoints", {"url": "https://crm.example.com/hooks"}).json()["id"]
    desk = store.post("/v1/connections", {"kind": "crm", "name": "Desk"}).json()["id"]
    ago = clock.now() - timedelta(minutes=10)
    of_store: dict[str, Any] = {"store_id": store.id, "livemode": False}

    def told(name: str, **labels: str) -> float | None:
        return metrics.REGISTRY.get_sample_value(name, labels)

    def measured(session: Any) -> None:
        """Within a transaction that nobody else sees: the app's own workers would take what waits."""
        with session.begin_nested() as undone:
            for number, status in enumerate(("pending", "dead", "succeeded"), 1):
                due = ago if status == "pending" else None
                session.add(
                    WebhookDelivery(
                        id=ids.new("dlv"), endpoint_id=endpoint, event_id=ids.new("evt"), type="ticket.created",
                        resource_id=ids.new("tkt"), sequence=1, number=number, status=status, next_attempt_at=due,
                        **of_store,
                    )
                )  # fmt: skip
                session.add(
                    InboundDelivery(
                        id=ids.new("ibd"), connection_id=desk, key=str(number), resource="tkt_1", document={},
                        status=status, next_try_at=due, **of_store,
                    )
                )  # fmt: skip
            session.flush()
            gauges.measure(session)
            for name in ("aftersale_webhooks_open", "aftersale_inbound_open"):
                assert [told(name, status=status, mode="test") for status in ("pending", "dead")] == [1, 1]
                assert told(name, status="pending", mode="live") == 0
            for name in ("aftersale_webhook_late_seconds", "aftersale_inbound_late_seconds"):
                assert 600 <= (told(name) or 0) < 700
            assert told("aftersale_webhook_endpoints_disabled", mode="test") == 0
            session.execute(update(WebhookEndpoint).values(status="disabled"))
            gauges.measure(session)
            assert told("aftersale_webhook_endpoints_disabled", mode="test") == 1
            assert told("aftersale_webhook_late_seconds") == 0, "nobody waits for what is not sent"
            undone.rollback()

    app.write(measured)
    assert values(app, "aftersale_webhooks_open", mode="test") == [0, 0]
    assert values(app, "aftersale_streams") == [0]


def test_a_scrape_tells_what_is_open_and_for_how_long(app: App, store: Tenant) -> None:
    an_approval_and_a_spent_cap(store)
    operation = an_unknown_refund(store)
    an_overdue_return(app, store)

    def hours_ago(session: Any) -> None:
        session.get_one(Operation, operation).created_at = clock.now() - timedelta(hours=2)

    app.write(hours_ago)
    assert values(app, "aftersale_refunds_open", status="unknown", currency="EUR", mode="test") == [1]
    assert values(app, "aftersale_refunds_open_amount", status="unknown", currency="EUR", mode="test") == [700]
    [waits] = values(app, "aftersale_refunds_open_amount", status="awaiting_approval", currency="EUR", mode="test")
    assert waits > 0
    assert values(app, "aftersale_operations", kind="refund", status="unknown", mode="test") == [1]
    [oldest] = values(app, "aftersale_operation_unknown_oldest_seconds")
    assert 7200 <= oldest < 7300
    assert values(app, "aftersale_approvals_waiting", mode="test") == [1]
    assert values(app, "aftersale_approvals_waiting", mode="live") == [0]
    assert values(app, "aftersale_returns_overdue", reason="not_sent", mode="test") == [1]
    [spent] = values(app, "aftersale_cap_day_spent_amount", currency="EUR", mode="test")
    [used] = values(app, "aftersale_cap_day_used_ratio", currency="EUR", mode="test")
    assert (spent, used) == (5490, 5490 / 500_000)
    assert values(app, "aftersale_operations_last_hour", kind="refund", status="succeeded", mode="test") == [1]
    [in_use], [most] = values(app, "aftersale_database_connections"), values(app, "aftersale_database_connections_max")
    assert 0 <= in_use <= most
    _everything_that_is_watched_is_there(scrape(app))


def _everything_that_is_watched_is_there(found: dict[str, Metric]) -> None:
    """Each name with its labels, in a scrape that has samples of all of them."""
    samples = {sample.name: sample.labels for family in found.values() for sample in family.samples}
    told = 0
    for expression in expressions():
        for name, matchers in re.findall(r"\b((?:aftersale|process)_[a-z_]+)(?:\{([^}]*)\})?", expression):
            assert name in samples, f"{expression}: {name} is in no scrape"
            asked = set(re.findall(r"(\w+)(?:=~|!=|=)", matchers)) - {"job"}
            assert asked <= samples[name].keys(), f"{expression}: {name} has no {asked - samples[name].keys()}"
            told += 1
        known = {label for labels in samples.values() for label in labels} | {"instance", "job"}
        grouped = {label for by in re.findall(r"by \(([^)]*)\)", expression) for label in by.split(", ")}
        assert grouped <= known, expression
    assert told > 40


def test_what_is_late_in_the_queue_shows(app: App, store: Tenant) -> None:
    operation = an_unknown_refund(store)
    before = values(app, "aftersale_queue_due")[0]

    def forgotten(session: Any) -> None:
        row = session.get_one(Operation, operation)
        row.next_try_at, row.schedule = clock.now() - timedelta(seconds=50), row.schedule + 1

    app.write(forgotten)
    assert values(app, "aftersale_queue_due") == [before + 1]
    assert 50 <= values(app, "aftersale_queue_late_seconds")[0] < 60


def test_no_label_holds_what_a_caller_or_a_shopper_sent(app: App, store: Tenant) -> None:
    store.get("/v1/orders/1001")
    allowed = {"method", "route", "status", "le", "kind", "mode", "currency", "reason", "version"}
    for family in scrape(app).values():
        for sample in family.samples:
            assert sample.labels.keys() <= allowed, sample
            if family.name != "aftersale_http_requests":
                assert store.id not in str(sample.labels)


def test_the_number_of_series_does_not_grow_with_stores(app: App) -> None:
    def series() -> int:
        return sum(len(family.samples) for name, family in scrape(app).items() if "http" not in name)

    first = app.store()
    an_approval_and_a_spent_cap(first)
    before = series()
    for _ in range(2):
        an_approval_and_a_spent_cap(app.store())
    assert series() == before


@pytest.mark.parametrize(
    "rule", [rule for group in ALARMS["groups"] for rule in group["rules"]], ids=lambda r: r["alert"]
)
def test_an_alarm_says_what_is_wrong_and_how_bad_it_is(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert len(rule["annotations"]["summary"]) > 20
    assert re.fullmatch(r"\d+[smh]", rule["for"])


def test_every_panel_of_the_board_has_a_place_of_its_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
