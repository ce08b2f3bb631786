"""One GraphQL call to one shop: waited for where its bucket is empty, its errors in our words.

A shop has a bucket of points that fills at a steady rate (`extensions.cost.throttleStatus`). A query that costs more
than is there is answered 200 with THROTTLED and is not executed; so it is not sent before there is enough, where that
takes no longer than the call may, and else `NotExecuted` says when. Source: Shopify's "API limits" and the
introspection of Admin GraphQL 2026-10, read in November 2026.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeGuard, TypeVar, cast

from pydantic import BaseModel, ValidationError

from app import money
from app.integrations import answers
from app.integrations.errors import NotExecuted, OutcomeUnknown, ProviderError, Refused
from app.integrations.http import Answer, Http

VERSION = "2026-10"
PATH = f"/admin/api/{VERSION}/graphql.json"
DENIED = "provider_unauthorized"
NAMESPACE = "$app:aftersale"
"""Of the metafields in which our keys stand; it belongs to the app whose token we have."""
WAITS = 3
"""How often one call is put off because the bucket is empty."""
MOST = 1000.0
"""Points that one query may cost at Shopify, whatever the plan."""
_ID = re.compile(r"gid://shopify/([A-Za-z]+)/([0-9]{1,20})(\?.*)?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
_KEY = re.compile(r"\[aftersale:([A-Za-z0-9_-]{1,100})(?::([A-Za-z0-9_-]{1,64}))?\]", re.ASCII)
Wire = TypeVar("Wire", bound=BaseModel)
T = TypeVar("T")


class Shown(BaseModel):
    """A part of an answer: only the fields that were asked for, checked strictly."""


class UserError(Shown):
    """Why a mutation did nothing. Many have no code."""

    code: str | None = None
    field: list[str] | None = None
    message: str


class Amount(Shown):
    """A decimal in major units."""

    amount: str
    currencyCode: str  # noqa: N815  Shopify's name

    def minor(self) -> int:
        """In our minor units; OutcomeUnknown where it cannot be read."""
        try:
            return money.Money.of(Decimal(self.amount), self.currencyCode).amount
        except (KeyError, ValueError, ArithmeticError) as error:
            raise OutcomeUnknown("an amount that came back cannot be read") from error


class Bag(Shown):
    """The same money in the currency of the shopper and in the shop's."""

    presentmentMoney: Amount  # noqa: N815
    shopMoney: Amount | None = None  # noqa: N815

    def minor(self) -> int:
        """What the shopper sees, in minor units."""
        return self.presentmentMoney.minor()


class Page(Shown):
    """Whether there is more."""

    hasNextPage: bool  # noqa: N815
    endCursor: str | None = None  # noqa: N815


class Shop:
    """GraphQL calls to one shop."""

    def __init__(
        self,
        http: Http,
        timeout: float = 10.0,
        *,
        uploads: Http | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http, self._timeout, self._now = http, timeout, now
        self._uploads = uploads
        self._costs: dict[str, float] = {}
        self._left: float | None = None
        self._left_at = 0.0
        self._rate = 50.0

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The answer's `data`. Raises Refused, NotExecuted (throttled) and OutcomeUnknown."""
        content = json.dumps({"query": document, "variables": variables}, ensure_ascii=False, allow_nan=False).encode()
        deadline = self._now() + self._timeout
        for _ in range(WAITS):
            await self._until_there_is_enough(document, deadline)
            answer = await self._http.ask(
                "POST",
                PATH,
                self._read,
                content=content,
                headers={"Content-Type": "application/json"},
                timeout=self._timeout,
            )
            self._learn(document, answer)
            if not _throttled(answer):
                return _data(answer)
        raise NotExecuted("the shop is throttled", evidence={"error": "THROTTLED"}, retry_after=self._wait(document))

    async def change(self, document: str, name: str, refusals: Mapping[str, str], **variables: Any) -> dict[str, Any]:
        """The payload of the one mutation `name`; raises Refused with our code where `userErrors` say no."""
        payload: Any = (await self.ask(document, **variables)).get(name)
        if not isinstance(payload, dict):
            raise OutcomeUnknown(f"{name} was answered with nothing")
        found = cast("dict[str, Any]", payload)
        errors = [read(UserError, one) for one in found.get("userErrors") or found.get("orderCancelUserErrors") or ()]
        if errors:
            raise refused(name, errors, refusals)
        return found

    async def upload(self, address: str, content: bytes, content_type: str) -> int:
        """Post to an address that Shopify gave for a file, without our token; the status of the answer."""
        if self._uploads is None:
            raise NotExecuted("this connection uploads nothing")
        headers = {"Content-Type": content_type}
        answer = await self._uploads.exchange("POST", address, content=content, headers=headers, timeout=self._timeout)
        return answer.status

    async def _until_there_is_enough(self, document: str, deadline: float) -> None:
        wait = self._wait(document)
        if wait <= 0:
            return
        if self._now() + wait > deadline:
            raise NotExecuted("the shop's bucket is empty", evidence={"error": "THROTTLED"}, retry_after=wait)
        await asyncio.sleep(wait)

    def _wait(self, document: str) -> float:
        """Seconds until the bucket holds what this document cost the last time."""
        if self._left is None or document not in self._costs:
            return 0.0
        there = self._left + (self._now() - self._left_at) * self._rate
        return max(0.0, (self._costs[document] - there) / self._rate)

    def _read(self, answer: Answer, evidence: dict[str, Any]) -> dict[str, Any]:
        if answer.status != 200:
            raise _not_ok(answer, evidence)
        return answers.document(answer.status, answer.headers, answer.content, evidence)

    def _learn(self, document: str, answer: dict[str, Any]) -> None:
        cost = _mapping(_mapping(answer.get("extensions")).get("cost"))
        status = _mapping(cost.get("throttleStatus"))
        asked, left, rate = cost.get("requestedQueryCost"), status.get("currentlyAvailable"), status.get("restoreRate")
        if _is_number(asked):
            self._costs[document] = min(float(asked), MOST)
        if _is_number(rate) and rate > 0:
            self._rate = float(rate)
        if _is_number(left):
            self._left, self._left_at = float(left), self._now()


async def afterwards(look: Awaitable[T]) -> T:
    """What is looked up after an effect was sent: where that fails, nobody knows what became of it."""
    try:
        return await look
    except ProviderError as error:
        raise OutcomeUnknown("done, and not seen yet", evidence=error.evidence) from error


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _codes(answer: Mapping[str, Any]) -> list[str]:
    """The code of each top-level error; empty for one that has none."""
    errors: Any = answer.get("errors") or []
    if not isinstance(errors, list):
        return [""]
    listed = [_mapping(one) for one in cast("list[Any]", errors)]
    return [str(_mapping(one.get("extensions")).get("code") or "") for one in listed]


def _throttled(answer: Mapping[str, Any]) -> bool:
    return "THROTTLED" in _codes(answer)


def _data(answer: Mapping[str, Any]) -> dict[str, Any]:
    """`data` of an answer without errors; the errors in our words."""
    codes, data = _codes(answer), answer.get("data")
    evidence = {"error": next((code for code in codes if code), None)}
    if "ACCESS_DENIED" in codes:
        raise Refused(DENIED, "The token may not do this.", evidence=evidence | {"missing": _missing(answer)})
    if codes and "data" not in answer and all(_is_before_execution(code) for code in codes):
        raise Refused("request_invalid", "Shopify did not take the request.", evidence=evidence)
    if codes or not isinstance(data, dict):
        raise OutcomeUnknown("Shopify answered with errors", evidence=evidence)
    return cast("dict[str, Any]", data)


def _is_before_execution(code: str) -> bool:
    """Whether that is a no to the request as such: its cost, a variable, or the document (`undefinedField`)."""
    return code in {"MAX_COST_EXCEEDED", "INVALID_VARIABLE"} or code[:1].islower()


def _missing(answer: Mapping[str, Any]) -> str | None:
    for one in cast("list[Any]", answer.get("errors") or []):
        wanted = _mapping(_mapping(one).get("extensions")).get("requiredAccess")
        if isinstance(wanted, str):
            return wanted[:200]
    return None


def _not_ok(answer: Answer, evidence: dict[str, Any]) -> ProviderError:
    """What is no 200 has executed nothing where Shopify says no, and is unknown else."""
    told = answers.json_or_none(answer.headers, answer.content) is not None
    codes = {402: "shop_unavailable", 404: "shop_not_found", 423: "shop_unavailable"}
    if told and answer.status in codes:
        evidence["error"] = codes[answer.status]
        return Refused(codes[answer.status], "The shop is not there, or is locked.", evidence=evidence)
    return answers.error_of(
        answer.status, answer.headers, "refused" if told and answer.status in {400, 403} else None, None, evidence
    )


def refused(name: str, errors: list[UserError], refusals: Mapping[str, str]) -> ProviderError:
    """Our code for what the mutation's errors say: by their code, else by a word of the first message that we know.

    One that speaks of the idempotency key is no no: under it something happened, or is happening.
    """
    first = errors[0]
    evidence = {"error": first.code or "user_error", "field": ".".join(first.field or ())[:200], "mutation": name}
    said = first.message.lower()
    if "idempoten" in said or "IDEMPOTENCY" in (first.code or ""):
        return OutcomeUnknown("Shopify has the key in another request.", evidence=evidence)
    if first.code == "INTERNAL_ERROR":
        return OutcomeUnknown("Shopify failed inside.", evidence=evidence)
    if first.code in {"MISSING_PERMISSION", "NO_REFUND_PERMISSION"}:
        return Refused(DENIED, "The token may not do this.", evidence=evidence)
    code = refusals.get(first.code or "") or next((ours for word, ours in refusals.items() if word in said), None)
    return Refused(code or "provider_refused", f"Shopify refused {name}.", evidence=evidence)


def read(model: type[Wire], document: Any) -> Wire:
    """The part as `model`; OutcomeUnknown where it cannot be read."""
    try:
        return model.model_validate(document, strict=True)
    except ValidationError as error:
        raise OutcomeUnknown(f"Shopify's answer is no {model.__name__.strip('_').lower()}") from error


def gid(kind: str, external_id: str) -> str | None:
    """Shopify's global id; None where that cannot be one."""
    return f"gid://shopify/{kind}/{external_id}" if _NUMBER.fullmatch(external_id) else None


def wanted_gid(kind: str, external_id: str, code: str) -> str:
    """Shopify's global id; Refused(code) where there cannot be such a thing."""
    found = gid(kind, external_id)
    if found is None:
        raise Refused(code, "Shopify has none with that id.")
    return found


def number(found: str, kind: str | None = None) -> str:
    """The number in a global id (of that kind); OutcomeUnknown where it is none."""
    parts = _ID.fullmatch(found)
    if parts is None or kind not in {None, parts[1]}:
        raise OutcomeUnknown("an id that came back is not what was asked for")
    return parts[2]


def moment(text: str) -> datetime:
    """A time that came back; OutcomeUnknown where it cannot be read or has no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise OutcomeUnknown("a time that came back cannot be read") from error
    if at.tzinfo is None:
        raise OutcomeUnknown("a time came back without its zone")
    return at


def decimal(amount: int, currency: str) -> str:
    """Our minor units as Shopify writes them; Refused("amount_invalid") for a currency that there is not."""
    try:
        return f"{money.Money(amount, currency).decimal():f}"
    except KeyError as error:
        raise Refused("amount_invalid", f"{currency} is no currency.") from error


def note(key: str, reason: str | None = None, rma: str | None = None) -> str:
    """A note for the merchant's staff that holds our key, 255 characters at most."""
    mark = f"[aftersale:{key}{'' if rma is None else ':' + rma}]"
    said = (reason or "").strip()[: 254 - len(mark)]
    return f"{said} {mark}" if said else mark


def noted(text: str | None) -> tuple[str | None, str | None]:
    """Our key and RMA that a note holds; None where it holds none."""
    found = _KEY.search(text or "")
    return (None, None) if found is None else (found[1], found[2])
