"""The checker of `make faults` can fail: a history in which all is well, and each way to spoil it."""

from __future__ import annotations

import copy
import random
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults import checker, kills, matrix, planted, points
from tests.faults.history import Ask, History, Ordered, Shop

Row = dict[str, Any]
STORE, SHOP = "sto_1", "shop-1"


def event(resource: str, sequence: int, status: str, kind: str = "refund.updated") -> Row:
    return {"resource_id": resource, "sequence": sequence, "type": kind, "object": {"status": status}}


def settled(id_: str, status: str, **more: Any) -> Row:
    return {"id": id_, "store_id": STORE, "status": status, "event_sequence": 2, **more}


def operation(number: str, kind: str, command: Row, status: str = "succeeded") -> Row:
    key = f"opr_{number}"
    return settled(key, status, kind=kind, provider_key=key, command=command, dead_at=None)


def effect(sequence: int, kind: str, reference: str, subject: str, amount: int | None = None) -> Row:
    return {
        "sequence": sequence,
        "kind": kind,
        "reference": reference,
        "subject": subject,
        "amount": amount,
        "currency": "EUR",
        "effect": True,
        "fault": None,
        "status": 201,
    }


@pytest.fixture
def history() -> History:
    """One refund of 30.00 on 50.00, asked for by a shopper, and one label, all as it has to be."""
    refund = {
        "id": "sbx_1",
        "payment_id": "pay",
        "amount": 3000,
        "status": "succeeded",
        "key": "opr_r",
        "origin": "api",
    }
    order = {
        "id": "one",
        "currency": "EUR",
        "payments": [{"id": "pay", "amount": 5000, "state": "captured"}],
        "refunds": [refund],
    }
    label = {"id": "sbx_l", "rma": "RMA-1", "voided_at": None}
    ledger = [effect(1, "refund", "opr_r", "sbx_1", 3000), effect(2, "label", "opr_l", "sbx_l", 490)]
    ledger[0]["fault"] = "reset"
    refunded = {"automated": True, "order_id": "ord_1", "currency": "EUR", "cancellation_id": None, "return_id": None}
    tables: dict[str, list[Row]] = {
        "stores": [
            {
                "id": STORE,
                "sandbox_shop": SHOP,
                "policy": {"caps": {"EUR": {"order": 4000, "customer": 4000, "day": 4000}}},
            }
        ],
        "orders": [settled("ord_1", "delivered", customer_id="cus_1")],
        "order_payments": [{"id": "pay_1", "order_id": "ord_1", "external_id": "pay"}],
        "operations": [
            operation("r", "refund", {"amount": 3000, "currency": "EUR"}),
            operation("l", "return_label", {}),
        ],
        "refunds": [settled("rfd_1", "succeeded", **refunded)],
        "refund_allocations": [{"refund_id": "rfd_1", "payment_id": "pay_1", "amount": 3000, "status": "succeeded"}],
        "returns": [settled("ret_1", "label_issued", rma="RMA-1")],
        "return_labels": [settled("lbl_1", "active", return_id="ret_1", external_id="sbx_l")],
        "cancellations": [],
        "changes": [],
        "exchanges": [],
        "exchange_lines": [],
        "credits": [],
        "spend_counters": [
            {"store_id": STORE, "currency": "EUR", "scope": scope, "scope_id": scope_id, "spent": 3000}
            for scope, scope_id in (("order", "ord_1"), ("customer", "cus_1"), ("day", "2026-11-21"))
        ],
        "events": [],
        "audit_log": [
            {"action": action, "subject_id": subject}
            for action, subject in (
                ("refund.requested", "rfd_1"),
                ("label.requested", "lbl_1"),
                ("operation.succeeded", "opr_r"),
                ("operation.succeeded", "opr_l"),
            )
        ],
    }
    for table in checker.EVENTFUL:
        for row in tables[table]:
            first = {"operations": "pending", "refunds": "pending", "return_labels": "pending"}
            tables["events"] += [
                event(row["id"], 1, first.get(table, "requested")),
                event(row["id"], 2, row["status"]),
            ]
    asks = [
        Ask(
            "refund",
            SHOP,
            "first",
            answers=[(202, None, "rfd_1"), (201, None, "rfd_1")],
            shown=["pending", "succeeded"],
        ),
        Ask(
            "refund",
            SHOP,
            "second",
            frozenset({"refund_exceeds_captured"}),
            "I3",
            [(409, "refund_exceeds_captured", None)],
        ),
    ]
    shops = {SHOP: Shop({"orders": [order], "labels": [label]}, ledger)}
    return History("sqlite", asks, [Ordered(SHOP, "refund", "reset")], shops, tables)


def found(history: History) -> set[str]:
    return {violation.invariant for violation in checker.check(history)}


def test_a_history_in_which_all_is_well_has_no_violation(history: History) -> None:
    assert checker.check(history) == []


def _row(history: History, table: str) -> Row:
    return history.tables[table][0]


def _provider(history: History) -> Row:
    return history.shops[SHOP].export["orders"][0]["refunds"][0]


def over_refunded(history: History) -> None:
    history.shops[SHOP].export["orders"][0]["payments"][0]["amount"] = 2999


def reserved_too_much(history: History) -> None:
    history.tables["refund_allocations"].append({**_row(history, "refund_allocations"), "amount": 2001})


def outside_and_ours_too_much(history: History) -> None:
    outside = {**_provider(history), "id": "sbx_2", "origin": "outside", "key": None, "amount": 2500}
    history.shops[SHOP].export["orders"][0]["refunds"].append(outside)


def another_amount(history: History) -> None:
    history.shops[SHOP].ledger[0]["amount"] = 300


def paid_twice_under_one_key(history: History) -> None:
    history.shops[SHOP].ledger.append(effect(3, "refund", "opr_r", "sbx_2", 3000))


def paid_under_a_key_of_nobody(history: History) -> None:
    history.shops[SHOP].ledger[0]["reference"] = "opr_r-2"


def one_key_two_refunds(history: History) -> None:
    history.asks[0].answers.append((201, None, "rfd_2"))


def two_keys_one_refund(history: History) -> None:
    history.asks.append(Ask("refund", SHOP, "third", answers=[(201, None, "rfd_1")], shown=["succeeded"]))


def a_refund_that_nobody_was_told_of(history: History) -> None:
    history.asks[0].answers = [(409, "refund_exceeds_captured", None)]


def told_as_paid_and_never_sent(history: History) -> None:
    history.shops[SHOP].ledger[0]["effect"] = False


def told_as_failed_and_paid(history: History) -> None:
    _row(history, "operations")["status"] = "failed"


def shown_as_failed_and_then_paid(history: History) -> None:
    history.asks[0].shown = ["pending", "failed", "succeeded"]


def failed_in_the_events_and_then_paid(history: History) -> None:
    history.tables["events"] = [e for e in history.tables["events"] if e["resource_id"] != "rfd_1"]
    history.tables["events"] += [event("rfd_1", 1, "failed"), event("rfd_1", 2, "succeeded")]


def let_in_while_unknown(history: History) -> None:
    history.asks[1].answers = [(202, None, "rfd_2")]


def failed_late_and_not_told(history: History) -> None:
    _provider(history)["status"] = "failed"


def went_back_from_success(history: History) -> None:
    history.asks[0].shown = ["succeeded", "pending", "succeeded"]


def released_twice(history: History) -> None:
    for counter in history.tables["spend_counters"]:
        counter["spent"] = 0


def told_twice_as_failed(history: History) -> None:
    history.tables["events"] += [event("rfd_1", n, "failed", "refund.failed") for n in (3, 4)]


def two_labels_at_the_carrier(history: History) -> None:
    labels = history.shops[SHOP].export["labels"]
    labels.append({**labels[0], "id": "sbx_m"})


def bought_twice_under_one_reference(history: History) -> None:
    history.shops[SHOP].ledger.append(effect(3, "label", "opr_l", "sbx_m", 490))


def a_label_that_the_carrier_voided(history: History) -> None:
    history.shops[SHOP].export["labels"][0]["voided_at"] = "2026-11-21T10:00:00Z"


def an_event_is_missing(history: History) -> None:
    history.tables["events"] = [
        e for e in history.tables["events"] if (e["resource_id"], e["sequence"]) != ("opr_l", 1)
    ]


def the_last_event_tells_otherwise(history: History) -> None:
    next(e for e in history.tables["events"] if e["sequence"] == 2 and e["resource_id"] == "lbl_1")["object"] = {
        "status": "pending"
    }


def an_effect_in_another_store(history: History) -> None:
    history.tables["stores"].append({**_row(history, "stores"), "id": "sto_2", "sandbox_shop": "shop-2"})
    history.shops["shop-2"] = Shop({"orders": [], "labels": []}, [effect(1, "refund", "opr_r", "sbx_9", 3000)])
    _row(history, "operations")["store_id"] = STORE


def above_the_cap(history: History) -> None:
    _row(history, "stores")["policy"]["caps"]["EUR"]["day"] = 2999


def no_audit_row(history: History) -> None:
    history.tables["audit_log"].pop(0)


def pending_for_good(history: History) -> None:
    _row(history, "refunds")["status"] = "pending"


def never_answered(history: History) -> None:
    history.asks.append(Ask("label", SHOP, "lost"))


def a_fault_that_nobody_saw(history: History) -> None:
    history.ordered.append(Ordered(SHOP, "label", "slow"))


def bait_that_was_taken(history: History) -> None:
    history.ordered.append(Ordered(SHOP, "refund", "reset", bait=True))


SPOILED: list[tuple[Callable[[History], None], str]] = [
    (over_refunded, "I1"),
    (reserved_too_much, "I1"),
    (outside_and_ours_too_much, "I1"),
    (another_amount, "I1"),
    (paid_twice_under_one_key, "I2"),
    (paid_under_a_key_of_nobody, "I2"),
    (one_key_two_refunds, "I2"),
    (two_keys_one_refund, "I2"),
    (a_refund_that_nobody_was_told_of, "I2"),
    (told_as_paid_and_never_sent, "I2"),
    (told_as_failed_and_paid, "I3"),
    (shown_as_failed_and_then_paid, "I3"),
    (failed_in_the_events_and_then_paid, "I3"),
    (let_in_while_unknown, "I3"),
    (failed_late_and_not_told, "I4"),
    (went_back_from_success, "I4"),
    (released_twice, "I4"),
    (told_twice_as_failed, "I4"),
    (two_labels_at_the_carrier, "I5"),
    (bought_twice_under_one_reference, "I5"),
    (a_label_that_the_carrier_voided, "I5"),
    (an_event_is_missing, "I7"),
    (the_last_event_tells_otherwise, "I7"),
    (an_effect_in_another_store, "I8"),
    (above_the_cap, "I10"),
    (no_audit_row, "I11"),
    (pending_for_good, "stuck"),
    (never_answered, "stuck"),
    (a_fault_that_nobody_saw, "fault"),
    (bait_that_was_taken, "I2"),
]


@pytest.mark.parametrize(("spoil", "invariant"), SPOILED, ids=lambda part: getattr(part, "__name__", part))
def test_each_violation_is_found(history: History, spoil: Callable[[History], None], invariant: str) -> None:
    spoil(history)
    assert invariant in found(history)


def test_what_a_person_called_failed_may_have_been_paid_and_counts_at_the_provider(history: History) -> None:
    told_as_failed_and_paid(history)
    assert "I3" in found(history)
    _row(history, "operations")["evidence"] = {"resolved_by": "ana"}
    assert not {"I1", "I3"} & found(history)
    over_refunded(history)
    assert "I1" in found(history)


def test_what_was_seen_on_the_way_counts_too(history: History) -> None:
    history.found.append(checker.Violation("stuck", "somewhere", "was answered 500"))
    assert found(history) == {"stuck"}


def test_a_payment_that_was_only_authorized_was_not_captured(history: History) -> None:
    history.shops[SHOP].export["orders"][0]["payments"][0]["state"] = "authorized"
    assert "I1" in found(history)


def test_a_refund_that_failed_at_the_provider_counts_for_nothing(history: History) -> None:
    twice = copy.deepcopy(_provider(history))
    history.shops[SHOP].export["orders"][0]["refunds"].append({**twice, "id": "sbx_0", "status": "failed"})
    assert checker.check(history) == []


# ---- what is planned -------------------------------------------------------------------------------------------------


def test_the_short_form_has_each_fault_on_each_effect() -> None:
    struck = {(case.effect, fault[1]) for case in matrix.cases(random.Random(1), short=True) for fault in case.faults}
    faults = {fault for fault, _ in matrix.PLAIN} | {"malformed"}
    wanted = {(effect, fault) for effect in ("refund", "label", "void", "cancel") for fault in faults}
    wanted |= {("refund", "forget_keys"), ("cancel", "forget_keys")}
    assert wanted <= struck


def test_the_ceiling_is_off_in_half_of_the_cases() -> None:
    cases = matrix.cases(random.Random(1), short=False)
    assert abs(sum(case.ceiling for case in cases) * 2 - len(cases)) <= 1


def test_kills_are_planned_by_the_seed_and_mostly_in_the_sagas() -> None:
    reached = {
        ("worker", (name, line, phase)): {"refund": 5}
        for name in ("app/services/refunds.py", "app/services/tries.py", "app/database.py")
        for line in range(1, 40)
        for phase in ("before", "after")
    }
    first, again = (kills.plan(reached, random.Random(7), 100) for _ in range(2))
    assert first == again
    assert len(first) == 100
    assert sum(point.saga for point in first) == 65
    assert first != kills.plan(reached, random.Random(8), 100)


def test_every_await_of_a_saga_is_a_place_to_be_killed_before_and_after() -> None:
    lines = points.candidates()["app/services/tries.py"]
    for line, text in enumerate((points.ROOT / "app/services/tries.py").read_text().splitlines(), 1):
        if "await " in text and "async with" not in text and '"""' not in text:
            assert lines[line] >= {"before", "after"}, text


def test_each_planted_bug_says_how_it_is_to_be_caught() -> None:
    bugs = planted.bugs()
    assert len(bugs) >= 3
    assert {bug.stage for bug in bugs} <= {"matrix", "races", "deliveries", "kills"}
    assert all(bug.invariants for bug in bugs)


def test_each_planted_bug_applies_to_the_code_of_today() -> None:
    for bug in planted.bugs():
        asked = subprocess.run(
            ["git", "apply", "--check", str(bug.path)], cwd=points.ROOT, capture_output=True, text=True, check=False
        )
        assert asked.returncode == 0, asked.stderr
