"""Clients of ours: they call the routes' own functions, and ask again under their key until they have an answer."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from app.errors import AppError
from app.routers import operations as operation_routes
from app.routers.answers import Json
from app.routers.operations import ResolveIn
from app.routers.writes import act, perform
from app.services.actions import issue_label, refund_order
from app.services.actions.issue_label import LabelParams
from app.services.actions.refund_order import RefundParams
from app.services.callers import Caller
from app.services.idempotency import Keyed
from app.services.runtime import Runtime
from tests.faults.history import Ask
from tests.faults.simulation.machines import Machines
from tests.faults.simulation.storage import REQUEST
from tests.faults.world import AGAIN

Route = Callable[[Request, Runtime], Coroutine[Any, Any, Json]]
REFUND, LABEL = RefundParams, LabelParams


@dataclass
class Clients:
    """Everybody outside who asks."""

    machines: Machines
    rng: random.Random
    asks: list[Ask] = field(default_factory=list[Ask])
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def refund(self, caller: Caller, order_id: str, amount: int) -> Ask:
        """Ask for a refund of an amount, as a store or as its shopper."""
        body = {"order": order_id, "amount": {"amount": amount, "currency": "EUR"}, "reason": "damaged"}
        ask = self._ask("refund", caller)
        params = REFUND.model_validate(body)

        async def route(request: Request, runtime: Runtime) -> Json:
            return await act(request, runtime, caller, refund_order.ACTION, params, key=ask.key, wait=self._wait())

        return await self._until_answered(ask, "POST", "/v1/refunds", body, route)

    async def label(self, caller: Caller, order_id: str, line: str) -> Ask:
        """Ask for a return label for a line of an order."""
        body = {"order": order_id, "lines": [{"line_id": line, "quantity": 1}]}
        ask = self._ask("label", caller)
        params = LABEL.model_validate(body)

        async def route(request: Request, runtime: Runtime) -> Json:
            return await act(request, runtime, caller, issue_label.ACTION, params, key=ask.key, wait=self._wait())

        return await self._until_answered(ask, "POST", "/v1/return-labels", body, route)

    async def void(self, caller: Caller, label_id: str) -> Ask:
        """Ask for a label to be voided."""
        ask = self._ask("void", caller)

        async def route(request: Request, runtime: Runtime) -> Json:
            async def run(keyed: Keyed | None) -> str:
                return await issue_label.void(runtime, caller, label_id, keyed)

            return await perform(
                request, runtime, caller, "label_void", run, key=ask.key, wait=self._wait(), status=200
            )

        return await self._until_answered(ask, "DELETE", f"/v1/return-labels/{label_id}", None, route)

    async def resolve(self, caller: Caller, operation_id: str, outcome: str, external_id: str | None) -> Ask:
        """A named person ends an operation, or has it tried again."""
        body = {"outcome": outcome, "note": "seen in the dashboard", "external_id": external_id}
        ask = self._ask("resolve", caller)
        params = ResolveIn.model_validate(body)

        async def route(request: Request, runtime: Runtime) -> Json:
            return await operation_routes.resolve(operation_id, request, params, runtime, caller, ask.key)

        return await self._until_answered(ask, "POST", f"/v1/operations/{operation_id}/resolve", body, route)

    async def call(self, work: Callable[[Runtime], Coroutine[Any, Any, Any]]) -> Any:
        """Have a server that is up do `work`; ConnectionError where it is killed before its answer has arrived."""
        serving = self.machines.serving()
        if not serving:
            raise ConnectionError("nobody answers")
        machine = self.rng.choice(serving)
        token = REQUEST.set({})
        try:
            task = self.machines.scheduler.spawn(machine.process, work(machine.runtime))
        finally:
            REQUEST.reset(token)
        await asyncio.wait([task])
        if task.cancelled() or machine.process.dead:
            raise ConnectionError("reset")
        if not self.machines.scheduler.calm and self.rng.random() < 0.03:
            task.exception()
            raise ConnectionError("the answer was lost")
        return task.result()

    def _ask(self, kind: str, caller: Caller) -> Ask:
        shop = caller.store.sandbox_shop
        ask = Ask(kind, shop, f"{kind}-{next(self._numbers)}")
        self.asks.append(ask)
        return ask

    def _wait(self) -> float:
        return self.rng.choice((0.0, 0.0, 0.0, 0.0, 0.0, 1.0))

    async def _until_answered(self, ask: Ask, method: str, path: str, body: Any, route: Route) -> Ask:
        raw = b"" if body is None else json.dumps(body).encode()
        while True:
            try:
                answer: Json = await self.call(lambda runtime: route(_request(method, path, raw), runtime))
            except ConnectionError:
                ask.lost += 1
            except AppError as refused:
                if refused.name not in AGAIN:
                    ask.answers.append((refused.status, refused.name, None))
                    return ask
            else:
                view = json.loads(bytes(answer.body))
                ask.answers.append((answer.status_code, None, view.get("id")))
                if "status" in view:
                    ask.show(view["status"])
                return ask
            await asyncio.sleep(self.rng.uniform(0.2, 2.0))


def _request(method: str, path: str, body: bytes) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": [(b"host", b"virtual")], "scheme": "http", "server": ("virtual", 80), "root_path": ""}
    return Request(scope, receive)
