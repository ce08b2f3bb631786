"""Prints how well triage does on labelled messages: `python -m tests.tools.measure_triage --data PATH [--errors]`.

PATH is a JSONL file (`text`, `lang`, `intent`, optional `accept`) or the folder `shared`; without it the environment
variable AFTERSALE_SPECS names that folder (or its `specs`). The data is measured with and never shipped.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from pathlib import Path

from app.services.triage.plain import PlainTriager

ACTIONABLE = ("order.cancel", "return.request", "refund.request", "refund.status", "order.status", "shipping.delay")
SIX = (*ACTIONABLE, "human.request", "other")
SURE = 0.7


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure triage on labelled messages.")
    parser.add_argument("--data", type=Path, help="a JSONL file, or the folder that holds data/intents/dev.jsonl")
    parser.add_argument("--errors", action="store_true", help="print every sure mistake, and what was missed")
    options = parser.parse_args()
    path = find(options.data or Path(os.environ.get("AFTERSALE_SPECS", "")))
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if "intent" not in rows[0]:
        report_languages(rows)
        return
    report(rows, errors=options.errors)


def find(path: Path) -> Path:
    for place in (path, path / "data/intents/dev.jsonl", path.parent / "data/intents/dev.jsonl"):
        if place.is_file():
            return place
    raise SystemExit(f"no JSONL at {str(path)!r}: give --data PATH or set AFTERSALE_SPECS")


def report(rows: list[dict], *, errors: bool) -> None:
    triager = PlainTriager()
    triager.triage("warm up")
    began = time.perf_counter()
    results = [triager.triage(row["text"]) for row in rows]
    each = (time.perf_counter() - began) / len(rows)
    print(f"{len(rows)} messages, {each * 1e3:.2f} ms each")
    right = sum(r.intent.name in {row["intent"], *row.get("accept", [])} for row, r in zip(rows, results, strict=True))
    print(f"all 27 intents: {right / len(rows):.3f} right at any confidence")
    print(f"{'intent':<18}{'sure':>6}{'precision':>11}{'strict':>8}{'recall':>8}{'any-conf recall':>17}")
    for name in SIX:
        print(line(name, rows, results))
    actionable = [(row, r) for row, r in zip(rows, results, strict=True) if sure(r) in ACTIONABLE]
    good = sum(accepted(row, str(r.intent.name)) for row, r in actionable)
    print(f"actionable together: precision {good / max(1, len(actionable)):.3f} over {len(actionable)} sure messages")
    if errors:
        for row, r in zip(rows, results, strict=True):
            if sure(r) in SIX and not accepted(row, sure(r)):
                print("WRONG ", row["intent"], "->", sure(r), r.intent.confidence, "|", row["text"][:140])
        for row, r in zip(rows, results, strict=True):
            if row["intent"] in SIX and not sure(r):
                print("MISSED", row["intent"], "->", r.intent.name, r.intent.confidence, "|", row["text"][:140])


def accepted(row: dict, name: str) -> bool:
    return name in {row["intent"], *row.get("accept", [])}


def sure(result) -> str:
    return str(result.intent.name) if result.intent.confidence >= SURE else ""


def line(name: str, rows: list[dict], results: list) -> str:
    said = [row for row, r in zip(rows, results, strict=True) if sure(r) == name]
    mine = [(row, r) for row, r in zip(rows, results, strict=True) if row["intent"] == name]
    good = sum(accepted(row, name) for row in said) / max(1, len(said))
    strict = sum(row["intent"] == name for row in said) / max(1, len(said))
    recall = sum(sure(r) == name for _, r in mine) / max(1, len(mine))
    any_recall = sum(str(r.intent.name) == name for _, r in mine) / max(1, len(mine))
    return f"{name:<18}{len(said):>6}{good:>11.3f}{strict:>8.3f}{recall:>8.3f}{any_recall:>17.3f}"


def report_languages(rows: list[dict]) -> None:
    triager = PlainTriager()
    wrong = Counter()
    for row in rows:
        code = triager.triage(row["text"]).language.code
        if code != row["lang"]:
            wrong[row["lang"], code] += 1
    print(
        f"{len(rows)} texts: language {1 - wrong.total() / len(rows):.4f} right; mistakes {dict(wrong.most_common(12))}"
    )


if __name__ == "__main__":
    main()
