"""A process that is told to stop says so before it stops: a balancer must see it before the port is gone."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def told_first(leave: Callable[[], None], seconds: float) -> Generator[None]:
    """While inside, a signal to stop calls `leave` at once and the server's own handler `seconds` later.

    A second signal waits for nothing. The server has its handlers by the time that its app starts, in each of its
    processes alike; where it has none, as on a thread, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    stops: dict[int, Any] = {number: signal.getsignal(number) for number in SIGNALS}
    told = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal told
        first, told = not told, True
        leave()
        if first and seconds:
            loop.call_soon_threadsafe(loop.call_later, seconds, stops[number], number, frame)
        else:
            stops[number](number, frame)

    for number, handler in stops.items():
        if callable(handler):
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in stops.items():
            signal.signal(number, handler)
