"""The recipes of docs/connections.md, sent as they stand there with their placeholders filled in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock
from app.integrations import signatures
from tests.http.test_inbound import SECRET, Desk
from tests.services.durable_fixtures import until
from tests.support.app import Tenant

PAGE = Path(__file__).resolve().parents[2] / "docs" / "connections.md"
RECIPE = re.compile(r"<!-- recipe: ([a-z ]+) -->\n```[a-z]+\n(.*?)```", re.DOTALL)
RECIPES = dict(RECIPE.findall(PAGE.read_text(encoding="utf-8")))
BEFORE = clock.rfc3339(datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5))
VALUES = {
    "zendesk": [
        {"ticket.id": "42", "ticket.title": "The lamp", "ticket.status": "Pending", "ticket.priority": "High",
         "ticket.tags": "vip broken_lamp", "ticket.requester.email": "anna.keller@example.com",
         "ticket.requester.name": "Anna Keller", "ticket.updated_at_with_timestamp": BEFORE},
        {"ticket.status": "Solved", "ticket.priority": "-", "ticket.tags": "",
         "ticket.updated_at_with_timestamp": clock.rfc3339(datetime.now(UTC).replace(microsecond=0))},
    ],
    "gorgias": [
        {"ticket.id": "42", "ticket.subject": "The lamp", "ticket.status": "open",
         "ticket.customer.email": "anna.keller@example.com", "ticket.customer.name": "",
         "ticket.updated_datetime": "1"},
        {"ticket.status": "closed", "ticket.updated_datetime": "2"},
    ],
    "hubspot": [
        {"hs_object_id": "42", "subject": "The lamp", "content": "It is broken.", "hs_pipeline_stage": "2",
         "hs_ticket_priority": "", "hs_lastmodifieddate": "1790000000000"},
        {"hs_pipeline_stage": "4", "hs_lastmodifieddate": "1790000001000"},
    ],
}  # fmt: skip
EXTERNAL = {"zendesk": "zd-42", "gorgias": "gorgias-42", "hubspot": "42"}


def filled(name: str, values: dict[str, str]) -> bytes:
    return re.sub(r"\{\{([a-z_.]+)\}\}", lambda found: values[found[1]], RECIPES[f"{name} body"]).encode()


def headers(name: str, secret: str, body: bytes) -> dict[str, str]:
    if name != "zendesk":
        return {"X-Aftersale-Secret": secret}
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "X-Zendesk-Webhook-Signature": signatures.base64_hmac(secret.encode(), stamp.encode() + body),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
    }


@pytest.mark.parametrize("name", ["zendesk", "gorgias", "hubspot"])
def test_a_help_desk_mirrors_its_tickets(store: Tenant, name: str) -> None:
    given = json.loads(RECIPES[f"{name} connection"])
    made = store.post("/v1/connections", given)
    assert made.status_code == 201, made.text
    desk = Desk.__new__(Desk)
    desk.store, desk.connection, desk.client = store, made.json(), store.app.client()
    secret, values = given["credentials"]["secret"], {}
    shown: dict[str, Any] = {}
    for news in VALUES[name]:
        values |= news
        body = filled(name, values)
        for status in ("accepted", "duplicate"):
            answer = desk.post(body, headers(name, secret, body))
            assert (answer.status_code, answer.json().get("status")) == (200, status), answer.text
        ticket = desk.came_of(answer.json()["id"])["ticket"]
        shown = store.get(f"/v1/tickets/{ticket}").json()
        assert (shown["subject"], shown["external_ids"]) == ("The lamp", {desk.connection["id"]: EXTERNAL[name]})
        first = news is VALUES[name][0]
        assert shown["status"] == ({"gorgias": "open"}.get(name, "pending_customer") if first else "solved")
    assert len(store.get("/v1/tickets").json()["data"]) == 1
    if name == "zendesk":
        assert (shown["priority"], shown["tags"]) == ("normal", ["broken_lamp", "vip"])
    assert told_wrongly(desk, name, secret)


def told_wrongly(desk: Desk, name: str, secret: str) -> bool:
    body = filled(name, VALUES[name][0] | {"ticket.id": "43"})
    return desk.post(body, headers(name, secret + "x", body)).status_code == 401


def test_plain_curl_signs_by_the_standard(store: Tenant) -> None:
    missing = [program for program in ("curl", "openssl", "od", "bash") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)}")
    desk = Desk(store)
    about = {"SECRET": SECRET, "CONNECTION": desk.connection["id"], "AFTERSALE_URL": store.app.url}
    done = subprocess.run(
        ["bash", "-euc", RECIPES["curl"]],
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "NO_PROXY": "*", **about},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout)["status"] == "accepted", done.stdout
    until(lambda: store.get("/v1/tickets").json()["data"])
    assert store.get("/v1/tickets").json()["data"][0]["subject"] == "The lamp came broken"
