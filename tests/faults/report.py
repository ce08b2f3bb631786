"""What a run says at its end: the table, the violations, and `faults.json`."""

from __future__ import annotations

import json
import platform
import resource
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.history import History, Violation

SHOWN = 40
"""Violations that are printed; all of them are in the file."""


@dataclass
class Result:
    """One stage on one database."""

    stage: str
    database: str
    runs: int = 0
    """Cases, rounds, kills that were hit, or planted bugs."""
    faults: int = 0
    """Faults that stand in the sandbox's ledger, and kills that were hit."""
    violations: list[Violation] = field(default_factory=list)
    seconds: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)


def seen(history: History) -> int:
    """Faults in the ledgers of all shops."""
    return sum(row["fault"] is not None for shop in history.shops.values() for row in shop.ledger)


def telling(said: str) -> str:
    """What helps of all that the processes have printed: what they did not expect, and the end."""
    unhandled = [line for line in said.splitlines() if '"unhandled"' in line]
    return "\n".join([*unhandled[:5], said[-6000:]])


def processor() -> float:
    """Seconds that this process and its children have computed: what the run takes where others want the cores too."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def show(results: list[Result], seed: int, seconds: float) -> None:
    """Print the table and what did not hold."""
    print(f"\n{'stage':<12}{'database':<14}{'runs':>6}{'faults seen':>13}{'violations':>12}{'seconds':>9}")
    for result in results:
        print(
            f"{result.stage:<12}{result.database:<14}{result.runs:>6}{result.faults:>13}"
            f"{len(result.violations):>12}{result.seconds:>9.0f}"
        )
        if "kills" in result.more:
            own, every = result.more["saga"], result.more["all"]
            print(
                f"{'':<12}kills hit/planned: {every[0]}/{every[1]}, of these in the sagas' own files"
                f" {own[0]}/{own[1]}; places that were reached: {result.more['reached']}"
            )
        if "outages" in result.more:
            seen = result.more["outages"]
            disk = "a disk of its own" if seen["mounted"] else "FILES KEPT SHORT, no disk could be mounted"
            print(
                f"{'':<12}restarts: {seen['restarts']}; filled: {seen['fillings']} ({disk}), crashes of it:"
                f" {seen['panics']}; requests: {seen['sent']}, the slowest answer took {seen['slowest']:.1f} s"
            )
        if "milliseconds" in result.more:
            counts = ", ".join(f"{number} {name}" for name, number in sorted(result.more["counts"].items()))
            print(f"{'':<12}{result.more['milliseconds']} ms of processor time each; {counts}")
        for bug in result.more.get("planted", ()):
            print(f"{'':<12}{'caught' if bug['caught'] else 'NOT CAUGHT'}: {bug['name']} ({bug['by']})")
    broken = [violation for result in results for violation in result.violations]
    for violation in broken[:SHOWN]:
        print(f"  {violation}")
    if len(broken) > SHOWN:
        print(f"  … and {len(broken) - SHOWN} more, in faults.json")
    verdict = "all held" if not broken else f"{len(broken)} violations"
    print(f"\nseed {seed}: {verdict}, {seconds:.0f} s ({processor():.0f} s of processor time)")


def write(path: Path, results: list[Result], seed: int, form: str, seconds: float) -> None:
    """Keep all of it."""
    document = {
        "seed": seed,
        "form": form,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor(), 1),
        "violations": sum(len(result.violations) for result in results),
        "stages": [asdict(result) for result in results],
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
