"""Webhooks on their way: every endpoint that has something to be sent is worked for by one process at a time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import structlog

from app import __version__, clock
from app.errors import StorageUnavailable
from app.integrations import signatures
from app.integrations.errors import ProviderError, Refused
from app.integrations.http import Answer, Http
from app.services import webhook_queue
from app.services.keyrings import Unreadable
from app.services.redaction import redact
from app.services.runtime import Runtime
from app.services.webhook_queue import Sending, Tried, Turn

log = structlog.get_logger()

SECONDS = 15.0
"""Of one request."""
AT_ONCE = 40
"""Requests to one endpoint."""
ALL_AT_ONCE = 100
"""Requests of this process."""
GATHER = 0.02
"""How long answers are gathered that are written together, seconds."""
SHOWN = 2_000
"""Characters of an answer that are kept."""
MOST_READ = 64 << 10


@dataclass
class _Work:
    """What runs for one endpoint: a task per resource, each sending that resource's deliveries one after another."""

    runs: dict[str, asyncio.Task[list[Tried]]] = field(default_factory=dict[str, "asyncio.Task[list[Tried]]"])

    async def some(self) -> list[Tried]:
        """What has been tried since, once something has: a little later what was tried meanwhile goes with it."""
        await asyncio.wait(self.runs.values(), timeout=GATHER)
        if not any(run.done() for run in self.runs.values()):
            await asyncio.wait(self.runs.values(), return_when=asyncio.FIRST_COMPLETED)
        ended = [name for name, run in self.runs.items() if run.done()]
        return [tried for name in ended for tried in self.runs.pop(name).result()]

    async def stop(self) -> None:
        """Leave what runs: it is sent again."""
        for run in self.runs.values():
            run.cancel()
        await asyncio.gather(*self.runs.values(), return_exceptions=True)


class Sender:
    """The sending of one process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._http = Http(
            "",
            headers={"User-Agent": f"Aftersale/{__version__} (webhooks)"},
            max_connections=ALL_AT_ONCE,
            addresses=runtime.addresses,
        )
        self._slots = asyncio.Semaphore(ALL_AT_ONCE)
        self._working: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Look for endpoints that have something to be sent, until canceled."""
        every = self._runtime.settings.webhook_poll_seconds
        try:
            while every:
                try:
                    for endpoint_id in await self._runtime.db.read(webhook_queue.due):
                        self._begin(endpoint_id)
                except StorageUnavailable:
                    log.warning("webhooks_wait_for_the_database")
                except Exception:
                    log.exception("webhooks_failed")
                await asyncio.sleep(every)
        finally:
            await self._stop()

    def _begin(self, endpoint_id: str) -> None:
        if endpoint_id not in self._working:
            task = asyncio.create_task(self._safely(endpoint_id), name=f"webhooks {endpoint_id}")
            self._working[endpoint_id] = task
            task.add_done_callback(lambda _: self._working.pop(endpoint_id, None))

    async def _safely(self, endpoint_id: str) -> None:
        """Work for an endpoint; what goes wrong there ends nobody else's. Its lease runs out by itself."""
        try:
            await self.work(endpoint_id)
        except StorageUnavailable:
            log.warning("webhooks_wait_for_the_database")
        except Unreadable:
            log.warning("webhook_secret_unreadable", endpoint=endpoint_id)
            await asyncio.sleep(SECONDS)
        except Exception:
            log.exception("webhooks_failed", endpoint=endpoint_id)
            await asyncio.sleep(SECONDS)

    async def work(self, endpoint_id: str) -> None:
        """Send what is due to one endpoint until nothing is, then let go of it."""
        runtime, work, tried = self._runtime, _Work(), list[Tried]()
        delays = runtime.settings.webhook_retry_seconds
        try:
            while True:
                turn = await runtime.db.write(
                    webhook_queue.turn, endpoint_id, runtime.executor, tried, tuple(work.runs), delays
                )
                if not turn.ours:
                    return
                self._set_off(work, turn)
                if not work.runs and not turn.more:
                    break
                tried = await work.some() if work.runs else []
            await runtime.db.write(webhook_queue.release, endpoint_id, runtime.executor)
        finally:
            await work.stop()

    def _set_off(self, work: _Work, turn: Turn) -> None:
        by_resource: dict[str, list[Sending]] = {}
        for sending in turn.sendings:
            by_resource.setdefault(sending.resource_id, []).append(sending)
        for name, sendings in by_resource.items():
            if len(work.runs) >= AT_ONCE:
                break  # the rest is taken in the next turn
            work.runs[name] = asyncio.create_task(self._in_order(turn, sendings))

    async def _in_order(self, turn: Turn, sendings: Sequence[Sending]) -> list[Tried]:
        """Send one resource's, each only after the one before it was taken."""
        done: list[Tried] = []
        for sending in sendings:
            async with self._slots:
                done.append(await self._send(turn, sending))
            if not done[-1].taken:
                break
        return done

    async def _send(self, turn: Turn, sending: Sending) -> Tried:
        at, began = clock.now(), time.monotonic()
        stamp = int(at.timestamp())
        made = [
            signatures.sign(signatures.secret_bytes(secret), sending.event_id, stamp, sending.body)
            for secret in turn.secrets
        ]
        headers = {
            "Content-Type": "application/json",
            "webhook-id": sending.event_id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": " ".join(made),
        }
        answer: Answer | None = None
        status: int | None = None
        error: str | None = None
        try:
            answer = await self._http.exchange(
                "POST", turn.url, content=sending.body, headers=headers, timeout=SECONDS, max_bytes=MOST_READ
            )
        except Refused as refused:
            error = refused.code
        except (
            ProviderError
        ) as lost:  # an answer that is too long, or ends in the middle, has said yes or no all the same
            status, error = lost.evidence.get("status"), str(lost.evidence.get("error") or "unreadable")
        return Tried(
            sending,
            at,
            round((time.monotonic() - began) * 1000),
            turn.url,
            status if answer is None else answer.status,
            error,
            None if answer is None else _shown(answer.content),
            None if answer is None else retry_after(answer.headers.get("retry-after")),
        )

    async def _stop(self) -> None:
        for task in list(self._working.values()):
            task.cancel()
        await asyncio.gather(*self._working.values(), return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._http.aclose()


def _shown(content: bytes) -> str:
    """The beginning of an answer as text, redacted; U+0000 is none of PostgreSQL's characters."""
    return redact(content[: 4 * SHOWN].decode("utf-8", "replace").replace("\x00", "�")[:SHOWN]).text


def retry_after(text: str | None) -> float | None:
    """Seconds of a `Retry-After`, written as seconds or as a date; None where it says neither."""
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - clock.now()).total_seconds())
    except (ValueError, TypeError):
        return None


async def run(runtime: Runtime) -> None:
    """Send webhooks in this process until canceled."""
    await Sender(runtime).run()
