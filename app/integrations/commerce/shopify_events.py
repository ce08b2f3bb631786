"""What Shopify sends us: verified, of this shop and about what its topic says, and read into our words.

`X-Shopify-Hmac-SHA256`, in newer deliveries `Shopify-Hmac-SHA256`: base64 HMAC-SHA256 of the raw body by the app's
secret. Id, topic and shop stand in headers that are not signed: an app's secret signs for every shop that it is
installed in, and whoever holds one delivery can send it again under another label. So the shop has to be the
connection's, the body has to be what its topic says, and the body's hash counts beside the id. What a body says of an
order is a hint to ask.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from app.integrations import answers, signatures
from app.integrations.commerce.shopify_wire import noted
from app.integrations.connecting import Known, NotGenuine, Received

KINDS = {"orders": "Order", "fulfillments": "Fulfillment", "refunds": "Refund", "returns": "Return"}
"""What the body of a topic is, by the topic's first part."""
PRIVACY = {
    "customers/data_request": "data_request",
    "customers/redact": "customer_redact",
    "shop/redact": "shop_redact",
}
IDS = frozenset({"order_id", "customer_id", "order_ids", "request_id"})
"""Of what `read` gives: Shopify's ids have 13 digits and more, of which one in ten looks like a card's number."""
_GID = re.compile(r"gid://shopify/([A-Za-z]{1,40})/([0-9]{1,20})", re.ASCII)


def verify(received: Received, *, secret: str, shop: str) -> Known:
    """Who sent it: raises NotGenuine where it is not signed, of another shop, or not what its topic says."""
    given = _header(received, "hmac-sha256")
    if not secret or not given or not given.isascii():
        raise NotGenuine
    if not signatures.any_matches([signatures.base64_hmac(secret.encode(), received.body)], [given]):
        raise NotGenuine
    topic, external_id = _header(received, "topic").lower(), _header(received, "webhook-id")
    if _header(received, "shop-domain").lower() != shop or not topic or not external_id:
        raise NotGenuine
    try:
        body = answers.strict_json(received.body)
    except (ValueError, RecursionError):
        return Known(external_id=external_id[:255], topic=topic[:100])  # genuine, and whoever parses it says so
    if not _is_what_it_says(topic, body, shop):
        raise NotGenuine
    # That an app was taken out says the same each time, and may well come twice within the days that bodies are known
    # for: whoever acts on it asks the shop, so that one that is sent again does no harm.
    return Known(external_id=external_id[:255], topic=topic[:100], id_is_signed=PRIVACY.get(topic) == "shop_redact")


def _header(received: Received, name: str) -> str:
    """By either spelling; one that came twice with different values is none."""
    values = {received.headers[full] for full in (f"x-shopify-{name}", f"shopify-{name}") if full in received.headers}
    return values.pop().strip() if len(values) == 1 else ""


def _is_what_it_says(topic: str, body: Mapping[str, Any], shop: str) -> bool:
    domain = body.get("shop_domain")
    if domain is not None and (not isinstance(domain, str) or domain.lower() != shop):
        return False
    if domain is not None and topic not in PRIVACY:
        return False
    if topic in PRIVACY:
        wants_customer, has_customer = topic != "shop/redact", isinstance(body.get("customer"), Mapping)
        asks = "data_request" in body
        return domain is not None and wants_customer == has_customer and asks == (topic == "customers/data_request")
    family = topic.partition("/")[0]
    found = _of_kind(body)
    if family == "orders" and found is None:
        return True  # `orders/edited` and `orders/delete` are no orders
    return family not in KINDS or found == KINDS[family]


def _of_kind(body: Mapping[str, Any]) -> str | None:
    found = _GID.fullmatch(str(body.get("admin_graphql_api_id") or ""))
    return None if found is None else found[1]


def read(body: Mapping[str, Any]) -> dict[str, Any]:
    """`about` is `order`, `privacy` or `nothing`.

    `order`: `order_id` (the shop's), `what` (`Order`, `OrderEdit`, `Fulfillment`, `Refund`, `Return`) and, of a refund,
    `key` (None: not one of ours). `privacy`: `asked` (`data_request`, `customer_redact`, `shop_redact`), `customer_id`
    and `order_ids` (the shop's), `request_id`; the person's e-mail and phone are not kept.
    """
    if "shop_domain" in body:
        return _privacy(body)
    edit: Any = body.get("order_edit")
    if isinstance(edit, Mapping):  # of an order that was edited only this is told
        body = {**cast("Mapping[str, Any]", edit), "admin_graphql_api_id": "gid://shopify/OrderEdit/0"}
    kind, order_id = _of_kind(body), _order_id(body)
    if kind not in {*KINDS.values(), "OrderEdit"} or order_id is None:
        return {"about": "nothing", "why": "topic"}
    told: dict[str, Any] = {"about": "order", "what": kind, "order_id": order_id}
    if kind == "Refund":
        note = body.get("note")
        told["key"] = noted(note)[0] if isinstance(note, str) else None
    return told


def _order_id(body: Mapping[str, Any]) -> str | None:
    if _of_kind(body) == "Order":
        return _number(body.get("id"))
    order: Any = body.get("order")
    nested = cast("Mapping[str, Any]", order).get("id") if isinstance(order, Mapping) else None
    return _number(body.get("order_id")) or _number(nested)


def _number(value: Any) -> str | None:
    """An id as a number or as a global id; None where it is neither."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**20:
        return str(value)
    found = _GID.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else found[2]


def _privacy(body: Mapping[str, Any]) -> dict[str, Any]:
    customer: Any = body.get("customer")
    request: Any = body.get("data_request")
    if isinstance(request, Mapping):
        asked = "data_request"
    else:
        asked = "customer_redact" if isinstance(customer, Mapping) else "shop_redact"
    orders: Any = body.get("orders_requested") or body.get("orders_to_redact") or []
    listed = cast("list[Any]", orders) if isinstance(orders, list) else []
    return {
        "about": "privacy",
        "asked": asked,
        "customer_id": _id_of(customer),
        "order_ids": [found for one in listed if (found := _number(one)) is not None],
        "request_id": _id_of(request),
    }


def _id_of(thing: Any) -> str | None:
    return _number(cast("Mapping[str, Any]", thing).get("id")) if isinstance(thing, Mapping) else None


def resource(known: Known, document: Mapping[str, Any]) -> str:
    """The order, or the person, that it is about."""
    del known
    if document.get("about") == "order":
        return f"order:{document['order_id']}"
    if document.get("about") == "privacy":
        return f"privacy:{document.get('customer_id') or 'shop'}"
    return ""
