"""All operations of an adapter × all faults: what is struck is derived from what a run without faults has sent.

A row is one operation of a contract at one provider. It is run once without a fault, through the proxy; then once for
each call that it made and each fault, with a provider of its own. Effects go through the guard's own tries
(`app/services/tries.py`) and have to end as the provider's ledger says, with one effect in it; reads give the right
answer or an error.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from aiohttp import web

from app.integrations.breaker import Breaker
from app.integrations.carriers.contract import Carrier, PushingCarrier
from app.integrations.commerce.contract import CommerceBackend
from app.integrations.connecting import Account, Kind
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.http import load
from app.integrations.payments.contract import PaymentProvider
from app.integrations.receipts import Receipt
from app.models.operations import FINAL
from app.sandbox.faults import FaultName
from app.services import jobs, tries
from app.services.operations import EFFECTS
from app.services.providers import Providers
from tests.integrations.faulty import served
from tests.proxied.proxy import UNREADABLE, Fault, Order, Passed, Proxy, Speech, between, lies_about

assert jobs.SETTLERS  # whose import makes every kind of operation known
load()
SHORT, LONGER = 1.0, 8.0
"""Seconds that a call may take where one is to be cut off, and where none is: a busy machine cuts off nothing else."""
SLOW = 0.15
AT_ONCE, WAITING = 4, 16
"""Cases at a time; those that wait for the end of a call are cheap."""
PLAIN = (
    Fault("timeout_before_effect"),
    Fault("timeout_after_effect"),
    Fault("error_after_effect"),
    Fault("reset"),
    Fault("reset", after_effect=False),
    Fault("slow"),
    Fault("refuse"),
    Fault("throttle"),
    Fault("throttle", retry_after=1),
)
LATE = Fault("slow", after_effect=False)
FORGETS = Fault("forget_keys")
LOST = Fault("reset")
TRIES = 8
STEPS = (1.0, 5.0)
"""Seconds between the first tries; then there are as many as every adapter waits for an effect to show up."""
LONG = 700.0


@dataclass(frozen=True, kw_only=True)
class Effecting:
    """One kind of operation. `stock` prepares the provider and gives the command; `ledger` is what happened there."""

    kind: str
    name: str = ""
    stock: Callable[[Any], Any]
    ledger: Callable[[Any], Any]
    late: str = ""
    """Why an effect that lands after the next try is not tried; empty: it is."""
    gives_way: bool = False
    """After a no it goes another way."""

    def __str__(self) -> str:
        return self.name or self.kind


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One question. `stock` prepares the provider and gives what is asked of its adapters."""

    name: str
    stock: Callable[[Any], Asked]
    lies: tuple[str, ...] = ()
    """What of the answers that can be read and are wrong it has to notice: only what was asked for can be compared."""
    tolerates: Callable[[Any], bool] = lambda _: False
    """Which other answers are right under a fault."""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class Unsupported:
    """One kind of operation that the provider does not have: refused as such, and nothing is sent."""

    kind: str
    command: Any

    def __str__(self) -> str:
        return self.kind


FAMILIES = ("commerce", "payments", "carrier", "channel")
CONTRACTS: dict[str, tuple[type[Any], ...]] = {
    "commerce": (CommerceBackend,),
    "payments": (PaymentProvider,),
    "carrier": (Carrier, PushingCarrier),
}
Row = Effecting | Reading | Unsupported


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider of the tests and how it is spoken to."""

    kind: Kind[Any, Any]
    server: Callable[[Path], Any]
    account: Callable[[str], Account[Any, Any]]
    speech: Speech
    names: frozenset[str]
    """Every call that there is."""
    rows: Sequence[Row]
    clocks: Callable[[Asking, Clock], None]
    """Have the adapters go by this clock."""
    forget: Callable[[Any], object] | None = None
    """Have the server forget its keys; None: the provider has none."""
    keyed: frozenset[str] = frozenset()
    """The calls that have a key."""
    beside: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What other connections of the store serve, which is asked for a part of an effect and is not before the proxy."""
    never_sent: frozenset[str] = frozenset()
    """Methods of the contracts that answer without asking the provider, and that no kind of operation uses."""


class Clock:
    """Seconds that pass when a case says so."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at

    def now(self) -> datetime:
        return datetime(2026, 11, 28, tzinfo=UTC) + timedelta(seconds=self.at)


@dataclass(frozen=True, slots=True)
class Asking(Providers):
    """The adapters, and the account for what is asked of the kind itself."""

    account: Any = None


Asked = Callable[[Asking], Awaitable[Any]]


@dataclass
class Means:
    """A provider that runs for one case, the proxy before it, and the adapters."""

    server: Any
    proxy: Proxy
    providers: Asking
    clock: Clock
    called: set[str] = field(default_factory=set[str])
    """The methods of the contracts that were called, as `family.method`."""


class _Listening:
    """An adapter whose calls are written down."""

    def __init__(self, family: str, adapter: Any, called: set[str]) -> None:
        self._family, self._adapter, self._called = family, adapter, called

    def __getattr__(self, name: str) -> Any:
        self._called.add(f"{self._family}.{name}")
        return getattr(self._adapter, name)


@asynccontextmanager
async def running(provider: Provider, specs: Path, patience: float = LONGER) -> AsyncIterator[Means]:
    server = provider.server(specs)
    app: web.Application = server.app()
    async with served(app) as server.url:
        forget = provider.forget
        proxy = Proxy(
            server.url,
            provider.speech,
            late=patience * 1.3,
            slow=SLOW,
            forget=(lambda: None) if forget is None else (lambda: forget(server)),
        )
        async with between(proxy):
            clock, called = Clock(), set[str]()
            account = provider.account(proxy.url)
            account.seconds, account.breaker = patience, Breaker(now=clock)
            adapters = _adapters(provider, account, called)
            provider.clocks(adapters, clock)
            try:
                yield Means(server, proxy, adapters, clock, called)
            finally:
                await account.close()


def _adapters(provider: Provider, account: Account[Any, Any], called: set[str]) -> Asking:
    made: Any = provider.kind.connect(account)
    adapters: dict[str, Any] = {family: _Listening(family, adapter, called) for family, adapter in made.items()}
    return Asking(**{name: adapters.get(name, provider.beside.get(name)) for name in FAMILIES}, account=account)


# ---- a run without a fault ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clean:
    """What a row does where nothing goes wrong."""

    sent: tuple[Passed, ...]
    looked: tuple[Passed, ...]
    """Of the look-up after it."""
    before: Any
    after: Any
    """The ledger."""
    called: frozenset[str]
    mending: tuple[tuple[str, int, Passed], ...] = ()
    """Calls that are made only where another one went wrong: which one, and its number."""

    @property
    def effects(self) -> list[int]:
        return [at for at, one in enumerate(self.sent) if one.effect]


_RAN: dict[tuple[str, str], Clean] = {}


async def clean(provider: Provider, row: Row, specs: Path) -> Clean:
    """Run it without a fault, once in a process."""
    place = provider.kind.name, str(row)
    if place not in _RAN:
        _RAN[place] = await _run(provider, row, specs)
    return _RAN[place]


async def _run(provider: Provider, row: Row, specs: Path) -> Clean:
    async with running(provider, specs) as means:
        if isinstance(row, Unsupported):
            return await _refused(means, row)
        if isinstance(row, Reading):
            asked = row.stock(means.server)
            assert await asked(means.providers) == await right(provider, means, asked)
            return Clean(tuple(means.proxy.passed), (), None, None, frozenset(means.called))
        command = row.stock(means.server)
        means.proxy.watch = lambda: row.ledger(means.server)
        before = row.ledger(means.server)
        receipt = await _ended(means, row, command)
        assert receipt is not None, f"{row} did not end"
        assert receipt.status == "succeeded", f"{row} ended as {receipt}"
        sent, after = tuple(means.proxy.passed), row.ledger(means.server)
        found = await EFFECTS[row.kind].find(means.providers, command)
        assert found is not None, f"what {row} did is not found"
        assert (found.status, row.ledger(means.server)) == ("succeeded", after)
        looked = tuple(means.proxy.passed)[len(sent) :]
    mending = await _mending(provider, row, specs, sent, looked)
    return Clean(sent, looked, before, after, frozenset(means.called), mending)


async def _mending(
    provider: Provider, row: Effecting, specs: Path, sent: Sequence[Passed], looked: Sequence[Passed]
) -> tuple[tuple[str, int, Passed], ...]:
    """What is sent only after an answer that was lost."""
    usual = {one.call for one in (*sent, *looked)}
    found: dict[str, tuple[str, int, Passed]] = {}
    for call, nth in _numbered(sent):
        async with running(provider, specs) as means:
            command = row.stock(means.server)
            means.proxy.order(call, Fault("error_after_effect"), nth)
            await _ended(means, row, command)
            found |= {one.call: (call, nth, one) for one in means.proxy.passed if one.call not in usual}
    return tuple(found.values())


async def right(provider: Provider, means: Means, asked: Asked) -> Any:
    """What is said without a proxy; it has to be something."""
    account = provider.account(means.server.url)
    account.seconds = LONGER
    try:
        said = await asked(_adapters(provider, account, means.called))
        assert said, "the question has no answer"
        return said
    finally:
        await account.close()


async def _refused(means: Means, row: Unsupported) -> Clean:
    effect = EFFECTS[row.kind]
    try:
        receipt = await effect.send(means.providers, row.command)
        said = receipt.evidence  # where nothing hangs on it the service takes it for done
    except Refused as refusal:
        said = {refusal.code: True}
    assert said == {"unsupported": True}, f"{row} gave {said}"
    assert await effect.find(means.providers, row.command) is None
    assert means.proxy.heard == [], f"{row} was sent"
    return Clean((), (), None, None, frozenset(means.called))


async def _ended(means: Means, row: Effecting, command: Any) -> Receipt | None:
    """Try as the worker does, until the end is known."""
    effect, begun, last = EFFECTS[row.kind], False, None
    for number in range(TRIES):
        ending = await tries._ask_or_send(effect, means.providers, command, begun_before=begun)
        if ending.receipt is not None:
            begun, last = True, ending.receipt
            if last.status in FINAL:
                return last
        if number >= len(STEPS):
            await means.proxy.landed()  # nothing is longer on its way than an adapter waits
        step = STEPS[number] if number < len(STEPS) else LONG
        means.clock.at += max(step, ending.retry_after)
    return last


# ---- cases ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """Orders in the words of `Proxy.order`: call, fault, n-th, whether it is bait; each counts from the one before."""

    orders: tuple[tuple[str, Fault, int, bool], ...]
    refused: bool = False
    """The provider says a clear no to the effect, before anything has happened."""

    @property
    def cut_off(self) -> bool:
        """Whether a call is held until whoever sent it hangs up."""
        return any(fault.name.startswith("timeout") or fault.lands_late for _, fault, _, _ in self.orders)

    def __str__(self) -> str:
        return " then ".join(f"{fault} on {call}#{nth}" for call, fault, nth, _ in self.orders)


def cases(provider: Provider, row: Effecting | Reading, ran: Clean) -> list[Case]:
    """Every call × every fault. Of the malformed answers a call gets two by turns, an effect's all, and all lies."""
    found: list[Case] = []
    effects = ran.effects
    for trigger, nth, passed in ran.mending:
        faults = [*PLAIN, *_malformed(row, passed, 0, all_of_them=False)]
        lost = (trigger, Fault("error_after_effect"), nth, False)
        found += [Case((lost, (passed.call, fault, 1, False))) for fault in faults]
    for at, (call, nth) in enumerate(_numbered(ran.sent)):
        effect = at in effects
        faults = [*PLAIN, *_malformed(row, ran.sent[at], at, all_of_them=effects[-1:] == [at])]
        if effect and isinstance(row, Effecting) and not row.late:
            faults.append(LATE)
        refused = effects[:1] == [at] and isinstance(row, Effecting) and not row.gives_way
        found += [Case(((call, fault, nth, False),), refused and fault.name == "refuse") for fault in faults]
        if effect and call in provider.keyed:
            lost = (call, Fault("error_after_effect"), nth, False)
            blind = (_numbered(ran.looked)[0][0], Fault("malformed", variant="not_json"), 1, False)
            found.append(Case(((call, Fault("throttle"), nth, False), (call, FORGETS, 1, False))))
            found.append(Case((lost, blind, (call, FORGETS, 1, True))))
    if ran.looked:  # after an effect of which nothing is known
        [*_, last] = effects
        call, nth = _numbered(ran.sent)[last]
        for at, (asked, number) in enumerate(_numbered(ran.looked)):
            faults = [*PLAIN, *_malformed(row, ran.looked[at], at, all_of_them=False)]
            found += [Case(((call, LOST, nth, False), (asked, fault, number, False))) for fault in faults]
    return found


def _numbered(calls: Sequence[Passed]) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    numbered: list[tuple[str, int]] = []
    for one in calls:
        seen[one.call] += 1
        numbered.append((one.call, seen[one.call]))
    return numbered


def _malformed(row: Effecting | Reading, passed: Passed, at: int, *, all_of_them: bool) -> list[Fault]:
    """What cannot be read of every call. A lie of an effect's answer, and of a read where the row notices it."""
    count = len(UNREADABLE)
    unreadable = UNREADABLE if all_of_them else [UNREADABLE[2 * at % count], UNREADABLE[(2 * at + 1) % count]]
    if isinstance(row, Reading):
        unreadable, lies = UNREADABLE, [lie for lie in lies_about(passed.body) if lie in row.lies]
    else:
        lies = lies_about(passed.body) if all_of_them else []
    return [Fault("malformed", variant=variant) for variant in (*unreadable, *lies)]


async def broken(provider: Provider, row: Row, specs: Path) -> list[str]:
    """What of a row's cases did not hold."""
    ran = await clean(provider, row, specs)
    if isinstance(row, Unsupported):
        return []
    planned = cases(provider, row, ran)
    some, many = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(WAITING)

    async def one(case: Case) -> list[str]:
        async with many if case.cut_off else some:
            try:
                async with running(provider, specs, SHORT if case.cut_off else LONGER) as means:
                    said = await _case(provider, row, case, ran, means)
            except Exception as error:
                said = [f"broke: {error!r}"]
            return [f"{row}: {case}: {what}" for what in said]

    told = await asyncio.gather(*(one(case) for case in planned))
    return [what for said in told for what in said]


async def left_out(provider: Provider, specs: Path) -> list[str]:
    """What of a provider is not tried: methods of the contracts, calls, faults."""
    called, sent, said = set[str](), set[str](), list[str]()
    faults = {fault.name for fault in PLAIN} | {"malformed"}
    struck = set[str]()
    for row in provider.rows:
        ran = await clean(provider, row, specs)
        called |= ran.called
        sent |= {one.call for one in (*ran.sent, *ran.looked, *(passed for _, _, passed in ran.mending))}
        if isinstance(row, Unsupported):
            continue
        planned = [case.orders for case in cases(provider, row, ran)]
        for call, nth in _numbered(ran.sent):
            missing = faults - {orders[0][1].name for orders in planned if (call, nth) == (orders[0][0], orders[0][2])}
            said += [f"{row}: no {name} on {call}#{nth}" for name in missing]
        struck |= {fault.name for orders in planned for _, fault, _, _ in orders}
    methods = {
        f"{family}.{name}"
        for family in provider.kind.families
        for contract in CONTRACTS[family]
        for name, value in vars(contract).items()
        if inspect.iscoroutinefunction(value)
    }
    said += [f"{name} is never called" for name in methods - called - provider.never_sent]
    said += [f"{call} is never sent" for call in provider.names - sent]
    said += [f"{call} is not known" for call in sent - provider.names]
    no_keys = {"forget_keys"} if provider.forget is None else set[str]()
    return said + [f"no {name} at all" for name in set(get_args(FaultName)) - struck - no_keys]


async def _case(provider: Provider, row: Effecting | Reading, case: Case, ran: Clean, means: Means) -> list[str]:
    order: Order | None = None
    if isinstance(row, Reading):
        asked = row.stock(means.server)
        wanted = await right(provider, means, asked)
    else:
        command = row.stock(means.server)
    for call, fault, nth, bait in case.orders:
        order = means.proxy.order(call, fault, nth, after=order, bait=bait)
    if isinstance(row, Reading):
        said = await _read(row, case.orders[0][1], means, asked, wanted)
    else:
        said = await _effected(row, case, ran, means, command)
    return said + [f"{one.fault} on {one.call} was not seen" for one in means.proxy.unseen]


async def _effected(row: Effecting, case: Case, ran: Clean, means: Means, command: Any) -> list[str]:
    receipt = await _ended(means, row, command)
    await means.proxy.landed()
    status, ledger = None if receipt is None else receipt.status, row.ledger(means.server)
    said: list[str] = []
    noes = any(fault.name == "refuse" for _, fault, _, _ in case.orders)
    allowed = {"failed"} if case.refused else {"failed", "succeeded"} if noes else {"succeeded"}
    if status not in allowed:
        said.append(f"ended as {status}: {receipt}")
    wanted = ran.before if status == "failed" else ran.after
    if ledger != wanted:
        said.append(f"{status}, and the ledger has {ledger}, not {wanted}")
    found = await _answered(means.clock, lambda: EFFECTS[row.kind].find(means.providers, command))
    if (found is not None and found.status == "succeeded") != (status == "succeeded"):
        said.append(f"{status}, and looked up it is {found}")
    return said


async def _read(row: Reading, fault: Fault, means: Means, asked: Asked, wanted: Any) -> list[str]:
    """The right answer, or an error: a no for a no alone, and the right answer where it is only slow."""
    try:
        told = await asked(means.providers)
    except Refused as error:
        said = [] if fault.name == "refuse" else [f"a no was made of it: {error!r}"]
    except OutcomeUnknown as error:
        said = [f"it was only slow: {error!r}"] if fault.name == "slow" else []
    else:
        said = [] if told == wanted or row.tolerates(told) else [f"it says {told}"]
    again = await _answered(means.clock, lambda: asked(means.providers))
    return said if again == wanted else [*said, f"asked again it says {again}"]


async def _answered(clock: Clock, ask: Callable[[], Awaitable[Any]]) -> Any:
    """What is said at last: on a busy machine one more call may be cut off."""
    clock.at += LONG
    for _ in range(TRIES):
        with suppress(OutcomeUnknown):
            return await ask()
        clock.at += LONG
    return await ask()
