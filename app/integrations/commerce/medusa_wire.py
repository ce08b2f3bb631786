"""Calls to one Medusa and its words in ours: errors, amounts, times, notes.

Amounts are decimals in major units and are read as they are written, never through a float. Errors are
`{"type", "message"}`; a 4xx may come after the effect, so that whoever sent one looks before believing it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Mapping
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ValidationError

from app import money
from app.integrations import answers
from app.integrations.errors import OutcomeUnknown, ProviderError, Refused
from app.integrations.http import Answer, Http

DENIED = "provider_unauthorized"
ID = re.compile(r"[A-Za-z0-9_-]{1,120}", re.ASCII)
MARK = "aftersale_"
"""Begins what we write into an order's or a customer's metadata; our key follows."""
PAGE = 50
SAFE = ",*"
"""In a query as they are: an address has 2,048 characters at most, and the fields of an order are many."""
_KEY = re.compile(r"\[aftersale:([A-Za-z0-9_.-]{1,128})\]", re.ASCII)
_ROUNDED = {"down": ROUND_FLOOR, "up": ROUND_CEILING, "nearest": ROUND_HALF_EVEN}
Wire = TypeVar("Wire", bound=BaseModel)
T = TypeVar("T")
Body = Mapping[str, Any]


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


Amount = Annotated[Decimal, BeforeValidator(_number)]
"""A number of Medusa's as it was written."""


class Shown(BaseModel, strict=True):
    """A part of an answer; what was not asked for is passed over."""


class Shop:
    """Calls to the admin API with a secret key. Raises Refused, NotExecuted and OutcomeUnknown."""

    def __init__(self, http: Http, timeout: float = 10.0) -> None:
        self._http, self._timeout = http, timeout

    async def get(self, path: str, query: Mapping[str, str | list[str]] | None = None) -> dict[str, Any]:
        """What is there."""
        return await self._ask("GET", f"{path}?{urlencode(query, doseq=True, safe=SAFE)}" if query else path)

    async def find(self, path: str, query: Mapping[str, str | list[str]] | None = None) -> dict[str, Any] | None:
        """What is there; None where Medusa says that it is not."""
        try:
            return await self.get(path, query)
        except Refused as refusal:
            if refusal.code == "not_found":
                return None
            raise

    async def post(self, path: str, body: Body) -> dict[str, Any]:
        """Do something; a refusal's code is `not_found`, `not_allowed`, `invalid_data` or `provider_unauthorized`."""
        return await self._ask("POST", path, written(body))

    async def delete(self, path: str) -> dict[str, Any]:
        """Take something away."""
        return await self._ask("DELETE", path)

    async def _ask(self, method: str, path: str, content: bytes | None = None) -> dict[str, Any]:
        headers = {} if content is None else {"Content-Type": "application/json"}
        return await self._http.ask(method, path, _read, content=content, headers=headers, timeout=self._timeout)


def written(body: Body) -> bytes:
    """A JSON object in which decimals stand as they are, to the last digit."""
    parts = [f"{json.dumps(name)}:{_value(value)}" for name, value in body.items()]
    return f"{{{','.join(parts)}}}".encode()


def _value(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, allow_nan=False)


def _read(answer: Answer, evidence: dict[str, Any]) -> dict[str, Any]:
    if 200 <= answer.status < 300:
        return answers.document(answer.status, answer.headers, answer.content, evidence, fractions=answers.exact)
    said = answers.json_or_none(answer.headers, answer.content) or {}
    kind, message = said.get("type"), said.get("message")
    code = kind if isinstance(kind, str) and re.fullmatch(r"[a-z_]{1,40}", kind, re.ASCII) else None
    raise _error_of(answer, code, message if isinstance(message, str) else "", evidence)


def _error_of(answer: Answer, code: str | None, message: str, evidence: dict[str, Any]) -> ProviderError:
    """Medusa's error; its message, which may hold what a shopper wrote, is not kept, only read for what it means."""
    if answer.status == 409:  # two of its transactions met, and it says that one may try again
        evidence["error"] = code
        return OutcomeUnknown("Medusa was doing something else with it.", evidence=evidence)
    told = answers.error_of(answer.status, answer.headers, code, "Medusa refused the request.", evidence)
    if isinstance(told, Refused) and told.code == code:
        told.evidence["about"] = next((ours for word, ours in ABOUT.items() if word in message.lower()), None)
    return told


ABOUT = {
    "existing active order change": "open_change",
    "refund more than": "exceeds",
    "has been canceled": "canceled",
    "must be canceled": "fulfilled",
    "what was fulfilled": "not_fulfilled",
    "country code": "country",
    "inventory": "stock",
    "price": "price",
    "variant": "variant",
    "quantity": "quantity",
    "email": "email",
    "exists": "exists",
}
"""Words of Medusa's messages, and what they are about; the first one counts."""


def about(refusal: Refused) -> str | None:
    """What a refusal was about, in a word of ours; None where it is one that we do not know."""
    said = refusal.evidence.get("about")
    return said if isinstance(said, str) else None


async def afterwards(look: Awaitable[T]) -> T:
    """What is looked up after an effect was sent: where that fails, nobody knows what became of it."""
    try:
        return await look
    except ProviderError as error:
        raise OutcomeUnknown("done, and not seen yet", evidence=error.evidence) from error


def read(model: type[Wire], document: Any) -> Wire:
    """The part as `model`; OutcomeUnknown where it cannot be read."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise OutcomeUnknown(f"Medusa's answer is no {model.__name__.strip('_').lower()}") from error


def wanted_id(external_id: str, code: str) -> str:
    """An id as it may stand in a path; Refused(code) where Medusa cannot have such a thing."""
    if not ID.fullmatch(external_id):
        raise Refused(code, "Medusa has none with that id.")
    return external_id


def moment(text: str) -> datetime:
    """A time that came back; OutcomeUnknown where it cannot be read or has no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise OutcomeUnknown("a time that came back cannot be read") from error
    if at.tzinfo is None:
        raise OutcomeUnknown("a time came back without its zone")
    return at


# ---- money -----------------------------------------------------------------------------------------------------------


def currency_of(code: str) -> str:
    """Medusa's currency in capitals; OutcomeUnknown where it is none that we count in."""
    currency = code.upper()
    if currency not in money.known_currencies():
        raise OutcomeUnknown("an amount came back in a currency that there is not")
    return currency


def minor(amount: Decimal, currency: str) -> int:
    """Major units in our minor ones; OutcomeUnknown where that is no whole number of them (0.001 USD)."""
    try:
        found = money.Money.of(amount, currency).amount
    except ValueError as error:
        raise OutcomeUnknown("an amount came back that the currency does not have") from error
    return _bounded(found)


def rounded(amount: Decimal, currency: str, way: str = "nearest") -> int:
    """Major units in our minor ones, to the `nearest`, `up` or `down`: Medusa does not round what it computes."""
    return _bounded(int(amount.scaleb(money.exponent(currency)).to_integral_value(_ROUNDED[way])))


def _bounded(amount: int) -> int:
    if abs(amount) > money.MAX_AMOUNT:
        raise OutcomeUnknown("an amount came back that is out of range")
    return amount


def major(amount: int, currency: str) -> Decimal:
    """Our minor units as Medusa takes them; Refused("amount_invalid") for what it would take as something else.

    Medusa takes an amount that is missing or 0 for the whole payment, and any fraction for an amount.
    """
    if currency not in money.known_currencies() or not 0 < amount <= money.MAX_AMOUNT:
        raise Refused("amount_invalid", "That is no amount that can be given back.")
    return money.Money(amount, currency).decimal()


# ---- notes -----------------------------------------------------------------------------------------------------------


def note(key: str, reason: str | None = None) -> str:
    """A note for the merchant's staff that holds our key."""
    said = (reason or "").strip()[:200]
    return f"{said} [aftersale:{key}]" if said else f"[aftersale:{key}]"


def noted(text: str | None) -> str | None:
    """Our key that a note holds; None where it holds none."""
    found = _KEY.search(text or "")
    return None if found is None else found[1]
