"""What is replayed: the tasks with their final states, the forbidden attempts and their allowed twins, from files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
Kind = Literal["positives", "negatives", "controls"]
OK = "ok"


@dataclass(frozen=True, slots=True)
class Write:
    """One call of the data set's tools, who makes it, and what must come of it."""

    name: str
    arguments: Json
    actor: str | None
    """The customer's id in the shop; None where nobody is known."""
    accepts: tuple[str, ...] = (OK,)
    """`ok`, or the codes of which the refusal must have one."""
    status: int | None = None
    """The HTTP status that the refusal must have; None: any of a refusal."""


@dataclass(frozen=True, slots=True)
class Case:
    """Writes to a fresh shop, and the objects that then differ from it; everything else is as it was."""

    kind: Kind
    id: str
    writes: tuple[Write, ...]
    expected: dict[str, dict[str, Json]] = field(default_factory=dict[str, dict[str, Json]])
    """Whole objects by kind (`orders`, `users`) and id, as the data set spells them."""
    setup: tuple[Write, ...] = ()
    """Allowed writes before; what they leave is what must stay unchanged."""
    unchanged: bool = False
    """Nothing at all may change after `setup`."""


def load_tasks(path: Path, shop: Json) -> list[Case]:
    """The tasks of a JSON-lines file (or of one JSON list); read-only calls are not among their writes."""
    text = path.read_text(encoding="utf-8")
    listed = text.lstrip().startswith("[")
    rows: list[Json] = json.loads(text) if listed else [json.loads(line) for line in text.splitlines() if line.strip()]
    return [_task(row, shop) for row in rows]


def load_negatives(path: Path) -> list[Case]:
    """The forbidden attempts of a file, then their allowed twins."""
    document: Json = json.loads(path.read_text(encoding="utf-8"))
    forbidden = [_negative(row) for row in document.get("cases", [])]
    return forbidden + [_control(row) for row in document.get("controls", [])]


def _task(row: Json, shop: Json) -> Case:
    people: list[str] = row.get("user_ids") or ([row["user_id"]] if row.get("user_id") else [])
    results = row.get("write_results") or [OK] * len(row["writes"])
    writes = [
        Write(said["name"], said["arguments"], _actor(said["arguments"], people, shop), (result,))
        for said, result in zip(row["writes"], results, strict=True)
    ]
    return Case("positives", row["id"], tuple(writes), row.get("expected") or {})


def _actor(arguments: Json, people: list[str], shop: Json) -> str | None:
    """Who speaks; of two the one whose order or profile it is, and where nobody is named its owner."""
    order = shop["orders"].get(arguments.get("order_id"))
    owner: str | None = arguments.get("user_id") or (order["user_id"] if order else None)
    if not people or owner in people:
        return owner
    return people[0]


def _negative(row: Json) -> Case:
    actor = row["acting_customer"]["user_id"]
    forbidden = Write(
        row["action"]["name"],
        row["action"]["arguments"],
        actor,
        tuple(row.get("accept_codes") or [row["expected_code"]]),
        row["expected_http"],
    )
    unchanged = row.get("db_must_be_unchanged", True)
    return Case("negatives", row["id"], (forbidden,), setup=_setup(row, actor), unchanged=unchanged)


def _control(row: Json) -> Case:
    actor = row["acting_customer"]["user_id"]
    allowed = Write(row["action"]["name"], row["action"]["arguments"], actor)
    return Case("controls", row["id"], (*_setup(row, actor), allowed), row.get("expected") or {})


def _setup(row: Json, actor: str) -> tuple[Write, ...]:
    return tuple(Write(said["name"], said["arguments"], actor) for said in row.get("setup") or ())
