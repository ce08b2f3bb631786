"""The guard's interface: facts in, decision out, no I/O."""

from datetime import datetime
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

Outcome = Literal["allow", "refuse", "ask"]
ActorKind = Literal["merchant", "shopper", "automation"]
Destination = Literal["original", "store_credit", "payment_method"]
Decided = Literal["return", "exchange", "claim", "withdrawal", "cancel", "swap_items"]
"""What can have been decided before its money moves."""


class Frozen(BaseModel):
    """A value that a decision rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LineFacts(Frozen):
    """One line of the order as the action asks for it; amounts in minor units of the order's currency."""

    line_id: str
    product_id: str | None = None
    variant_id: str | None = None
    title: str = ""
    tags: tuple[str, ...] = ()
    """The product's tags, where the shop tells them."""
    quantity: int = 1
    """How many are asked for."""
    free: int = 0
    """How many could still be asked for: arrived, in no other return, not refunded without one."""
    value: int = 0
    """What was paid for the quantity that is asked for, as far as it has not gone back yet."""
    paid_back: bool = False
    """Something was paid for it, and nothing of the order's money is left: it has gone back another way."""
    final_sale: bool = False
    delivered_at: datetime | None = None
    """When this line arrived; None: the order's `delivered_at` counts."""
    reason: str | None = None
    resolution: str = "refund"
    """refund, store_credit or exchange."""
    photos: int = 0
    """How many different pictures were handed in."""
    extended_until: datetime | None = None
    """A person has let its window stay open until then."""


class CustomerFacts(Frozen):
    """How the customer has behaved in this store; what abuse signals look at."""

    orders: int = 0
    returns: int = 0
    """Orders with a return in the last 365 days."""
    return_rate: int = 0
    """Per cent of the orders of the last 365 days that had a return."""
    claims: int = 0
    """Claims in the last 365 days."""
    accounts_on_address: int = 1
    """Customers of this store whose orders went to the same address."""


class Facts(Frozen):
    """All that a decision may rest on; what is not in here cannot change it."""

    action: str
    """order_status cancel change_address swap_items change_payment_method change_customer return return_label exchange
    claim withdrawal refund goodwill extend_window resend_confirmation subscription"""
    actor: ActorKind
    proof: int
    now: datetime
    owner: bool = True
    """The acting shopper owns the order."""
    language: str = "en"
    """The language in which the reasons are told."""
    order_status: str | None = None
    placed_at: datetime | None = None
    """The policy's windows count as they stood then."""
    bought_under: str | None = None
    """The version of the policy that was in force then, whose windows hold; None: those of the one that decides."""
    delivered_at: datetime | None = None
    market: str | None = None
    """ISO 3166-1 alpha-2 of the country that the order went to."""
    order_tags: tuple[str, ...] = ()
    order_total: int | None = None
    items_changed: bool = False
    payment_changed: bool = False
    standing_returns: int = 0
    """Returns and exchanges of the order that stand, in the shop or here."""
    standing_exchanges: int | None = None
    """How many of them are exchanges; None: not told apart, each counts as one."""
    line_final_sale: bool = False
    """Where no `lines` are named."""
    quantity_free: bool = True
    """Where no `lines` are named: what is asked for is not in another return and was not refunded."""
    lines: tuple[LineFacts, ...] = ()
    amount: int | None = None
    """What it may cost the store, minor units of `currency`."""
    currency: str | None = None
    reason: str | None = None
    destination: Destination = "original"
    destination_kind: str | None = None
    """card, paypal, gift_card, store_credit, bank, other: of the method that `destination` names."""
    subscription_change: str | None = None
    """What is to become of a subscription: pause, resume, skip, swap or cancel."""
    subscription_status: str | None = None
    """active, paused, ending (its end is set), canceled or unknown."""
    method: str | None = None
    """label, drop_off or keep: how a return is to come back."""
    instant: bool = False
    """A refund that is to be paid, or a difference that is to be charged, before the goods have come back."""
    follows: Decided | None = None
    """What has been decided already and is carried out by this: its goods and its reason were judged there."""
    given: int = 0
    """What of this order was refunded before, is reserved to be or was given as goodwill, minor units of `currency`."""
    paid_before: int = 0
    """What was paid of the return that this follows from, or is reserved to be, minor units: all of it is one sum."""
    let_keep: int = 0
    """What was paid for the goods of this order that earlier returns let the shopper keep, minor units."""
    spent: dict[str, int] = {}
    """What automation has reserved or paid before in the scopes order, customer and day, minor units."""
    customer: CustomerFacts = CustomerFacts()


class LineRuling(Frozen):
    """What the guard says of one line."""

    line_id: str
    quantity: int = 0
    """How many of it this speaks of."""
    outcome: Outcome
    code: str | None = None
    reasons: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    returnable_until: datetime | None = None
    """When its window closes; None where there is none or its start is not known."""
    fee: int = 0
    """What the policy keeps back of it, minor units."""
    fee_fixed: int = 0
    """The part of the fee that is the same however few of it there are."""
    resolutions: tuple[str, ...] = ()


class Ruling(BaseModel):
    """What the guard says. `code` is the refusal's stable code, `rules` the ids of the rules that decided."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    code: str | None = None
    reasons: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    policy_version: str
    approvers: int = 0
    """How many persons must say yes; 0 where nobody is asked."""
    fee: int = 0
    label_payer: Literal["store", "shopper"] = "store"
    keep_items: bool = False
    """The goods need not come back."""
    lines: tuple[LineRuling, ...] = ()
    facts: dict[str, Any] = {}


class Guard(Protocol):
    """Decides; the same facts always give the same ruling."""

    version: str

    def decide(self, facts: Facts) -> Ruling:
        """Allow, refuse, or ask a person."""
        ...
