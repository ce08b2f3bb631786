"""Whatever address a user gives, wherever one is taken, nobody on the inside hears a packet.

`tests/integrations/test_addresses.py` holds the one door that all of these go through, with names that lead inside,
are rebound or redirected; here each place is shown to go through it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integrations.test_addresses import WRITTEN
from tests.support.app import Tenant

no_database = pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # none is asked about an address
HOOKS, CONNECTIONS = "/v1/webhook-endpoints", "/v1/connections"
STRIPE = {"secret_key": "sk_test_" + "x" * 24}
SHOPIFY = {"access_token": "shpat_" + "0" * 32}
MEDUSA = {"secret_key": "sk_" + "0" * 32}
UPS = {"client_id": "a" * 20, "client_secret": "b" * 20}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "stripe": ({}, STRIPE),
    "shopify": ({"shop": "a.myshopify.com"}, SHOPIFY),
    "ups": ({"account_number": "A1B2C3"}, UPS),
    "medusa": ({"url": "https://shop.example.com"}, MEDUSA),
}
OUR_TESTS = {"medusa": "url"}
"""The field that takes the address of our tests, where it is not `api_base`."""


class Canary:
    """Listeners on one port of both loopbacks."""

    def __init__(self) -> None:
        four = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = four.getsockname()[1]
        self._listening = [four, socket.create_server(("::1", self.port), family=socket.AF_INET6, backlog=128)]

    def heard(self) -> int:
        """How many have connected, whether they said anything or not."""
        count = 0
        for listener in self._listening:
            listener.setblocking(False)
            try:
                while True:
                    listener.accept()[0].close()
                    count += 1
            except BlockingIOError:
                pass
        return count

    def close(self) -> None:
        for listener in self._listening:
            listener.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    found = Canary()
    yield found
    found.close()


def forms(canary: Canary) -> list[str]:
    """Every form, and loopback by plain HTTP."""
    more = ("http://127.0.0.1:{port}/", "http://[::1]:{port}", "http://localhost:{port}/x")
    return [url.replace("{port}", str(canary.port)) for url in (*WRITTEN, *more)]


def test_a_canary_hears_whoever_comes(canary: Canary) -> None:
    for host in ("127.0.0.1", "::1"):
        socket.create_connection((host, canary.port)).close()
    assert canary.heard() == 2


@no_database
def test_no_webhook_goes_inside(store: Tenant, canary: Canary) -> None:
    endpoint = store.post(HOOKS, {"url": "https://crm.example.com/"}).json()
    assert len(forms(canary)) > 60
    for url in forms(canary):
        for answer in (store.post(HOOKS, {"url": url}), store.send("PATCH", f"{HOOKS}/{endpoint['id']}", {"url": url})):
            if "\0" in url:
                assert answer.json()["code"] == "invalid_json"
                continue
            assert answer.status_code == 422, url
            assert answer.json()["errors"][0]["pointer"] == "/url", url
            assert len(url) < 10 or url not in answer.text, "a refusal repeats nothing"
    assert store.get(f"{HOOKS}/{endpoint['id']}").json()["url"] == endpoint["url"]
    assert canary.heard() == 0


@no_database
@pytest.mark.parametrize("kind", KINDS)
def test_no_connection_goes_inside(store: Tenant, canary: Canary, kind: str) -> None:
    config, credentials = KINDS[kind]
    for url in forms(canary):
        for field in ("api_base", "shop", "url", "endpoint"):
            body = {"kind": kind, "name": "x", "config": {**config, field: url}, "credentials": credentials}
            answer = store.post(CONNECTIONS, body)
            assert answer.status_code == (400 if "\0" in url else 422), (field, url)
    tests_own = {**config, OUR_TESTS.get(kind, "api_base"): f"http://127.0.0.1:{canary.port}"}
    made = store.post(CONNECTIONS, {"kind": kind, "name": "x", "config": tests_own, "credentials": credentials})
    assert made.status_code == 201, "the form of our tests, which only a setting of theirs lets through"
    checked = store.post(f"{CONNECTIONS}/{made.json()['id']}/check")
    assert (checked.status_code, checked.json()["status"]) == (200, "failing")
    assert canary.heard() == 0


@no_database
def test_nothing_is_fetched_for_a_message(store: Tenant, canary: Canary) -> None:
    given = [url for url in forms(canary) if url.strip() and url.isprintable() and len(url) <= 200]
    assert len(given) > 60
    for begin in range(0, len(given), 20):
        some = given[begin : begin + 20]
        told = {"channel": "email", "text": " ".join(some), "files": [{"name": url} for url in some]}
        assert store.post("/v1/messages", {**told, "context": {"page": some[0]}}).status_code == 201
        assert store.post("/v1/messages", {**told, "files": some}).status_code == 404, "a file has an id, no address"
    assert canary.heard() == 0
