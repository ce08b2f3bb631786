"""The simulation of `make faults`: a seed is one history, what is well is found well, and planted bugs are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog

from app import ids
from app.services import inbound, ledgers, operations, tries, webhook_sender
from tests.faults.simulation import histories, scenery
from tests.faults.simulation.histories import Histories
from tests.support.databases import Databases

CLEAN = 24
MOST = 40
"""Histories within which a planted bug has to be found."""
Plant = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module")
def told(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Histories]:
    template = tmp_path_factory.mktemp("simulation") / "template.db"
    databases.migrated_sqlite(template)
    store, sites = scenery.build(template)
    yield Histories(store, sites)
    store.close()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


def test_a_few_dozen_histories_are_clean_and_full_of_faults(told: Histories) -> None:
    made = [told.one(f"clean/{number}") for number in range(CLEAN)]
    assert [str(one) for history in made for one in history.violations] == []
    assert sum(history.faults for history in made) > CLEAN / 2


def test_the_same_seed_is_the_same_history(told: Histories) -> None:
    first = [told.one(f"same/{number}") for number in range(4)]
    again = [told.one(f"same/{number}") for number in reversed(range(4))]
    assert [one.schedule for one in first] == [one.schedule for one in reversed(again)]
    assert len({one.fingerprint for one in first}) == 4


# ---- planted bugs ----------------------------------------------------------------------------------------------------


def reservation_released_on_unknown(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledgers, "RESERVING", ("pending", "succeeded"))


def new_key_per_retry(patch: pytest.MonkeyPatch) -> None:
    before = tries._means

    def means(runtime: Any, claim: Any) -> Any:
        effect, providers, command = before(runtime, claim)
        again = {"key": f"{command.key}-{claim.number}"} if claim.number > 1 else {}
        return effect, providers, command.model_copy(update=again)

    patch.setattr(tries, "_means", means)


def sent_again_without_a_look(patch: pytest.MonkeyPatch) -> None:
    before = tries._ask_or_send

    async def send(effect: Any, providers: Any, command: Any, *, begun_before: bool) -> Any:
        return await before(effect, providers, command, begun_before=False)

    patch.setattr(tries, "_ask_or_send", send)


def late_failure_ignored(patch: pytest.MonkeyPatch) -> None:
    before = operations.settle

    def settle(session: Any, operation: Any, receipt: Any) -> None:
        if (operation.status, receipt.status) != ("succeeded", "failed"):
            before(session, operation, receipt)

    patch.setattr(operations, "settle", settle)


def delivery_processed_twice(patch: pytest.MonkeyPatch) -> None:
    before = inbound._keep

    def keep(session: Any, values: dict[str, Any]) -> Any:
        return before(session, {**values, "key": ids.new("inb"), "content": None})

    patch.setattr(inbound, "_keep", keep)


def outbox_order_ignored(patch: pytest.MonkeyPatch) -> None:
    async def in_any_order(self: Any, turn: Any, sendings: Any) -> Any:
        return [await self._send(turn, sending) for sending in sendings]

    patch.setattr(webhook_sender.Sender, "_in_order", in_any_order)


def label_bought_again(patch: pytest.MonkeyPatch) -> None:
    async def nothing(providers: Any, command: Any) -> None:
        return None

    patch.setitem(operations.EFFECTS, "return_label", replace(operations.EFFECTS["return_label"], find=nothing))


@pytest.mark.parametrize(
    ("plant", "theme", "invariants"),
    [
        (reservation_released_on_unknown, "refund", {"I1"}),
        (new_key_per_retry, "refund", {"I2"}),
        (sent_again_without_a_look, "refund", {"I2"}),
        (late_failure_ignored, "refund", {"I4"}),
        (delivery_processed_twice, "inbox", {"I6"}),
        (outbox_order_ignored, "outbox", {"I7"}),
        (label_bought_again, "label", {"I5"}),
    ],
)
def test_a_planted_bug_is_found(
    told: Histories, monkeypatch: pytest.MonkeyPatch, plant: Plant, theme: str, invariants: set[str]
) -> None:
    monkeypatch.setattr(histories, "THEMES", [one for one in histories.THEMES if theme in one])
    plant(monkeypatch)
    for number in range(MOST):
        found = {one.invariant for one in told.one(f"planted/{number}").violations}
        if found & invariants:
            return
    pytest.fail(f"{MOST} histories found nothing")
