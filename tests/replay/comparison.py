"""Two states of the shop held against each other: what must change has changed, all else has not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from tests.tools import retail_back

Json = dict[str, Any]
OBJECTS = {"orders": "orders", "users": "customers", "products": "products"}
"""What the data set calls them, and what an export does."""


class Shop:
    """One export of the sandbox, by kind and id."""

    def __init__(self, export: Json) -> None:
        self.export = export
        self.rows: dict[str, dict[str, Json]] = {
            theirs: {row["number"] if theirs == "orders" else row["id"]: row for row in export[ours]}
            for theirs, ours in OBJECTS.items()
        }
        self.rest = {name: value for name, value in export.items() if name not in OBJECTS.values()}

    def restored(self, wanted: dict[str, set[str]]) -> dict[str, dict[str, Json]]:
        """The objects with these ids as the data set spells them; converting all thousand takes too long."""
        people = wanted["users"]
        part = {
            "customers": [row for name, row in self.rows["users"].items() if name in people],
            "products": [row for name, row in self.rows["products"].items() if name in wanted["products"]],
            "orders": [
                row
                for name, row in self.rows["orders"].items()
                if name in wanted["orders"] or row["customer_id"] in people
            ],
        }
        owners = {row["customer_id"] for row in part["orders"]} - people
        part["customers"] += [self.rows["users"][owner] for owner in owners]
        return retail_back.restore(part)


def differences(before: Shop, after: Shop, expected: dict[str, dict[str, Json]]) -> Iterator[str]:
    """What is not as it must be, one short sentence each; none where the shop is exactly as expected.

    `expected` objects are compared in the data set's spelling, everything else as it is exported, field by field.
    The data set has no return labels and no records of changes: those alone are no difference.
    """
    unknown = sorted(set(expected) - set(OBJECTS))
    if unknown:
        yield f"{', '.join(unknown)}: not a kind of object"
    named = {kind: set(expected.get(kind, {})) for kind in OBJECTS}
    now = after.restored(named)
    for kind, names in named.items():
        for name in sorted(names):
            if name not in now[kind]:
                yield f"{kind} {name}: is not there"
                continue
            yield from (f"{kind} {name}{told}" for told in unequal(expected[kind][name], now[kind][name]))
    yield from untouched(before, after, named, records=False)


def untouched(
    before: Shop, after: Shop, but: dict[str, set[str]] | None = None, *, records: bool = True
) -> Iterator[str]:
    """What has changed although nothing but the objects in `but` may.

    Without `records` the shop may have been told something as long as nothing of it is left: an address that was
    changed and changed back.
    """
    for kind in OBJECTS:
        old, new, free = before.rows[kind], after.rows[kind], (but or {}).get(kind, set[str]())
        if list(old) != list(new):
            yield f"{kind}: other ones than before"
        for name in old.keys() & new.keys() - free:
            if old[name] != new[name]:
                pair = (old[name], new[name]) if records else (_bare(old[name]), _bare(new[name]))
                yield from (f"{kind} {name}{told} (must not change)" for told in unequal(*pair))
    for name in before.rest.keys() | after.rest.keys():
        if name != "labels" or records:
            for told in unequal(before.rest.get(name), after.rest.get(name)):
                yield f"{name}{told} (must not change)"


def _bare(row: Json) -> Json:
    return {name: value for name, value in row.items() if name != "changes"}


def unequal(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where two JSON values differ, and how; 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        mine, theirs = cast("Json", wanted), cast("Json", found)
        for name in mine.keys() | theirs.keys():
            if name not in theirs:
                yield f"{path}/{name}: is missing, wanted {_short(mine[name])}"
            elif name not in mine:
                yield f"{path}/{name}: {_short(theirs[name])}, wanted nothing"
            else:
                yield from unequal(mine[name], theirs[name], f"{path}/{name}")
    elif isinstance(wanted, list) and isinstance(found, list):
        pairs = list(zip(cast("list[Any]", wanted), cast("list[Any]", found), strict=False))
        if len(wanted) != len(found):  # pyright: ignore[reportUnknownArgumentType]
            yield f"{path}: {_short(found)}, wanted {_short(wanted)}"
            return
        for place, (one, other) in enumerate(pairs):
            yield from unequal(one, other, f"{path}/{place}")
    elif isinstance(wanted, bool) != isinstance(found, bool) or wanted != found:
        yield f"{path}: {_short(found)}, wanted {_short(wanted)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
