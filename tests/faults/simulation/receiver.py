"""Endpoints that are told of events: down for a while, failing, slow, or losing their own yes."""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from app.integrations.errors import OutcomeUnknown
from app.integrations.http import Answer
from tests.faults.simulation.scheduler import Scheduler


@dataclass
class Receiver:
    """All endpoints of one history, by their host."""

    scheduler: Scheduler
    rng: random.Random
    rate: float
    """How many requests fail."""
    poison: float
    """How many events are never taken."""
    taken: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list[dict[str, Any]]))
    """What each has taken, in its order."""
    refused: set[str] = field(default_factory=set[str])
    """Events that are never taken."""
    seen: set[str] = field(default_factory=set[str])

    async def post(self, url: str, content: bytes, headers: dict[str, str]) -> Answer:
        """One request."""
        await self.scheduler.step("send a webhook")
        event = json.loads(content)
        assert headers["webhook-id"] == event["id"]
        host = url.split("/")[2].partition(".")[0]
        if event["id"] not in self.seen:
            self.seen.add(event["id"])
            if self.rng.random() < self.poison:
                self.refused.add(event["id"])
        await asyncio.sleep(self.rng.uniform(0.01, 0.3))
        if event["id"] in self.refused:
            return Answer(422, {}, b"never")
        fails = not self.scheduler.calm and self.rng.random() < self.rate
        how = self.rng.choice(("500", "429", "timeout", "lost")) if fails else ""
        if how == "500":
            return Answer(500, {}, b"broken")
        if how == "429":
            return Answer(429, {"retry-after": "1"}, b"later")
        if how == "timeout":
            raise OutcomeUnknown("no answer", evidence={"error": "timeout"})
        self.taken[host].append(event)
        self.scheduler.note(f"{host} takes {event['id']} {event['type']} {event['sequence']}")
        if how == "lost":
            raise OutcomeUnknown("no answer", evidence={"error": "reset"})
        await self.scheduler.step("hear of the webhook")
        return Answer(200, {}, b"")
