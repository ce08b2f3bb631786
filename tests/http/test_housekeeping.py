"""Chores beside the requests: one that fails is told and keeps none of the others."""

from __future__ import annotations

from sqlalchemy import func, select

from app.models.stores import Store
from app.services import jobs
from tests.support.app import App


def test_a_chore_that_fails_leaves_the_next_one_its_turn(app: App) -> None:
    done: list[int | None] = []

    def broken(session):
        session.add(Store(id="sto_half", name="never"))
        session.flush()
        raise RuntimeError("one bad row")

    for chore in (broken, lambda session: done.append(session.scalar(select(func.count()).select_from(Store)))):
        app.wait(jobs.tidy(app.runtime, chore))
    assert done == [0], "the second had its turn, and of the first nothing stayed"
