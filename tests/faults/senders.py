"""Systems that call a store: what each sends when it is genuine, and what somebody makes of that who is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.integrations import signatures
from tests.faults.world import Storefront
from tests.integrations.stripe_server import KEY, StripeServer

TOLD = {"Content-Type": "application/json"}
AGED = (-100_000, -301, 400, 100_000)
"""Seconds off our clock, just beyond what is taken."""
PAYMENT, CAPTURED, PIECE = "pi_many", 1_000_000, 100
TOPICS = ("refund.created", "refund.updated", "charge.refund.updated")


@dataclass
class Delivery:
    """One request to a connection."""

    body: bytes
    headers: dict[str, str]
    opens: str | None = None
    """The ticket that it stands for, by the other system's id."""


Forgery = Callable[[random.Random, Delivery, Delivery], Delivery]
"""Made of one delivery that was not sent, and another of the same system."""


@dataclass
class Sender:
    """One connection, and who speaks through it."""

    store: Storefront
    connection: str
    genuine: Callable[[int], Delivery]
    forgeries: dict[str, Forgery]
    sent: list[Delivery] = field(default_factory=list[Delivery])

    @property
    def path(self) -> str:
        return f"/v1/inbound/{self.connection}"


def _changed_body(rng: random.Random, one: Delivery, _: Delivery) -> Delivery:
    place = rng.randrange(len(one.body))
    other = bytes([one.body[place] ^ (1 << rng.randrange(7))])
    return Delivery(one.body[:place] + other + one.body[place + 1 :], one.headers)


def _without(name: str) -> Forgery:
    return lambda rng, one, _: Delivery(one.body, {key: said for key, said in one.headers.items() if key != name})


def _borrowed(name: str) -> Forgery:
    return lambda rng, one, other: Delivery(one.body, one.headers | {name: other.headers[name]})


def _changed(name: str) -> Forgery:
    def made(rng: random.Random, one: Delivery, _: Delivery) -> Delivery:
        said = one.headers[name]
        place = rng.randrange(len(said))
        letter = "A" if said[place] != "A" else "B"
        return Delivery(one.body, one.headers | {name: said[:place] + letter + said[place + 1 :]})

    return made


# ---- a CRM that signs as Standard Webhooks does ----------------------------------------------------------------------


def _command(number: int) -> tuple[str, bytes]:
    name = f"t-{number}"
    command = {"command": "open_ticket", "external_id": name, "subject": f"Lamp {number}", "text": "It is broken."}
    return name, json.dumps(command).encode()


def _signed(secret: bytes, body: bytes, name: str, stamp: int) -> dict[str, str]:
    said = signatures.sign(secret, name, stamp, body)
    return {"webhook-id": name, "webhook-timestamp": str(stamp), "webhook-signature": said}


async def signing_crm(store: Storefront, rng: random.Random) -> Sender:
    """Every header is part of what it signs."""
    secret, wrong = rng.randbytes(40), rng.randbytes(40)
    body = {"secret": "whsec_" + base64.b64encode(secret).decode()}
    config = {"scopes": ["tickets:read", "tickets:write"]}
    made = await store.make("/v1/connections", {"kind": "crm", "name": "CRM", "config": config, "credentials": body})

    def genuine(number: int) -> Delivery:
        name, raw = _command(number)
        return Delivery(raw, _signed(secret, raw, f"d-{number}", int(time.time())), name)

    def aged(rng: random.Random, one: Delivery, _: Delivery) -> Delivery:
        stamp = int(time.time()) + rng.choice(AGED)
        return Delivery(one.body, _signed(secret, one.body, one.headers["webhook-id"], stamp))

    def of_another(rng: random.Random, one: Delivery, _: Delivery) -> Delivery:
        return Delivery(one.body, _signed(wrong, one.body, one.headers["webhook-id"], int(time.time())))

    def rubbish(rng: random.Random, one: Delivery, _: Delivery) -> Delivery:
        raw = rng.choice([b"", b"[]", b"{", b'{"command": "paint_it"}', one.body[:-1], one.body + b"}"])
        return Delivery(raw, _signed(secret, raw, one.headers["webhook-id"], int(time.time())))

    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    forgeries: dict[str, Forgery] = {"body": _changed_body, "aged": aged, "another's": of_another, "rubbish": rubbish}
    forgeries |= {f"without {name}": _without(name) for name in names}
    forgeries |= {f"borrowed {name}": _borrowed(name) for name in ("webhook-id", "webhook-signature")}
    forgeries |= {f"changed {name}": _changed(name) for name in names}
    return Sender(store, made["id"], genuine, forgeries)


# ---- a CRM that can only send a secret -------------------------------------------------------------------------------


async def telling_crm(store: Storefront, rng: random.Random) -> Sender:
    """A secret in a header: whoever has it may send anything, whoever has not nothing."""
    secret, name = rng.randbytes(24).hex(), "X-Desk-Secret"
    config = {"scopes": ["tickets:write"], "verification": "shared_secret", "header": name}
    body = {"kind": "crm", "name": "Desk", "config": config, "credentials": {"secret": secret}}
    made = await store.make("/v1/connections", body)

    def genuine(number: int) -> Delivery:
        known, raw = _command(number)
        return Delivery(raw, {name: secret}, known)

    def elsewhere(rng: random.Random, one: Delivery, _: Delivery) -> Delivery:
        return Delivery(one.body, {rng.choice(["X-Aftersale-Secret", "Authorization", "webhook-signature"]): secret})

    def cut(rng: random.Random, one: Delivery, _: Delivery) -> Delivery:
        return Delivery(one.body, {name: rng.choice([secret[:-1], secret + "0", secret.upper() + "x", "", "null"])})

    return Sender(
        store, made["id"], genuine,
        {"without": _without(name), "changed": _changed(name), "elsewhere": elsewhere, "cut": cut},
    )  # fmt: skip


# ---- Stripe ----------------------------------------------------------------------------------------------------------


async def stripe(store: Storefront, rng: random.Random, provider: StripeServer) -> Sender:
    """Refunds that were made there; what an event says of one may be old, or a lie: the ledger is asked."""
    secret = "whsec_" + rng.randbytes(16).hex()
    body = {
        "kind": "stripe", "name": "Stripe", "config": {"api_base": provider.url},
        "credentials": {"secret_key": KEY, "webhook_secret": secret},
    }  # fmt: skip
    made = await store.make("/v1/connections", body)
    provider.intent(PAYMENT, amount=CAPTURED)

    def signed(raw: bytes, stamp: int, by: str = secret) -> dict[str, str]:
        mac = hmac.new(by.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
        return {"Stripe-Signature": f"t={stamp},v1={mac}"}

    def genuine(number: int) -> Delivery:
        if number % len(TOPICS) == 0 or not provider.refunds:
            provider.made(PAYMENT, PIECE)
        thing = dict(rng.choice(provider.refunds[:5])) | {"status": rng.choice(["pending", "succeeded", "failed"])}
        event: dict[str, Any] = {"id": f"evt_{number}", "livemode": False, "type": rng.choice(TOPICS)}
        raw = json.dumps(event | {"data": {"object": thing}}).encode()
        return Delivery(raw, signed(raw, int(time.time())))

    def aged(rng: random.Random, one: Delivery, _: Delivery) -> Delivery:
        return Delivery(one.body, signed(one.body, int(time.time()) + rng.choice(AGED)))

    def of_another(rng: random.Random, one: Delivery, _: Delivery) -> Delivery:
        return Delivery(one.body, signed(one.body, int(time.time()), "whsec_" + rng.randbytes(16).hex()))

    name = "Stripe-Signature"
    forgeries: dict[str, Forgery] = {"body": _changed_body, "aged": aged, "another's": of_another}
    forgeries |= {"without": _without(name), "borrowed": _borrowed(name), "changed": _changed(name)}
    return Sender(store, made["id"], genuine, forgeries)
