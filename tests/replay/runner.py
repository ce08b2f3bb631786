"""One case after the other on each lane: the writes, each twice, then the shop held against what is expected."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.replay import calls
from tests.replay.cases import OK, Case, Write
from tests.replay.comparison import Shop, differences, untouched

if TYPE_CHECKING:
    import httpx

    from tests.replay.calls import Call
    from tests.replay.world import Fault, Lane, World

Json = dict[str, Any]
POLICY: Json = json.loads(Path(__file__).with_name("policy.json").read_text(encoding="utf-8"))
TRIES = 5
PATIENCE = 40.0
"""Seconds for what was begun to end."""
MOST_DIFFERENCES = 3
NEVER_STORED = frozenset({400, 401, 403, 422, 429, 503})


class WrongError(Exception):
    """A case does not hold; the text says why."""


@dataclass
class Outcome:
    """What became of the cases."""

    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("positives", "negatives", "controls"), 0))
    total: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("positives", "negatives", "controls"), 0))
    wrong: dict[str, str] = field(default_factory=dict[str, str])
    """Why, by case id."""
    struck: int = 0

    def __str__(self) -> str:
        return " ".join(f"{kind} {self.right[kind]}/{self.total[kind]}" for kind in self.total)


async def run(world: World, cases: Sequence[Case], fault: Fault | None = None) -> Outcome:
    """Run every case from a fresh shop with a store of its own, as many at once as there are lanes."""
    outcome = Outcome()
    width = len(world.lanes)

    async def along(place: int) -> None:
        lane = world.lanes[place]
        for turn in range(place, len(cases), width):
            case = cases[turn]
            outcome.total[case.kind] += 1
            await lane.fresh(fault, turn)
            replay = Replay(world, lane, world.keys[turn], case)
            try:
                await replay.run()
                outcome.right[case.kind] += 1
            except WrongError as error:
                outcome.wrong[case.id] = str(error)
                with suppress(WrongError):  # what it has begun must not end in the next case's shop
                    await replay.settled()
            outcome.struck += await lane.struck() if fault else 0

    async with asyncio.TaskGroup() as group:
        for place in range(width):
            group.create_task(along(place))
    return outcome


class Replay:
    """One case."""

    def __init__(self, world: World, lane: Lane, key: str, case: Case) -> None:
        self._api, self._lane, self._case, self._before = world.server, lane, case, world.before
        self._key = {"Authorization": f"Bearer {key}"}
        self._sent = 0

    async def run(self) -> None:
        """Raise WrongError unless all of it holds."""
        case, before = self._case, self._before
        await self._rules()
        for write in case.setup:
            await self._write(write)
        if case.setup:
            before = await self.settled()
        for write in case.writes:
            await self._write(write)
        after = await self.settled()
        if case.unchanged:
            _none(untouched(before, after))
        elif case.kind != "negatives":
            _none(differences(before, after, case.expected))

    async def _rules(self) -> None:
        """The written rules of the shop become the store's active policy."""
        drafted = await self._api.post("/v1/policies", json={"document": POLICY}, headers=self._key)
        if drafted.status_code == 201:
            drafted = await self._api.post(f"/v1/policies/{drafted.json()['id']}/activate", headers=self._key)
        if drafted.status_code != 200:
            raise WrongError(f"the policy: {drafted.status_code} {_detail(drafted)}")

    async def _write(self, write: Write) -> None:
        """Send it twice under one key; both answers are as the case says, and the second repeats the first."""
        try:
            wanted = calls.calls_of(write, await self._lines(write))
        except KeyError as error:
            raise WrongError(f"{write.name} {write.arguments}: {error} is not known") from error
        made = ""
        for call in wanted:
            first = await self._send(call, write.actor, made)
            second = await self._send(call, write.actor, made)
            self._sent += 1
            _check(write, call, first)
            _check_again(write, first, second)
            made = first.json().get("id", "")

    async def _lines(self, write: Write) -> calls.Lines:
        order = calls.order_of(write)
        if order is None:
            return []
        answer = await self._ask("GET", f"/v1/orders/{quote(order, safe='')}", headers=self._key)
        if answer.status_code not in {200, 404}:
            raise WrongError(f"GET {order}: {answer.status_code} {_detail(answer)}")
        return answer.json()["lines"] if answer.status_code == 200 else []

    async def _send(self, call: Call, actor: str | None, made: str) -> httpx.Response:
        headers = {
            **self._key,
            **({"Aftersale-Customer": actor} if actor else {}),
            "Idempotency-Key": f"{self._case.id} {self._sent}",
            "Prefer": "wait=30",
        }
        return await self._ask(call.method, call.path.format(made=made), json=call.body, headers=headers)

    async def _ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """The answer; 503 is none, so that the same request is sent again under its key."""
        answer = await self._api.request(method, path, **sent)
        for _ in range(TRIES - 1):
            if answer.status_code != 503:
                break
            answer = await self._api.request(method, path, **sent)
        return answer

    async def settled(self) -> Shop:
        """The shop once no effect of this case's store is open any more."""
        give_up = time.monotonic() + PATIENCE
        while still := await self._open():
            if time.monotonic() > give_up:
                raise WrongError(f"still open after {PATIENCE:.0f} s: {', '.join(still)}")
            await asyncio.sleep(0.05)
        return await self._lane.export()

    async def _open(self) -> list[str]:
        """The kinds of the operations that have not ended."""
        found: list[str] = []
        for status in ("pending", "unknown"):
            answer = await self._api.get("/v1/operations", params={"status": status}, headers=self._key)
            found += [f"{row['kind']} {row['status']}" for row in answer.json()["data"]]
        return found


def _check(write: Write, call: Call, answer: httpx.Response) -> None:
    """Done and settled, or refused with one of the codes and the status."""
    code = OK if answer.status_code in {200, 201} else _code(answer)
    right = code in write.accepts
    if code != OK:
        right = right and answer.status_code in ({write.status} if write.status else range(400, 500))
    if right:
        return
    wanted = " or ".join(write.accepts) + (f" ({write.status})" if write.status else "")
    told = "" if code == OK else f": {_detail(answer)}"
    raise WrongError(f"{call.method} {call.path} {call.body}: {answer.status_code} {code}{told}; wanted {wanted}")


def _code(answer: httpx.Response) -> str:
    said = _document(answer)
    if answer.status_code == 202:
        return "waits for a person" if said.get("approval") else "is not settled"
    return str(said.get("code"))


def _detail(answer: httpx.Response) -> str:
    said = _document(answer)
    fields = "; ".join(f"{row['pointer']} {row['detail']}" for row in said.get("errors") or ())
    return f"{said.get('detail', answer.text[:200])} {fields}".strip()


def _document(answer: httpx.Response) -> Json:
    with suppress(ValueError):
        document: Any = answer.json()
        if isinstance(document, dict):
            return document  # pyright: ignore[reportUnknownVariableType]
    return {}


def _check_again(write: Write, first: httpx.Response, second: httpx.Response) -> None:
    """The stored answer again, said to be one; a refusal that is not stored is refused for the same reason."""
    if first.status_code in NEVER_STORED:
        same = (first.status_code, _code(first)) == (second.status_code, _code(second))
    else:
        same = (
            first.status_code == second.status_code
            and first.content == second.content
            and second.headers.get("idempotent-replayed") == "true"
        )
    if not same:
        raise WrongError(
            f"{write.name}: sent again with its key it is {second.status_code} {second.text[:300]}, "
            f"first {first.status_code} {first.text[:300]}"
        )


def _none(found: Iterator[str]) -> None:
    told = list(islice(found, MOST_DIFFERENCES + 1))
    if told:
        more = ["…"] if len(told) > MOST_DIFFERENCES else []
        raise WrongError("; ".join(told[:MOST_DIFFERENCES] + more))
