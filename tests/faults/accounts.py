"""Judges what was told while a database was away or full: clear answers, and nothing acknowledged that is not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.faults.history import Ask, History, Row, Violation

PROBLEM = "application/problem+json"
CLEAR = {"storage_unavailable", "unavailable", "provider_unavailable"}
"""Codes of a 503 that says: later."""
TABLES = {"refund": "refunds", "label": "return_labels", "cancel": "operations"}
"""Where what a request has made stands."""
FINAL = {"succeeded", "failed", "canceled", "active"}
Found = Iterator[Violation]


def answers_are_clear(told: Mapping[tuple[int, str, str], int]) -> Found:
    """Each answer is a right one, a refusal, or a 503 that is a problem with a code; each came in time."""
    for (status, code, media), times in sorted(told.items()):
        said = f"{times} answers {status} {code} {media}"
        if status == 0:
            yield Violation("clear", "answers", f"{times} requests were not answered in time")
        elif (status >= 500 and (status != 503 or code not in CLEAR)) or (status >= 400 and media != PROBLEM):
            yield Violation("clear", "answers", said)


def nothing_is_lost(history: History) -> Found:
    """What a client was given is in the database of its store, in the state that it was shown last, or a later one."""
    shop_of = {row["id"]: row["sandbox_shop"] for row in history.tables["stores"]}
    rows = {table: {row["id"]: row for row in history.tables[table]} for table in TABLES.values()}
    for ask in history.asks:
        if ask.kind not in TABLES:
            continue
        for made in {made for _, _, made in ask.answers if made is not None}:
            row = rows[TABLES[ask.kind]].get(made)
            if row is None or shop_of[row["store_id"]] != ask.shop:
                yield Violation("lost", f"{ask.shop}/{ask.key}", f"{made} was acknowledged and is not there")
            else:
                yield from _no_earlier(ask, row)


def _no_earlier(ask: Ask, row: Row) -> Found:
    """An end that was shown stands: no provider of these runs fails late."""
    last = ask.shown[-1] if ask.shown else ""
    if last in FINAL and row["status"] != last:
        yield Violation("lost", f"{ask.shop}/{ask.key}", f"{row['id']} was shown as {last} and is {row['status']}")


def it_was_felt(what: str, told: Counter[tuple[int, str, str]], ready: list[int]) -> Found:
    """While the database was away some write was refused, and `/readyz` said so; afterwards it was ready again."""
    if not any(status == 503 and code == "storage_unavailable" for status, code, _ in told):
        yield Violation("clear", what, f"no write was refused: {dict(told)}")
    if 503 not in ready:
        yield Violation("clear", what, f"/readyz never was 503 in {len(ready)} answers")
    if ready and ready[-1] != 200:
        yield Violation("clear", what, f"/readyz is {ready[-1]} after it is over")
