"""What becomes of reads, lists and searches while the tickets of a store grow from a thousand to a million."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import databases, subjects
from benchmarks.load import Shot, fire
from benchmarks.subjects import Subject

SIZES = (1_000, 100_000, 1_000_000)
FLAT = 1.3
"""The largest store's median of a read or of a list, as a multiple of the smallest's."""
SEARCH_MS = 50.0
"""p95 of the newest 50 of a common word among the most."""
CALLERS = 2
"""Connections at a time: how long one takes is asked, not how many are done."""
BATCH = 100_000
PART = 0.25
"""Seconds of each turn: short, so that whatever slows the machine slows all sizes alike."""
RNG = random.Random(20261128)
Taken = defaultdict[tuple[str, int], list[list[float]]]


def filled(url: str, size: int) -> str:
    """A store with so many tickets, each found by a common word; its key."""
    store_id, key = databases.prepared(url)
    with databases.unhurried(url):
        for first in range(1, size + 1, BATCH):
            databases.fill(url, store_id, first, min(size, first + BATCH - 1), word=True)
    return key


def shots(subject: Subject, size: int) -> dict[str, Callable[[], Shot]]:
    """Anywhere among all tickets: reads by id, pages by cursor, the newest of a common word."""
    headers = {"authorization": f"Bearer {subject.key}"}
    places = [databases.cursor(subject.database_url, RNG.randint(60, size)) for _ in range(500)]
    return {
        "get": lambda: Shot("GET", f"/v1/tickets/{databases.numbered(RNG.randint(1, size))}", headers),
        "list": lambda: Shot("GET", f"/v1/tickets?limit=50&cursor={RNG.choice(places)}", headers),
        "search": lambda: Shot("GET", f"/v1/tickets?q={databases.COMMON}&limit=50", headers),
    }


@contextmanager
def served(kind: str, size: int, url: str, sandbox_url: str, folder: Path) -> Iterator[Subject]:
    """A server on a database of that size."""
    name = f"{kind}-{size}"
    found = subjects.ours(name, url, sandbox_url, folder / name, filled(url, size), worker=False)
    try:
        yield found
    finally:
        found.stop()


async def measure(found: dict[int, Subject], rounds: int, seconds: float) -> Taken:
    """Seconds that each answer took, a list for each round, by operation and size."""
    asked = {size: shots(subject, size) for size, subject in found.items()}
    taken: Taken = defaultdict(list)
    for turn in range(rounds + 1):  # the first one warms the caches
        for operation in ("get", "list", "search"):
            for size in found:
                taken[operation, size].append([])
            for _ in range(max(1, round(seconds / PART))):
                for size, subject in found.items():
                    told = await fire(subject.url, asked[size][operation], min(PART, seconds), connections=CALLERS)
                    if turn:
                        taken[operation, size][-1] += told.seconds
    return taken


def tell(kind: str, sizes: list[int], taken: Taken) -> list[str]:
    """Print what it came to; what is beyond its limit."""
    short: list[str] = []
    least, most = min(sizes), max(sizes)
    for operation in ("get", "list"):
        medians = {size: [statistics.median(one) for one in taken[operation, size] if one] for size in sizes}
        shown = ", ".join(f"{size:,}: {1000 * statistics.median(found):.2f} ms" for size, found in medians.items())
        grown = statistics.median(big / small for small, big in zip(medians[least], medians[most], strict=True))
        print(f"{kind} {operation} among {shown}; {grown:.2f} times, {FLAT} at most")
        if grown > FLAT:
            short.append(f"{kind} {operation} among {most:,}")
    late = statistics.median(
        sorted(one)[min(len(one) - 1, int(0.95 * len(one)))] * 1000 for one in taken["search", most] if one
    )
    print(f"{kind} newest 50 of a common word among {most:,}: p95 {late:.1f} ms, {SEARCH_MS:.0f} at most")
    return [*short, f"{kind} search among {most:,}"] if late > SEARCH_MS else short


async def run(
    sizes: list[int], make: Callable[[str, str], str], sandbox_url: str, folder: Path, rounds: int, seconds: float
) -> list[str]:
    """Both databases, one after the other; `make(kind, name)` gives the address of an empty one."""
    short: list[str] = []
    for kind in ("postgres", "sqlite"):
        with ExitStack() as stack:
            found = {
                size: stack.enter_context(served(kind, size, make(kind, f"grown_{size}"), sandbox_url, folder))
                for size in sizes
            }
            short += tell(kind, sizes, await measure(found, rounds, seconds))
    return short
