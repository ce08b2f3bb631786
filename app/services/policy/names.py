"""The named facts that a condition may rest on, each with its type; what is not here cannot be asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from app.money import known_currencies
from app.services.policy.contract import Facts, LineFacts
from app.services.wording import LANGUAGES, language_of

Kind = Literal["text", "number", "money", "flag", "moment", "words"]

ACTIONS = [
    "order_status",
    "cancel",
    "change_address",
    "swap_items",
    "change_payment_method",
    "change_customer",
    "return",
    "return_label",
    "exchange",
    "claim",
    "withdrawal",
    "refund",
    "goodwill",
    "extend_window",
    "resend_confirmation",
    "subscription",
]
"""Every action that the guard knows; one of its own name brings it with its declaration (`model.know`)."""

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def utc(moment: datetime) -> datetime:
    """`moment` with its zone (none named: UTC), brought into 1900 to 9000, so that reckoning never overflows."""
    if moment.tzinfo is UTC and 1900 < moment.year < 9000:
        return moment
    if moment.year <= 1900:
        return EARLIEST
    if moment.year >= 9000:
        return LATEST
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(slots=True)
class Scene:
    """What a condition is asked about: the facts, and one of their lines where it looks at lines."""

    facts: Facts
    line: LineFacts | None = None
    closing: tuple[str, datetime | None, bool] | None = None
    """What `lines.closes` found, so that it is reckoned once."""

    def arrived(self) -> datetime | None:
        """When the line arrived, else the order."""
        own = None if self.line is None else self.line.delivered_at
        found = own or self.facts.delivered_at
        return None if found is None else utc(found)

    def days_since(self, moment: datetime | None) -> int | None:
        """Whole days from `moment` to the decision; None where it is not known."""
        return None if moment is None else (utc(self.facts.now) - utc(moment)).days


Read = Callable[[Scene], Any]


@dataclass(frozen=True, slots=True)
class Name:
    """One fact: its type, how it is read, and which words it may hold where they are few."""

    kind: Kind
    read: Read
    words: Sequence[str] = ()
    form: str | None = None
    """What a text must look like to be one of its values at all, as a regular expression."""

    @property
    def of_line(self) -> bool:
        """Whether it is asked of each line."""
        return self.read in _LINE_READS


def _fact(name: str) -> Read:
    def read(scene: Scene) -> Any:
        return getattr(scene.facts, name)

    return read


def _moment(name: str) -> Read:
    def read(scene: Scene) -> Any:
        found = getattr(scene.facts, name)
        return None if found is None else utc(found)

    return read


def _spent(scope: str) -> Read:
    def read(scene: Scene) -> Any:
        return scene.facts.spent.get(scope, 0)

    return read


def _customer(name: str) -> Read:
    def read(scene: Scene) -> Any:
        return getattr(scene.facts.customer, name)

    return read


_LINE_READS: set[Read] = set()


def _line(name: str) -> Read:
    def read(scene: Scene) -> Any:
        return None if scene.line is None else getattr(scene.line, name)

    _LINE_READS.add(read)
    return read


def _line_moment(name: str) -> Read:
    def read(scene: Scene) -> Any:
        found = None if scene.line is None else getattr(scene.line, name)
        return None if found is None else utc(found)

    _LINE_READS.add(read)
    return read


def _line_age(scene: Scene) -> int | None:
    return None if scene.line is None else scene.days_since(scene.arrived())


_LINE_READS.add(_line_age)

_STATUSES = ("pending", "processing", "shipped", "delivered", "canceled")
_METHODS = ("card", "paypal", "gift_card", "store_credit", "bank", "other")
_RESOLUTIONS = ("refund", "store_credit", "exchange")
_SUBSCRIPTION_CHANGES = ("pause", "resume", "skip", "swap", "cancel")
_SUBSCRIPTION_STATUSES = ("active", "paused", "ending", "canceled", "unknown")

NAMES: dict[str, Name] = {
    "action": Name("text", _fact("action"), ACTIONS),
    "actor": Name("text", _fact("actor"), ("merchant", "shopper", "automation")),
    "proof": Name("number", _fact("proof")),
    "now": Name("moment", _moment("now")),
    "language": Name("text", lambda scene: language_of(scene.facts.language), LANGUAGES),
    "order_status": Name("text", _fact("order_status"), _STATUSES),
    "placed_at": Name("moment", _moment("placed_at")),
    "delivered_at": Name("moment", _moment("delivered_at")),
    "days_since_purchase": Name("number", lambda scene: scene.days_since(scene.facts.placed_at)),
    "days_since_delivery": Name("number", lambda scene: scene.days_since(scene.facts.delivered_at)),
    "market": Name("text", _fact("market"), form="[A-Z]{2}"),
    "order_tags": Name("words", _fact("order_tags")),
    "order_total": Name("money", _fact("order_total")),
    "items_changed": Name("flag", _fact("items_changed")),
    "payment_changed": Name("flag", _fact("payment_changed")),
    "standing_returns": Name("number", _fact("standing_returns")),
    "amount": Name("money", _fact("amount")),
    "currency": Name("text", _fact("currency"), tuple(sorted(known_currencies()))),
    "reason": Name("text", _fact("reason")),
    "destination": Name("text", _fact("destination"), ("original", "store_credit", "payment_method")),
    "destination_kind": Name("text", _fact("destination_kind"), _METHODS),
    "subscription_change": Name("text", _fact("subscription_change"), _SUBSCRIPTION_CHANGES),
    "subscription_status": Name("text", _fact("subscription_status"), _SUBSCRIPTION_STATUSES),
    "spent.order": Name("money", _spent("order")),
    "spent.customer": Name("money", _spent("customer")),
    "spent.day": Name("money", _spent("day")),
    "customer.orders": Name("number", _customer("orders")),
    "customer.returns": Name("number", _customer("returns")),
    "customer.return_rate": Name("number", _customer("return_rate")),
    "customer.claims": Name("number", _customer("claims")),
    "customer.accounts_on_address": Name("number", _customer("accounts_on_address")),
    "line.product_id": Name("text", _line("product_id")),
    "line.variant_id": Name("text", _line("variant_id")),
    "line.title": Name("text", _line("title")),
    "line.tags": Name("words", _line("tags")),
    "line.quantity": Name("number", _line("quantity")),
    "line.free": Name("number", _line("free")),
    "line.value": Name("money", _line("value")),
    "line.final_sale": Name("flag", _line("final_sale")),
    "line.delivered_at": Name("moment", _line_moment("delivered_at")),
    "line.days_since_delivery": Name("number", _line_age),
    "line.reason": Name("text", _line("reason")),
    "line.resolution": Name("text", _line("resolution"), _RESOLUTIONS),
    "line.photos": Name("number", _line("photos")),
    "line.extended_until": Name("moment", _line_moment("extended_until")),
}
