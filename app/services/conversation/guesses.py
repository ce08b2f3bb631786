"""An order number with the contact that stands on that order is a proof, if it was not found by trying.

Whoever guesses wrong learns nothing, not even whether there is such an order: the shop is asked as often, and the
answer is the same, for a number that does not exist, for a wrong contact, and for a right one after too many wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from sqlalchemy.orm import Session

from app import clock
from app.errors import OrderAmbiguous, ProviderUnavailable
from app.integrations.commerce.contract import OrderSnapshot
from app.models.orders import Order
from app.services import mirror, order_flights, orders
from app.services.callers import Caller
from app.services.conversation import lockouts
from app.services.conversation.inbound import Inbound
from app.services.proofs import email_key, order_number_key, phone_key, postal_key
from app.services.runtime import Runtime
from app.services.triage.contract import Triage

MOST = 5
"""So many contacts of a kind may stand in a text; of more none counts, for then somebody is trying them out."""
READ = 20_000
WORDS = re.compile(r"[0-9A-Za-z]{2,10}")
T = TypeVar("T")
SHORTEST = 4
"""Postal codes of fewer characters (three digits in Iceland) are too easily met by accident."""


@dataclass(frozen=True, slots=True)
class Written:
    """What stands on an order."""

    external_id: str
    number_key: str | None
    email_key: str | None
    phone_key: str | None
    postal_key: str | None

    @classmethod
    def on(cls, order: Order) -> Written:
        """On our copy of it."""
        return cls(order.external_id, order.number_key, order.email_key, order.phone_key, order.postal_key)


@dataclass(frozen=True, slots=True)
class Guess:
    """The contacts that a message claims, as keys."""

    emails: frozenset[str]
    phones: frozenset[str]
    postal: frozenset[str]
    """Every word and pair of words with a digit: what shape a postal code has, the order tells."""
    vouched: frozenset[str]
    """Those that the channel has proved: no guesses."""
    sender: str | None

    @classmethod
    def of(cls, caller: Caller, inbound: Inbound, triage: Triage, refs: list[str], sender: str | None) -> Guess:
        """What the message claims, in its fields and in its text; the numbers of its orders are no claims."""
        country = caller.store.country_code
        email, phone = inbound.customer.get("email"), inbound.customer.get("phone")
        given = {email_key(email) if email else None}, {phone_key(phone, country) if phone else None}
        emails = _few({email_key(text) for text in triage.entities.emails}) | given[0]
        phones = _few({phone_key(text, country) for text in triage.entities.phones}) | given[1]
        proved = (given[0] if email else given[1]) if inbound.identity != "none" else set[str | None]()
        return cls(_known(emails), _known(phones), _postal(inbound.text, refs), _known(proved), sender)

    def __bool__(self) -> bool:
        """Whether anything is claimed."""
        return bool(self.emails or self.phones or self.postal)

    def is_vouched_on(self, order: Written) -> bool:
        """Whether a contact of the order's is the sender's by the word of their channel."""
        return not self.vouched.isdisjoint({order.email_key, order.phone_key})

    def is_right(self, order: Written) -> bool:
        """Whether a contact of the order's is among them."""
        return (
            order.email_key in self.emails or order.phone_key in self.phones or order.postal_key in self._codes(order)
        )

    def tries(self, order: Written | None) -> int:
        """How many guesses it is: each code that might be the order's; addresses are hard to guess, and are one."""
        return bool(self.emails or self.phones) + (0 if order is None else len(self._codes(order)))

    def _codes(self, order: Written) -> set[str]:
        """The words that look like the order's postal code; none where there are too many of them."""
        code = order.postal_key
        if code is None or len(code) < SHORTEST:
            return set()
        named = {order.number_key, order_number_key(order.external_id)}  # to say the number is no proof
        alike = {word for word in self.postal if _shape(word) == _shape(code) and word.casefold() not in named}
        return _few(alike)


def _few(found: set[T]) -> set[T]:
    return found if len(found) <= MOST else set()


def _known(found: set[str | None]) -> frozenset[str]:
    return frozenset(key for key in found if key is not None)


def _postal(text: str, refs: list[str]) -> frozenset[str]:
    """What may be a postal code; nothing where the only digits are those of the orders' numbers."""
    words = WORDS.findall(text[:READ])
    named = {order_number_key(ref) for ref in refs}
    if all(word.casefold() in named for word in words if _has_digit(word)):
        return frozenset()
    every = {*words, *(first + second for first, second in pairwise(words))}
    return _known({postal_key(word) for word in every if _has_digit(word)})


def _has_digit(word: str) -> bool:
    return any(char.isdigit() for char in word)


def _shape(code: str) -> str:
    return "".join("9" if char.isdigit() else "A" for char in code)


async def proved(runtime: Runtime, caller: Caller, guess: Guess, ref: str) -> str | None:
    """Our id of the order that `ref` names if the message has its contact; nothing else of it is found out.

    Raises `provider_unavailable` where the shop must be asked and does not answer.
    """
    ours = await runtime.db.read(_mirrored, caller, ref)
    if ours is not None and _is_young(runtime, ours) and guess.is_right(Written.on(ours)):
        if await runtime.db.write(_judge, caller, guess, ref, Written.on(ours)):
            return ours.id
        await _ask(runtime, caller, ref, ours)  # right, and not listened to: that takes as long as to be wrong
        return None
    try:
        found = await _ask(runtime, caller, ref, ours)
    except ProviderUnavailable:  # the mirror serves those whom it proves; all others hear the same
        if ours is None or not await runtime.db.write(_judge, caller, guess, ref, Written.on(ours)):
            raise
        return ours.id
    written = None if found is None else Written(external_id=found.external_id, **mirror.keys(caller, found))
    if not await runtime.db.write(_judge, caller, guess, ref, written) or found is None:
        return None
    return (await order_flights.keep(runtime, caller, [found]))[0]


def _mirrored(session: Session, caller: Caller, ref: str) -> Order | None:
    try:
        return orders.resolve(session, caller, ref)
    except OrderAmbiguous:
        return None


def _is_young(runtime: Runtime, order: Order) -> bool:
    return (clock.now() - order.fetched_at).total_seconds() <= runtime.settings.mirror_seconds


async def _ask(runtime: Runtime, caller: Caller, ref: str, ours: Order | None) -> OrderSnapshot | None:
    """The one order that the shop has by this name."""
    found = await order_flights.look_up(runtime, caller, ref if ours is None else ours.external_id)
    if ours is not None:
        return next((order for order in found if order.external_id == ours.external_id), None)
    return found[0] if len(found) == 1 else None


def _judge(session: Session, caller: Caller, guess: Guess, ref: str, order: Written | None) -> bool:
    """Whether the message proves its sender; a wrong guess is counted, and after too many a right one is none."""
    if order is not None and guess.is_vouched_on(order):
        return True
    name = order.external_id if order is not None else f"?{order_number_key(ref)}"
    counted = lockouts.limits(name, guess.sender)
    lockouts.hold(session, caller, *(about for about, _ in counted))
    if lockouts.closed(session, caller, counted):
        return False
    if order is not None and guess.is_right(order):
        return True
    if tries := guess.tries(order):
        for about, most in counted:
            lockouts.count(session, caller, about, most, tries)
    return False
