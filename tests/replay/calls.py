"""The data set's tools as calls of our API: which route, which body, which of an order's lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.replay.cases import Write
from tests.tools.retail import COUNTRIES

Json = dict[str, Any]
Lines = list[Json]
"""An order's lines as the API shows them."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `{made}` in the path is the id of what the call before it made."""

    method: str
    path: str
    body: Json


def order_of(write: Write) -> str | None:
    """The order whose lines have to be known before it can be asked for; None where none."""
    return write.arguments["order_id"] if "item_ids" in write.arguments else None


def calls_of(write: Write, lines: Lines) -> list[Call]:
    """What a write is over HTTP. Raises KeyError for a tool that is no write of the data set's."""
    return _CALLS[write.name](write.arguments, lines)


def _ref(arguments: Json) -> str:
    return quote(arguments["order_id"], safe="")


def _cancel(arguments: Json, _: Lines) -> list[Call]:
    return [Call("POST", f"/v1/orders/{_ref(arguments)}/cancel", {"reason": arguments["reason"]})]


def _order_address(arguments: Json, _: Lines) -> list[Call]:
    return [Call("PUT", f"/v1/orders/{_ref(arguments)}/shipping-address", _address(arguments))]


def _customer_address(arguments: Json, _: Lines) -> list[Call]:
    return [Call("PUT", f"/v1/customers/{quote(arguments['user_id'], safe='')}/address", _address(arguments))]


def _address(arguments: Json) -> Json:
    said = {
        "address1": arguments["address1"],
        "address2": arguments["address2"],
        "city": arguments["city"],
        "province": arguments["state"],
        "country_code": COUNTRIES.get(arguments["country"], arguments["country"]),
        "postal_code": arguments["zip"],
    }
    return {name: value for name, value in said.items() if value}


def _items(arguments: Json, lines: Lines) -> list[Call]:
    body = {"lines": _swaps(arguments, lines), "payment_method_id": arguments["payment_method_id"]}
    return [Call("POST", f"/v1/orders/{_ref(arguments)}/items", body)]


def _payment(arguments: Json, _: Lines) -> list[Call]:
    body = {"payment_method_id": arguments["payment_method_id"]}
    return [Call("PUT", f"/v1/orders/{_ref(arguments)}/payment-method", body)]


def _return(arguments: Json, lines: Lines) -> list[Call]:
    body = {
        "order": arguments["order_id"],
        "lines": [{"line_id": line_id, "quantity": 1} for line_id in line_ids(arguments["item_ids"], lines)],
        "destination": {"type": "payment_method", "payment_method_id": arguments["payment_method_id"]},
    }
    return [Call("POST", "/v1/returns", body)]


def _exchange(arguments: Json, lines: Lines) -> list[Call]:
    body = {
        "order": arguments["order_id"],
        "lines": [{**swap, "quantity": 1} for swap in _swaps(arguments, lines)],
        "payment_method_id": arguments["payment_method_id"],
    }
    return [Call("POST", "/v1/exchanges", body)]


def _handoff(arguments: Json, _: Lines) -> list[Call]:
    summary = arguments["summary"]
    return [
        Call("POST", "/v1/tickets", {"subject": "A person is asked for", "text": summary}),
        Call("POST", "/v1/tickets/{made}/handoff", {"reason": "asked for a person", "summary": summary[:2000]}),
    ]


_CALLS: dict[str, Callable[[Json, Lines], list[Call]]] = {
    "cancel_pending_order": _cancel,
    "modify_pending_order_address": _order_address,
    "modify_pending_order_items": _items,
    "modify_pending_order_payment": _payment,
    "return_delivered_order_items": _return,
    "exchange_delivered_order_items": _exchange,
    "modify_user_address": _customer_address,
    "transfer_to_human_agents": _handoff,
}


def _swaps(arguments: Json, lines: Lines) -> Lines:
    """Line by line what it becomes; lists of unequal length leave a line without a variant, or the other way round."""
    olds, news = line_ids(arguments["item_ids"], lines), arguments["new_item_ids"]
    swaps: Lines = []
    for place in range(max(len(olds), len(news))):
        swap: Json = {"line_id": olds[place]} if place < len(olds) else {}
        swaps.append(swap | ({"variant_id": news[place]} if place < len(news) else {}))
    return swaps


def line_ids(item_ids: list[str], lines: Lines) -> list[str]:
    """The line of each item: two of the same variant are two lines, one after the other.

    An item that is named once more than it stands in the order names its last line again; one that does not stand
    in it is named as it is. Neither can be meant, and the API has to say so.
    """
    left: dict[str, list[str]] = {}
    for line in lines:
        left.setdefault(line["variant_id"], []).extend([line["id"]] * line["quantity"])
    found: list[str] = []
    for item_id in item_ids:
        waiting = left.get(item_id)
        if not waiting:
            found.append(item_id)
        else:
            found.append(waiting.pop(0) if len(waiting) > 1 else waiting[0])
    return found
