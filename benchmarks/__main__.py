"""`make bench`: our hot paths against the yardstick, on PostgreSQL with fsync and on SQLite with FULL.

Every round measures every subject one after the other, so that whatever else slows the machine slows them alike; what
is told is the median of the rounds, as a ratio to the yardstick of the same round. Then growth: reads, lists and
searches among a thousand to a million tickets. Exit code 1 where the yardstick itself is too slow to be one, or
something is beyond its target.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import databases, growth, subjects
from benchmarks.load import fire
from benchmarks.statements import STORE
from benchmarks.subjects import ORDERS, Subject
from tests.sandbox.served import Served
from tests.support.app import sandbox
from tests.support.postgres import cluster

OPERATIONS = ("create", "get", "list", "status", "message")
AGAINST = {"status": "get", "message": "create"}
"""Which of the yardstick's operations stands for one that it does not have."""
TARGETS = {
    "postgres": {"create": 0.42, "get": 0.45, "list": 0.55, "status": 0.45},
    "sqlite": {"create": 0.42, "get": 0.60, "list": 0.55},
}
YARDSTICK = {"create": 0.40, "get": 0.35, "list": 0.15}
"""What the yardstick must reach of pgbench's rate with the same statements."""
MESSAGES_PER_SECOND = 100
SPREAD = 5.0
"""p95 of a create with 32 writers, as a multiple of p50."""
Rates = defaultdict[str, dict[str, list[float]]]


async def warm(subject: Subject, seconds: float) -> None:
    """Learn cursors, and let every path compile what it keeps."""
    subject.ids += [databases.numbered(number) for number in range(60, databases.OLD)]
    if "page" in subject.shots:
        for _ in range(10):
            pages: list[bytes] = []
            await fire(subject.url, subject.shots["page"], 0.01, connections=1, keep=pages)
            subject.cursors += [cursor for body in pages if (cursor := json.loads(body)["next_cursor"])]
    if "look" in subject.shots:  # a warm status is one of an order that the mirror knows by the name that is asked
        asked = 0
        while asked < ORDERS:
            asked += len((await fire(subject.url, subject.shots["look"], seconds)).seconds)
    for operation in OPERATIONS:
        if operation in subject.shots:
            await fire(subject.url, subject.shots[operation], seconds)


async def measure(found: list[Subject], rounds: int, seconds: float) -> tuple[Rates, dict[str, list[float]]]:
    """Rates per subject and operation, one per round; and p95 / p50 of creates."""
    rates: Rates = defaultdict(lambda: defaultdict(list))
    spread: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for operation in OPERATIONS:
            for subject in found:
                if operation not in subject.shots:
                    continue
                told = await fire(subject.url, subject.shots[operation], seconds)
                rates[subject.name][operation].append(told.rate)
                if operation == "create":
                    spread[subject.name].append(told.percentile(0.95) / told.percentile(0.5))
    return rates, spread


def ratios(rates: Rates, name: str) -> dict[str, float]:
    """Medians over the rounds of our rate to the yardstick's of the same round."""
    bare = rates["yardstick"]
    return {
        operation: statistics.median(
            ours / theirs for ours, theirs in zip(found, bare[AGAINST.get(operation, operation)], strict=True)
        )
        for operation, found in rates[name].items()
    }


def line(name: str, found: dict[str, float]) -> str:
    """`postgres create=0.61 get=…`"""
    return " ".join([name, *(f"{operation}={found[operation]:.2f}" for operation in OPERATIONS)])


def _inside(folder: Path, name: str) -> Path:
    """A folder in which PostgreSQL can live, which runs as a user of its own."""
    folder.chmod(0o711)
    (folder / name).mkdir()
    return folder / name


async def run(folder: Path, rounds: int, seconds: float, sizes: list[int]) -> int:
    """Start everything, measure, tell."""
    with ExitStack() as stack:
        postgres = stack.enter_context(cluster(_inside(folder, "pg"), fsync=True))[1]
        sandbox_url = stack.enter_context(sandbox(folder / "sandbox.db"))
        subjects.stock(Served(sandbox_url, "bench"))
        urls = {name: postgres.create(name) for name in ("yardstick", "ours")}
        urls["sqlite"] = f"sqlite:///{folder / 'sqlite' / 'aftersale.db'}"
        urls["textbook"] = f"sqlite:///{folder / 'textbook' / 'aftersale.db'}"
        keys: dict[str, str] = {}
        for name, url in urls.items():
            bare = name in {"yardstick", "textbook"}
            store_id, keys[name] = databases.prepared(url, store_id=STORE if bare else None)
            databases.fill(url, store_id, 1, databases.OLD)
        alone = databases.pgbench(urls["yardstick"], max(1, int(seconds)), folder)
        found = [
            subjects.bare("yardstick", "yardstick", {"YARDSTICK_URL": urls["yardstick"]}, folder),
            subjects.ours("postgres", urls["ours"], sandbox_url, folder / "a", keys["ours"]),
            subjects.ours("sqlite", urls["sqlite"], sandbox_url, folder / "b", keys["sqlite"]),
            subjects.textbook("textbook", urls["textbook"], folder),
        ]
        for subject in found:
            stack.callback(subject.stop)
        for subject in found:
            await warm(subject, min(1.0, seconds))
        rates, spread = await measure(found, rounds, seconds)
        for subject in found:
            subject.stop()

        def make(kind: str, name: str) -> str:
            if kind == "postgres":
                return postgres.create(name)
            (folder / name).mkdir()
            return f"sqlite:///{folder / name / 'aftersale.db'}"

        grown = await growth.run(sizes, make, sandbox_url, folder, rounds, seconds) if sizes else []
    return tell(rates, spread, alone, grown)


def tell(rates: Rates, spread: dict[str, list[float]], alone: dict[str, float], grown: Sequence[str] = ()) -> int:
    """Print everything, the two lines last; the exit code. `grown`: what does not stay flat."""
    short = list(grown)
    for name, operations in rates.items():
        medians = {operation: round(statistics.median(found)) for operation, found in operations.items()}
        print(f"{name}: " + ", ".join(f"{operation} {rate}/s" for operation, rate in medians.items()))
    for operation, wanted in YARDSTICK.items():
        reached = statistics.median(rates["yardstick"][operation]) / alone[operation]
        print(f"yardstick {operation}: {reached:.2f} of pgbench's {alone[operation]:.0f}/s, wanted {wanted}")
        if reached < wanted:
            short.append(f"the yardstick's {operation}")
    for name, found in spread.items():
        print(f"{name} create: p95 is {statistics.median(found):.1f} times p50")
    if statistics.median(spread["sqlite"]) > SPREAD:
        short.append("sqlite's p95")
    told = {name: ratios(rates, name) for name in ("postgres", "sqlite")}
    textbook = ratios(rates, "textbook")["create"]
    print(f"textbook ORM on aiosqlite: create={textbook:.2f}")
    if statistics.median(rates["postgres"]["message"]) < MESSAGES_PER_SECOND:
        short.append(f"fewer than {MESSAGES_PER_SECOND} messages a second")
    for name, wanted in TARGETS.items():
        short += [f"{name} {operation}" for operation, least in wanted.items() if told[name][operation] < least]
    print("below its target: " + ", ".join(short) if short else "every target is reached")
    for name in ("postgres", "sqlite"):
        print(line(name, told[name]))
    return 1 if short else 0


def main(arguments: list[str]) -> int:
    """Read the options and run."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each operation of each subject in each round")
    parser.add_argument("--folder", type=Path, help="where the databases are: a real disk")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="*",
        default=growth.SIZES,
        help="numbers of tickets that reads, lists and searches are measured among; none: only the ratios",
    )
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=given.folder) as folder:
        return asyncio.run(run(Path(folder), given.rounds, given.seconds, list(given.sizes)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
