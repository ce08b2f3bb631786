"""Every way in, with something planted in each of its texts: what `planted_secrets` goes through, round by round."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from app.integrations import signatures
from tests.sandbox.served import Served
from tests.support.files import picture
from tests.tools.planted_values import Values

RAW = b"a secret of forty bytes, all of it here!"
ORDER, LINE = "#1001", "ln-1001-1"
KIM = {"Aftersale-Actor": "agent:kim"}


@dataclass
class Doors:
    """A caller with the store's key; `answers` counts what it was answered, by status."""

    client: httpx.Client
    values: Values
    hook: str
    connection: str = ""
    answers: Counter[int] = field(default_factory=Counter[int])
    numbers: int = 0

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """A request with something planted in its headers; what it was answered."""
        self.numbers += 1
        plain = [self.values.any(f"header of {path.partition('?')[0][:24]}", "plain") for _ in range(2)]
        named = {
            "Idempotency-Key": f"{uuid.uuid4().hex} {plain[0]}",
            ("User-Agent", "Referer", "Cookie", "X-Forwarded-For", "X-Request-Id")[self.numbers % 5]: plain[1],
            **headers,
        }
        sent: dict[str, Any] = {} if body is None else {"content": json.dumps(body, ensure_ascii=self.numbers % 2 == 0)}
        answer = self.client.request(method, path, headers={"Content-Type": "application/json", **named}, **sent)
        self.answers[answer.status_code] += 1
        if answer.status_code >= 500:
            raise AssertionError(f"{method} {path[:40]}: {answer.text[:300]}")
        return answer.json() if "json" in answer.headers["content-type"] else {}

    def text(self, door: str) -> str:
        """Several lines with something planted in each."""
        return "\n".join(f"Hello, here it is: {self.values.any(door)} and thanks." for _ in range(3))

    def line(self, door: str) -> str:
        """One line with something planted."""
        return f"My {self.values.any(door, 'line')} here"

    def begin(self) -> None:
        """Who is told of everything, and who sends us things."""
        self.send("POST", "/v1/webhook-endpoints", {"url": self.hook, "description": self.line("webhook description")})
        for status in ("awaiting_approval", "requested"):
            self.send("GET", f"/v1/returns?status={status}")
        secret = "whsec_" + base64.b64encode(RAW).decode()
        desk = {"kind": "crm", "name": self.line("connection name"), "credentials": {"secret": secret}}
        self.connection = self.send("POST", "/v1/connections", desk)["id"]

    def shop(self, served: Served) -> None:
        """What the shop tells of its orders and customers."""
        document: dict[str, Any] = served.get("/sandbox/v1/export")
        for customer in document["customers"]:
            customer["name"] = self.line("the shop's customer")
        for order in document["orders"]:
            order["tags"] = [self.values.any("the shop's tag", "line")]
            for name in ("name", "address1", "address2"):
                order["shipping_address"][name] = self.line("the shop's address")
            for line in order["lines"]:
                line["title"], line["options"] = self.line("the shop's line"), {"engraving": self.line("an option")}
            for scan in (scan for parcel in order["shipments"] for scan in parcel["scans"]):
                scan["description"], scan["location"] = self.line("the carrier's scan"), self.line("a scan's place")
        served.post("/sandbox/v1/import", document)
        for customer in document["customers"]:
            self.send("GET", f"/v1/customers/{customer['id']}")
        for order in document["orders"]:
            self.send("GET", f"/v1/orders/{order['id']}/status")

    def round(self) -> None:
        """Once through every door."""
        self.message()
        self.ticket()
        self.money()
        self.reads()
        self.inbound()
        self.rest()

    def message(self) -> None:
        """A shopper's message, what hangs on it, and a file."""
        one = self.values
        self.send("POST", "/v1/messages", {
            "channel": "email", "text": self.text("message text"), "subject": self.line("message subject"),
            "external_id": one.any("message external id", "plain"), "order_number": one.card("order number", "plain"),
            "customer": {"email": f"{one.card('e-mail', 'plain').replace(' ', '')}@example.com",
                         "phone": one.card("phone", "plain"), "external_id": one.key("customer id").replace(" ", "-"),
                         "handle": one.any("handle", "line"), "name": self.line("customer name")},
            "files": [{"name": f"{one.any('file name', 'line').replace('/', '-')}.png"}],
            "department": one.any("department", "line")[:100],
            "context": {"page": f"https://shop.example/?card={one.any('page', 'plain')}", "device": one.key("device"),
                        one.any("name of a context", "line"): one.any("context", "line")},
            "button": one.card("button", "plain"),
        })  # fmt: skip
        if self.numbers % 3 == 0:
            return
        form = {"file": (f"{one.any('uploaded name', 'plain').replace('/', '-')}.png", picture(), "image/png")}
        headers = {"Idempotency-Key": f"file-{uuid.uuid4().hex}", "User-Agent": one.any("header of a file", "plain")}
        answer = self.client.post("/v1/files", files=form, headers=headers)
        self.answers[answer.status_code] += 1

    def ticket(self) -> None:
        """A ticket and everything that is done to one."""
        one = self.values
        words = {name: one.any(name, "line")[:100] for name in ("team", "department")}
        made = self.send("POST", "/v1/tickets", {
            "subject": self.line("ticket subject"), "text": self.text("ticket text"), "name": self.line("ticket name"),
            "email": f"{one.card('ticket e-mail', 'plain').replace(' ', '')}@example.com",
            "tags": [one.any("tag", "line") for _ in range(2)], "customer": "cust-anna", **words,
        }, **KIM)  # fmt: skip
        if "id" not in made:
            return
        path = f"/v1/tickets/{made['id']}"
        again = {"subject": self.line("new subject"), "tags": [one.any("new tag", "line")]}
        self.send("PATCH", path, {**again, "priority": "high", "priority_reason": self.line("priority reason")}, **KIM)
        for internal in (True, False):
            self.send("POST", f"{path}/messages", {"text": self.text("note or reply"), "internal": internal}, **KIM)
        self.send("POST", f"{path}/ratings", {"csat": 3, "comment": self.text("rating")})
        self.send("POST", f"{path}/handoff", {"reason": self.line("handoff reason"), "summary": self.text("handoff")})

    def money(self) -> None:
        """Reasons and notes of refunds, returns, claims and cancellations."""
        one, cent = self.values, {"amount": 1, "currency": "EUR"}
        note = {"reason": self.line("refund reason"), "note": self.text("refund note")}
        self.send("POST", "/v1/refunds", {"order": ORDER, "amount": cent, **note}, Prefer="wait=0", **KIM)
        back = {"line_id": LINE, "quantity": 1, "reason": self.line("return reason"), "note": self.text("return note")}
        made = self.send("POST", "/v1/returns", {"order": ORDER, "lines": [back]}, **KIM)
        if "id" in made:
            self.send("POST", f"/v1/returns/{made['id']}/decline", {"reason": self.text("declined")})
            self.send("POST", f"/v1/returns/{made['id']}/cancel", {})
        wrong = {"line_id": "ln-1001-2", "quantity": 1, "kind": "damaged", "note": self.text("claim note")}
        claim = self.send("POST", "/v1/claims", {"order": ORDER, "lines": [wrong]}, Prefer="wait=0", **KIM)
        if "id" in claim:
            self.send("POST", f"/v1/claims/{claim['id']}/decline", {"reason": self.text("claim declined")}, **KIM)
        self.send("POST", "/v1/orders/1002/cancel", {"reason": self.line("cancel reason")})
        self.send("POST", "/v1/actions/refund_order", {"order": ORDER, "amount": cent, "note": one.any("action note")})
        self.send("POST", "/v1/orders/1001/cancel", {"reason": one.any("preview", "line"), "preview": True})

    def reads(self) -> None:
        """Addresses and query strings."""
        for path in ("orders", "refunds", "tickets", "customers"):
            one = quote(self.values.any(f"path of {path}", "line"), safe="")
            self.send("GET", f"/v1/{path}/{one}")
            self.send("GET", f"/v1/{path}?q={quote(self.values.any('query', 'line'))}&email={one}&number={one}&{one}=1")
        self.send("GET", f"/v1/events?after={quote(self.values.any('after', 'plain'))}")
        self.send("GET", f"/{quote(self.values.any('no path', 'line'), safe='')}")
        self.send("GET", "/v1/orders", Aftersale_Customer=self.values.card("customer", "plain"))
        self.send("GET", "/v1/orders", **{"Aftersale-Customer": self.values.any("shopper", "plain").replace(" ", "-")})
        self.send("GET", "/v1/orders", **{"Aftersale-Actor": f"agent:{self.values.any('actor', 'plain')}"})

    def inbound(self) -> None:
        """A connected system's call, signed, and one that is not."""
        one = self.values
        command: dict[str, Any] = {
            "command": "open_ticket", "external_id": one.any("inbound id", "plain"), "text": self.text("inbound text"),
            "subject": self.line("inbound subject"), "name": self.line("inbound name"),
            "email": f"{one.card('inbound e-mail', 'plain').replace(' ', '')}@example.com",
            "tags": [one.any("inbound tag", "line")],
        }  # fmt: skip
        action = {
            "command": "run_action",
            "action": "refund_order",
            "params": {"order": one.any("inbound order", "line")},
        }
        for body in (command, {**command, one.any("inbound field", "line"): self.text("unknown field")}, action):
            content = json.dumps(body).encode()
            delivery, stamp = f"dlv {one.any('delivery', 'plain')}".replace(" ", "_"), int(time.time())
            signature = signatures.sign(RAW, delivery, stamp, content)
            headers = {"webhook-id": delivery, "webhook-timestamp": str(stamp), "webhook-signature": signature}
            self._called(content, headers)
        self._called(
            content, {"webhook-id": one.key("unsigned").replace(" ", "_"), "webhook-signature": one.key("no signature")}
        )

    def _called(self, content: bytes, headers: dict[str, str]) -> None:
        named = {
            "Content-Type": "application/json",
            "User-Agent": self.values.any("inbound header", "plain"),
            **headers,
        }
        answer = self.client.post(f"/v1/inbound/{self.connection}", content=content, headers=named)
        self.answers[answer.status_code] += 1

    def rest(self) -> None:
        """Triage, agents, teams, policies, sessions, credentials, bodies that are none."""
        one = self.values
        self.send("POST", "/v1/triage", {"text": self.text("triage")})
        self.send("POST", "/v1/agents", {"id": f"a{uuid.uuid4().hex[:8]}", "name": self.line("agent name")})
        self.send("POST", "/v1/teams", {"id": f"t{uuid.uuid4().hex[:8]}", "name": self.line("team name")})
        self.send("POST", "/v1/policies", {"name": self.line("policy name"), "document": {}})
        contact = {"order_number": one.any("session order", "line"), "postal_code": one.card("postal code", "plain")}
        self.send("POST", "/v1/shopper-sessions", contact)
        self.send("POST", "/v1/shopper-sessions", {"jwt": f"eyJhbGciOiJIUzI1NiJ9.{one.key('JWT')}.x"})
        self.send("GET", "/v1/refunds", Authorization=f"Bearer {one.key('credential')}")
        operations = self.send("GET", "/v1/operations?limit=5").get("data", [])
        for operation in operations[:2]:
            said = {"outcome": "failed", "note": self.text("resolved"), "external_id": one.card("evidence")}
            self.send("POST", f"/v1/operations/{operation['id']}/resolve", said, **KIM)
        self.send("POST", "/v1/refunds", {"order": self.text("order"), one.any("field", "line"): 1})
        self.client.post("/v1/refunds", content=self.text("no JSON").encode(), headers={"Content-Type": "text/plain"})
        name = {"name": self.line("address name"), "address1": self.line("street"), "city": self.line("city")}
        self.send("PUT", "/v1/orders/1003/shipping-address", {**name, "country_code": "DE"}, Prefer="wait=0")
