"""What becomes of a column's value when its row's person is erased; no I/O."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Mapping
from typing import Any, cast

from app.models.stores import Store
from app.services import tombstones
from app.services.privacy import reducing
from app.services.tombstones import ERASED

NO_OPTIONS: dict[str, str] = {}
Treatment = Callable[[Any, Mapping[Any, Any], Store], Any]
"""The value, its row, the row's store: what stands there from then on."""


def none(value: Any, row: Mapping[Any, Any], store: Store) -> None:
    """Empty."""
    del value, row, store


def erased(value: Any, row: Mapping[Any, Any], store: Store) -> Any:
    """A word that tells that something stood here; what was empty stays so."""
    del row, store
    return None if value is None else ERASED


def empty(value: Any, row: Mapping[Any, Any], store: Store) -> Any:
    """The same shape with nothing in it."""
    del row, store
    return None if value is None else type(value)()


def reduced(value: Any, row: Mapping[Any, Any], store: Store) -> Any:
    """What of a document cannot be a person's: amounts, moments, ids and words of ours."""
    del row, store
    if isinstance(value, str):
        return value if reducing.NAME.fullmatch(value) else ERASED
    return reducing.reduced(value)


def unnamed(value: Any, row: Mapping[Any, Any], store: Store) -> Any:
    """Another name that nobody has, where each row needs one of its own."""
    if str(value).startswith("erased:"):
        return value
    del row, store
    return "erased:" + secrets.token_hex(12)


def known_by_hash(value: Any, row: Mapping[Any, Any], store: Store) -> Any:
    """The channel's id of a message as a hash: sent again, it is known (`conversation/pipeline.py`)."""
    if value is None or str(value).startswith("erased:"):
        return value
    return tombstones.message_id(store, str(row["channel"]), str(value))


def order_snapshot(value: Any, row: Mapping[Any, Any], store: Store) -> dict[str, Any]:
    """The shop's last word on an order without the person, as `tombstones.bare` leaves the next one."""
    del row, store
    given = cast("dict[str, Any]", value)
    parts: dict[str, list[dict[str, Any]]] = {
        name: given.get(name) or [] for name in ("lines", "payments", "shipments")
    }
    return {
        **given,
        **dict.fromkeys(("email", "phone", "shipping_address", "locale")),
        "tags": [],
        "lines": [{**line, "options": NO_OPTIONS} for line in parts["lines"]],
        "payments": [{**paid, "label": ERASED, "payment_method_id": None} for paid in parts["payments"]],
        "shipments": [{**parcel, "tracking_number": None, "tracking_url": None} for parcel in parts["shipments"]],
    }


def triage(value: Any, row: Mapping[Any, Any], store: Store) -> Any:
    """What a message was taken for, in words of ours, without what was read out of it."""
    del row, store
    if value is None:
        return None
    given = cast("dict[str, Any]", value)
    entities = cast("dict[str, Any]", given.get("entities") or {})
    return {**given, "entities": {name: type(found)() for name, found in entities.items()}}


def line_data(value: Any, row: Mapping[Any, Any], store: Store) -> Any:
    """What was bought, without its options: an engraving may be a name."""
    del row, store
    return {**cast("dict[str, Any]", value), "options": {}}


def decided(value: Any, row: Mapping[Any, Any], store: Store) -> Any:
    """A decision's facts or ruling: they hold no free text but the reasons that were given, which go everywhere.

    The tags that the shop gave the order go, too: decided again, a rule that asks for one may say something else.
    """
    del store
    given = {said for said in _reasons(row["facts"]) if not reducing.NAME.fullmatch(said)}
    left = _without(value, sorted(given, key=len, reverse=True))
    if isinstance(left, dict) and "order_tags" in left:
        left["order_tags"] = []
    return cast("Any", left)


def _reasons(value: Any, name: str = "") -> set[str]:
    if isinstance(value, dict):
        return {said for key, item in cast("dict[str, Any]", value).items() for said in _reasons(item, key)}
    if isinstance(value, list):
        return {said for item in cast("list[Any]", value) for said in _reasons(item, name)}
    return {value} if isinstance(value, str) and value and name in {"reason", "detail"} else set()


def _without(value: Any, given: list[str]) -> Any:
    if isinstance(value, str):
        return functools.reduce(lambda text, said: text.replace(said, ERASED), given, value)
    if isinstance(value, dict):
        return {key: _without(item, given) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_without(item, given) for item in cast("list[Any]", value)]
    return value
