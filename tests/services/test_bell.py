"""Whoever waits for an operation hears of it at once, and only of it."""

from __future__ import annotations

import asyncio
import time

from app.services.bell import Bell


async def test_a_ring_wakes_whoever_waits_for_that_operation_and_nobody_else() -> None:
    bell = Bell()
    hers = [asyncio.create_task(bell.wait(["opr_1", "opr_2"], 5)) for _ in range(2)]
    his = asyncio.create_task(bell.wait(["opr_3"], 5))
    await asyncio.sleep(0)
    bell.ring("opr_2")
    await asyncio.wait_for(asyncio.gather(*hers), 1)
    assert not his.done()
    bell.ring("opr_3")
    await asyncio.wait_for(his, 1)
    assert not bell._waiting, "who has gone away is forgotten"


async def test_a_bell_that_is_not_rung_lets_go_after_the_wait() -> None:
    bell, began = Bell(), time.monotonic()
    await bell.wait(["opr_1"], 0.05)
    assert 0.04 < time.monotonic() - began < 5
    bell.ring("opr_1")
    assert not bell._waiting
