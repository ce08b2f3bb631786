"""Answers that are given at whole steps of time, where how long was looked would tell what was found."""

from __future__ import annotations

import asyncio
import time

STEP = 0.1
"""Seconds. To read an order takes longer than to read that there is none; among the shop's own delays that would show
after some hundred tries."""


async def wait_for_next(began: float) -> None:
    """Return at the next multiple of a step since `began` (`time.monotonic`)."""
    await asyncio.sleep(STEP - (time.monotonic() - began) % STEP)
