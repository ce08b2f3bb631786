"""Connected systems that call us: each event two or three times, in any order, early, until it is acknowledged."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app import clock
from app.errors import AppError
from app.integrations import signatures
from app.services import inbound
from app.services.runtime import Runtime
from tests.faults.history import Violation
from tests.faults.simulation.bank import Given
from tests.faults.simulation.carrier import Sold
from tests.faults.simulation.client import Clients
from tests.faults.simulation.scenery import DOMAIN, SECRET, Site
from tests.faults.simulation.scheduler import NOBODY

COPIES = (1, 1, 2, 3)
LATE = (0.0, 4.0)
"""Virtual seconds after which a copy is sent: so they overtake each other."""
GIVE_UP = 120.0
Headers = Callable[[bytes], dict[str, str]]


@dataclass
class Call:
    """One event of a connected system, and what became of its calls."""

    connection: str
    kind: str
    body: bytes
    headers: Headers
    external_id: str | None
    opens: str | None = None
    """The ticket that it stands for, by the other system's id."""
    acknowledged: set[str] = field(default_factory=set[str])
    """The ids under which we have said that we keep it."""


@dataclass
class Inbox:
    """All systems that call the stores of one history."""

    clients: Clients
    rng: random.Random
    found: list[Violation]
    on: bool
    """Whether anybody calls in this history."""
    calls: list[Call] = field(default_factory=list[Call])
    sending: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def refund(self, site: Site, one: Given) -> None:
        """The payment provider tells how a refund is now, ours or one made elsewhere."""
        name = f"evt_{site.shop}_{next(self._numbers)}"
        event = {
            "id": name,
            "livemode": False,
            "type": self.rng.choice(("refund.created", "refund.updated", "charge.refund.updated")),
            "data": {
                "object": {
                    "id": one.id,
                    "amount": one.amount,
                    "currency": "eur",
                    "payment_intent": one.payment_id,
                    "status": one.status,
                    "metadata": {} if one.key is None else {"aftersale_key": one.key},
                    "created": int(one.at.timestamp()),
                }
            },
        }
        self._send(Call(site.connections["stripe"], "stripe", json.dumps(event).encode(), _stripe, name))

    def scan(self, site: Site, one: Sold) -> None:
        """The carrier pushes a scan."""
        assert one.scanned_at is not None
        body = json.dumps({"trackingNumber": one.id, "at": one.scanned_at.isoformat()}).encode()
        self._send(Call(site.connections["ups"], "ups", body, lambda _: {"x-api-key": SECRET}, None))

    def order(self, site: Site, order: str) -> None:
        """The shop tells that an order has changed."""
        number = next(self._numbers)
        body = json.dumps({"admin_graphql_api_id": f"gid://shopify/Order/{order}", "id": int(order), "n": number})
        name = f"hook-{number}"

        def headers(raw: bytes) -> dict[str, str]:
            signed = signatures.base64_hmac(SECRET.encode(), raw)
            told = {"hmac-sha256": signed, "topic": "orders/updated", "shop-domain": DOMAIN.format(site.shop)}
            return {f"x-shopify-{key}": value for key, value in (told | {"webhook-id": name}).items()}

        self._send(Call(site.connections["shopify"], "shopify", body.encode(), headers, name))

    def ticket(self, site: Site) -> None:
        """A help desk opens a ticket."""
        name = f"t-{next(self._numbers)}"
        command = {"command": "open_ticket", "external_id": name, "subject": "Lamp", "text": "It is broken."}
        secret = base64.b64decode(SECRET.removeprefix("whsec_"))

        def headers(raw: bytes) -> dict[str, str]:
            stamp = int(clock.now().timestamp())
            said = signatures.sign(secret, f"d-{name}", stamp, raw)
            return {"webhook-id": f"d-{name}", "webhook-timestamp": str(stamp), "webhook-signature": said}

        self._send(Call(site.connections["crm"], "crm", json.dumps(command).encode(), headers, f"d-{name}", name))

    def _send(self, call: Call) -> None:
        if not self.on:
            return
        self.calls.append(call)
        for _ in range(self.rng.choice(COPIES)):
            task = self.clients.machines.scheduler.spawn(NOBODY, self._copy(call, self.rng.uniform(*LATE)))
            self.sending.add(task)
            task.add_done_callback(self.sending.discard)

    async def _copy(self, call: Call, after: float) -> None:
        await asyncio.sleep(after)
        loop = self.clients.machines.scheduler.loop
        give_up = loop.time() + GIVE_UP

        async def take(runtime: Runtime) -> dict[str, Any]:
            return await inbound.take(runtime, call.connection, call.headers(call.body), call.body, "req_in")

        while loop.time() < give_up:
            try:
                answer = await self.clients.call(take)
            except ConnectionError:
                pass
            except AppError as refused:
                if refused.status < 500:
                    self.found.append(Violation("I6", call.kind, f"a genuine call was refused: {refused.name}"))
                    return
            else:
                call.acknowledged.add(answer["id"])
                return
            await asyncio.sleep(self.rng.uniform(0.1, 1.0))
        self.found.append(Violation("stuck", call.kind, "a genuine call was never acknowledged"))


def _stripe(raw: bytes) -> dict[str, str]:
    stamp = int(clock.now().timestamp())
    mac = hmac.new(SECRET.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={stamp},v1={mac}"}
