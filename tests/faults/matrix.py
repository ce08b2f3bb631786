"""Stage `matrix`: each fault of the sandbox on each effect, the ceiling on or off, look-ups answered or not.

Every case has a store and a shop of its own and ends in the state that the provider's ledger tells.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from dataclasses import dataclass
from typing import Any

from tests.faults import shops
from tests.faults.checker import LEDGER_KIND
from tests.faults.history import Ask
from tests.faults.sagas import SAGAS, quiet
from tests.faults.world import OPEN, Storefront, World

EFFECTS = {"refund": "refund", "split": "refund", "label": "label", "void": "label_void", "cancel": "cancel"}
"""What is done, and the sandbox's word for the call that is struck."""
VARIANTS = (
    "truncated",
    "not_json",
    "empty",
    "duplicate_key",
    "nan",
    "wrong_amount",
    "wrong_currency",
    "wrong_id",
    "unknown_word",
)
Fault = tuple[str, dict[str, Any]]
PLAIN: tuple[Fault, ...] = (
    ("timeout_before_effect", {}),
    ("timeout_after_effect", {}),
    ("error_after_effect", {}),
    ("reset", {"after_effect": True}),
    ("reset", {"after_effect": False}),
    ("slow", {"delay_ms": 300}),
    ("slow", {"delay_ms": 1500}),
    ("refuse", {}),
    ("throttle", {}),
    ("throttle", {"retry_after": 1}),
)
OPEN_ENDED: tuple[Fault, ...] = (*PLAIN[:5], PLAIN[6], ("malformed", {"variant": "truncated"}))
"""After these nobody knows: with the look-up away as well, `unknown` is what is shown meanwhile."""


@dataclass(frozen=True)
class Case:
    """One effect and the faults that strike it, oldest first: operation, fault, options, whether it is bait."""

    effect: str
    faults: tuple[tuple[str, str, dict[str, Any], bool], ...]
    ceiling: bool
    number: int

    @property
    def refused(self) -> bool:
        """Whether the provider says a known no."""
        return any(fault == "refuse" for _, fault, _, _ in self.faults)

    @property
    def unclear(self) -> bool:
        """Whether the look-up is away too."""
        return any(operation == "lookup" for operation, _, _, _ in self.faults)


def cases(rng: random.Random, *, short: bool, only: frozenset[str] = frozenset()) -> list[Case]:
    """All combinations; the short form takes a third of the malformed answers, by the seed."""
    found: list[tuple[str, tuple[tuple[str, str, dict[str, Any], bool], ...]]] = []
    away = ("lookup", "malformed", {"variant": "not_json", "times": 2}, False)
    for effect, operation in EFFECTS.items():
        if only and effect not in only:
            continue
        variants = rng.sample(VARIANTS, 3) if short else VARIANTS
        malformed: list[Fault] = [("malformed", {"variant": variant}) for variant in variants]
        for fault, options in (*PLAIN, *malformed):
            found.append((effect, ((operation, fault, options, False),)))
        found += [(effect, ((operation, fault, options, False), away)) for fault, options in OPEN_ENDED]
        if operation in {"refund", "cancel"}:  # what has keys to forget
            forgets = (operation, "forget_keys", {})
            found.append((effect, ((operation, "throttle", {}, False), (*forgets, False))))
            if effect != "split":  # the other part of a split would take the bait honestly
                found.append((effect, ((operation, "error_after_effect", {}, False), away, (*forgets, True))))
    if not only or "cancel" in only:  # the refund that waits for the cancellation
        found += [("cancel", (("refund", fault, options, False),)) for fault, options in PLAIN[:5]]
    if not only or "late" in only:
        found += [("late", ()), ("late", (("refund", "error_after_effect", {}, False),))]
    if not only or "landing" in only:  # no key and no look-up helps: two labels are bought, and one is voided
        slow = ("label", "slow", {"after_effect": False, "delay_ms": 8000}, False)
        found.append(("landing", (slow,)))
    if not only or "misjudged" in only:  # a payout is in no payment's ledger
        found += [("misjudged", ((call, "error_after_effect", {}, False),)) for call in ("refund", "payout")]
    for name, saga in SAGAS.items():
        if not only or name in only:
            found += _of_saga(rng, name, saga.strikes, short=short)
    ceilings = itertools.cycle(rng.sample((True, False), 2))
    return [Case(effect, faults, next(ceilings), number) for number, (effect, faults) in enumerate(found)]


def _of_saga(
    rng: random.Random, name: str, strikes: tuple[str, ...], *, short: bool
) -> list[tuple[str, tuple[tuple[str, str, dict[str, Any], bool], ...]]]:
    """Each call of a saga struck by each fault; the short form takes a no and two of the others, by the seed."""
    away = ("lookup", "malformed", {"variant": "not_json", "times": 2}, False)
    found: list[tuple[str, tuple[tuple[str, str, dict[str, Any], bool], ...]]] = []
    for operation in strikes:
        malformed: list[Fault] = [("malformed", {"variant": variant}) for variant in rng.sample(VARIANTS, 3)]
        single: list[Fault] = [*(fault for fault in PLAIN if fault[0] != "refuse"), *malformed]
        cases = [((operation, fault, options, False),) for fault, options in single]
        cases += [((operation, fault, options, False), away) for fault, options in OPEN_ENDED]
        if short:
            cases = rng.sample(cases, 2)
        found += [(name, faults) for faults in (*cases, ((operation, "refuse", {}, False),))]
    return found


async def run(world: World, rng: random.Random, *, short: bool, only: frozenset[str] = frozenset()) -> int:
    """Run every case, some at a time; how many there were."""
    planned = cases(rng, short=short, only=only)
    rng.shuffle(planned)
    await world.start(servers=1, workers=1, recheck_seconds="2,4,8")
    stores = await world.open_stores(len(planned))
    at_once = asyncio.Semaphore(16)

    async def one(case: Case, store: Storefront) -> None:
        async with at_once:
            await _case(case, store)

    placed = list(zip(planned, stores, strict=True))
    await asyncio.gather(*(one(case, store) for case, store in placed if case.effect != "landing"))
    # By themselves: the next purchase has to come before the first one lands, and a busy machine takes its time.
    await asyncio.gather(*(one(case, store) for case, store in placed if case.effect == "landing"))
    await world.settle()
    return len(planned)


async def _case(case: Case, store: Storefront) -> None:
    name = f"order-{case.number}"
    if case.effect in SAGAS:
        await _saga(case, store, name)
        return
    status = "pending" if case.effect == "cancel" else "delivered"
    amounts = (2000, 3000) if case.effect == "split" else (5000,)
    await store.stock([shops.order(name, amounts, status=status)], ceiling=case.ceiling)
    label = await _label_to_void(store, name) if case.effect == "void" else None
    for operation, fault, options, bait in case.faults:
        await store.fault(operation, fault, bait=bait, **options)
    if case.effect in {"refund", "split", "late"}:
        await _refund(case, store, name)
    elif case.effect == "misjudged":
        await _misjudged(case, store, name)
    elif case.effect == "landing":
        await _landing(store, name)
    elif case.effect == "label":
        await _label(case, store, name)
    elif label is not None:
        await _void(case, store, label)
    else:
        await _cancel(case, store, name)


async def _refund(case: Case, store: Storefront, order: str) -> None:
    first = await store.refund(order, 3000, "first")
    if not case.refused:
        # Whatever has become of it: its 30.00 are reserved until the provider says no.
        await store.refund(order, 3000, "second", expected=frozenset({"refund_exceeds_captured"}), invariant="I3")
    ended = await _watch(case, store, first, order)
    expect(store, first, ended, "failed" if case.refused else "succeeded")
    if case.effect == "late":
        refunds = (await store.sandbox("GET", "/sandbox/v1/export"))["orders"][0]["refunds"]
        await store.sandbox("POST", f"/sandbox/v1/refunds/{refunds[0]['id']}/fail", {"failure_code": "bank_said_no"})
        await _until(store, first, "failed")
    if case.refused or case.effect == "late":  # what failed is free again, once
        await store.relent()
        rest = await store.refund(order, 5000, "rest")
        expect(store, rest, await store.over(rest), "succeeded")
    again = await store.refund(order, 3000, "more", expected=frozenset({"refund_exceeds_captured"}))
    assert again.answers


async def _misjudged(case: Case, store: Storefront, order: str) -> None:
    """The money went out, nobody can be asked, and a person says that it did not: the rest is all that can go out."""
    blind = {"operation": "lookup", "fault": "malformed", "variant": "not_json", "times": 8}
    await store.sandbox("POST", "/sandbox/v1/faults", blind)  # how many of them strike is the person's haste
    target = "store_credit" if case.faults[0][0] == "payout" else "original"
    first = await store.refund(order, 3000, "first", target=target)
    deadline, attempt = time.monotonic() + 30, 0
    while (ended := await store.over(first, 0.1)) != "failed" and time.monotonic() < deadline:
        attempt += 1
        if ended == "unknown":  # refused while it is being tried: said again
            operation = (await store.get(f"/v1/refunds/{first.id}"))["operation"]["id"]
            await store.resolve(operation, "failed", f"said-{attempt}")
    expect(store, first, ended, "failed")
    await store.refund(order, 2001, "more", expected=frozenset({"refund_exceeds_captured"}), invariant="I1")
    rest = await store.refund(order, 2000, "rest")
    expect(store, rest, await store.over(rest), "succeeded")


async def _watch(case: Case, store: Storefront, ask: Ask, order: str) -> str:
    """Follow a refund to its end; while it is unknown, more than the rest is refused."""
    deadline, probed = time.monotonic() + 90, False
    while time.monotonic() < deadline:
        ended = await store.over(ask, 0.15)
        if ended not in OPEN:
            return ended
        # What is refused may be free again by the time that a slow machine asks.
        if ended == "unknown" and not probed and not case.refused:
            probed = True
            exceeds = frozenset({"refund_exceeds_captured"})
            await store.refund(order, 2001, "while-unknown", expected=exceeds, invariant="I3")
    return ask.shown[-1]


async def _label(case: Case, store: Storefront, order: str) -> None:
    first = await store.label(order, "first")
    return_id = (await store.get(f"/v1/return-labels/{first.id}"))["return_id"]
    if not case.refused:
        exists = frozenset({"label_exists"})
        await store.label(order, "second", return_id=return_id, expected=exists, invariant="I5")
    expect(store, first, await store.over(first), "failed" if case.refused else "active")
    if case.refused:
        await store.relent()
        other = await store.label(order, "other", return_id=return_id)
        expect(store, other, await store.over(other), "active")


async def _landing(store: Storefront, order: str) -> None:
    """A purchase lands after the next one: the label that nobody was told of is voided."""
    first = await store.label(order, "first")
    expect(store, first, await store.over(first), "active")
    deadline, labels = time.monotonic() + 60, list[dict[str, Any]]()
    while time.monotonic() < deadline and not any(label["voided_at"] for label in labels):
        await asyncio.sleep(0.3)
        labels = (await store.sandbox("GET", "/sandbox/v1/export"))["labels"]
    if len(labels) != 2:
        store.broken("fault", first.key, f"{len(labels)} labels were bought where a second one was to land")


async def _label_to_void(store: Storefront, order: str) -> str:
    ask = await store.label(order, "bought")
    expect(store, ask, await store.over(ask), "active")
    return ask.id or ""


async def _void(case: Case, store: Storefront, label: str) -> None:
    ask = await store.void(label, "void")
    expect(store, ask, await store.over(ask), "active" if case.refused else "voided")


async def _cancel(case: Case, store: Storefront, order: str) -> None:
    ask = await store.cancel(order, "cancel")
    ended = await store.over(ask)
    if not (case.refused and ask.code == "order_not_pending"):  # the shop's no came before the answer
        expect(store, ask, ended, "failed" if case.refused else "succeeded")
    refunds = (await store.get(f"/v1/refunds?order={order}"))["data"]
    for refund in refunds:
        money = store.asks("refund", f"of-{refund['id']}")
        money.answers.append((200, None, refund["id"]))
        expect(store, money, await store.over(money), "canceled" if case.refused else "succeeded")
    if len(refunds) != 1:
        store.broken("I2", "cancel", f"{len(refunds)} refunds of one cancellation")


async def _saga(case: Case, store: Storefront, order: str) -> None:
    """Every call ends as its provider said: the one that was struck, and where that was no no, those after it."""
    saga = SAGAS[case.effect]
    await saga.stock(store, order, ceiling=case.ceiling)
    struck = case.faults[0][0]
    for operation, fault, options, bait in case.faults:
        await store.fault(operation, fault, bait=bait, **options)
    await saga.play(store, order)
    seen = set[str]()
    for row in await quiet(store):
        call = LEDGER_KIND.get(row["kind"])
        if call is None:  # a mail about it
            continue
        seen.add(call)
        if call == struck or not case.refused:
            no = call in saga.refused or (case.refused and call == struck)
            if row["status"] != ("failed" if no else "succeeded"):
                invariant = "stuck" if row["status"] in OPEN else "I2"
                store.broken(invariant, row["id"], f"{row['kind']} of {case.effect} ended as {row['status']}")
    if struck not in seen:
        store.broken("fault", order, f"{case.effect} never came to {struck}")


async def _until(store: Storefront, ask: Ask, status: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while await store.over(ask) != status and time.monotonic() < deadline:  # noqa: ASYNC110  it is a process
        await asyncio.sleep(0.2)
    expect(store, ask, ask.shown[-1], status)


def expect(store: Storefront, ask: Ask, ended: str, status: str) -> None:
    """Note where something ended otherwise than the provider's word lets it."""
    if ended != status:
        said = f"ended as {ended or ask.code}, not {status}"
        store.broken("I3" if ended == "failed" else "stuck" if ended in OPEN else "I2", ask.key, said)
