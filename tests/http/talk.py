"""How the tests of messages speak: one shopper's message in, its checked answer out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.app import Tenant

Json = dict[str, Any]
ANNA, LUC, EMMA, JORDAN, MERT, GIULIA, INES = (
    {"email": "anna.keller@example.com"},
    {"email": "luc.moreau@example.com"},
    {"email": "emma.clarke@example.com"},
    {"email": "jordan.lee@example.com"},
    {"email": "mert.yildiz@example.com"},
    {"email": "giulia.ferri@example.com"},
    {"email": "ines.vidal@example.com"},
)


def tell(
    store: Tenant,
    text: str,
    *,
    customer: Json | None = None,
    shopper: str | None = None,
    status: int = 201,
    channel: str = "chat",
    **more: Any,
) -> Json:
    """Send a message (`shopper`: the storefront vouches for this customer) and give what it was answered."""
    headers = {"Aftersale_Customer": shopper} if shopper else {}
    body = {"channel": channel, "text": text, "customer": customer or {}, **more}
    answer = store.post("/v1/messages", body, key=None, Prefer="wait=15", **headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def ticket(store: Tenant, answer: Json) -> Json:
    """The whole ticket of an answer, as the store sees it now."""
    found = store.get(f"/v1/tickets/{answer['ticket']['id']}")
    assert found.status_code == 200, found.text
    return found.json()


def someone() -> Json:
    """A sender nobody has heard of."""
    return {"email": f"{uuid.uuid4().hex[:12]}@example.org"}


def shape(value: Any) -> Any:
    """What a value looks like with everything but names, types and lengths taken away."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return type(value).__name__
