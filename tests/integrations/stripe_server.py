"""A small Stripe of the tests: charges, payment intents, refunds with keys that are kept, lists in pages.

It answers as the recorded session does (`specs/stripe/stripe-stateful-mock-refund-session.json`), and takes only forms
that Stripe's own OpenAPI allows, where the folder `specs` is there.
"""

from __future__ import annotations

import itertools
from typing import Any

from aiohttp import web

from tests.integrations.faulty import Faults, plain

KEY = "sk_test_51Example0000000000"
CREATED = 1795282095


class StripeServer:
    """Its ledger is `refunds`; `limits` False: it does not enforce the ceiling, as a bug of ours must show."""

    def __init__(self) -> None:
        self.url = ""
        self.faults = Faults()
        self.payments: dict[str, dict[str, Any]] = {}
        self.refunds: list[dict[str, Any]] = []
        self.keys: dict[str, tuple[str, int, dict[str, Any]]] = {}
        self.says: dict[str, Any] = {}
        """What the next refund is told to be, whatever was made."""
        self.status = "succeeded"
        self.permissions: set[str] | None = None
        self._ids = itertools.count(1)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self.faults.middleware, self._authorized])
        app.router.add_get("/v1/payment_intents/{id}", self._payment)
        app.router.add_get("/v1/payment_intents", self._nothing)
        app.router.add_get("/v1/charges/{id}", self._payment)
        app.router.add_get("/v1/charges", self._nothing)
        app.router.add_get("/v1/refunds", self._list)
        app.router.add_post("/v1/refunds", self._refund)
        return app

    def intent(self, payment_id: str = "pi_1", amount: int = 5000, currency: str = "eur", **more: Any) -> None:
        self.payments[payment_id] = {
            "id": payment_id, "object": "payment_intent", "amount": amount, "amount_received": amount,
            "currency": currency, "status": "succeeded", "livemode": False, **more,
        }  # fmt: skip

    def charge(self, payment_id: str = "ch_1", amount: int = 5000, currency: str = "eur", **more: Any) -> None:
        self.payments[payment_id] = {
            "id": payment_id, "object": "charge", "amount": amount, "amount_captured": amount, "captured": True,
            "currency": currency, "status": "succeeded", "refunded": False, "livemode": False, **more,
        }  # fmt: skip

    def made(self, payment_id: str, amount: int, **more: Any) -> dict[str, Any]:
        """A refund, also one that was made elsewhere."""
        intent = payment_id.startswith("pi_")
        refund = {
            "id": f"re_{next(self._ids)}", "object": "refund", "amount": amount, "balance_transaction": "txn_1",
            "charge": f"ch_of_{payment_id}" if intent else payment_id, "created": CREATED,
            "currency": self.payments[payment_id]["currency"], "metadata": {},
            "payment_intent": payment_id if intent else None, "reason": None, "receipt_number": None,
            "source_transfer_reversal": None, "status": self.status, "transfer_reversal": None, **more,
        }  # fmt: skip
        self.refunds.insert(0, refund)
        return refund

    def moved(self, payment_id: str) -> int:
        return sum(
            refund["amount"]
            for refund in self.refunds
            if payment_id in {refund["charge"], refund["payment_intent"]}
            and refund["status"] not in {"failed", "canceled"}
        )

    @web.middleware
    async def _authorized(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return no(401, "invalid_request_error", message="Invalid API Key provided: sk_test_*****")
        permission = f"rak_{request.path.split('/')[2].rstrip('s')}_{'read' if request.method == 'GET' else 'write'}"
        if self.permissions is not None and permission not in self.permissions:
            said = "The provided key 'rk_test_***' does not have the required permissions for this endpoint on account "
            said += f"'acct_1'. Having the '{permission}' permission would allow this request to continue."
            return no(403, "invalid_request_error", message=said)
        return await handler(request)

    async def _nothing(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [], "has_more": False, "url": request.path})

    async def _payment(self, request: web.Request) -> web.Response:
        found = self.payments.get(request.match_info["id"])
        kind = "charge" if "charges" in request.path else "payment_intent"
        if found is None or found["object"] != kind:
            return no(404, "invalid_request_error", "resource_missing", f"No such {kind}", "id")
        return web.json_response(found)

    async def _list(self, request: web.Request) -> web.Response:
        wanted = request.query.get("charge") or request.query.get("payment_intent")
        found = [one for one in self.refunds if wanted in {None, one["charge"], one["payment_intent"]}]
        after = request.query.get("starting_after")
        if after:
            found = found[[one["id"] for one in found].index(after) + 1 :]
        limit = int(request.query.get("limit", "10"))
        page = {"object": "list", "data": found[:limit], "has_more": len(found) > limit, "url": "/v1/refunds"}
        return web.json_response(page)

    async def _refund(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/x-www-form-urlencoded"
        form = dict(await request.post())
        key = request.headers.get("Idempotency-Key")
        if key in self.keys:
            sent, status, body = self.keys[key]
            if sent != plain(form):
                return no(400, "idempotency_error", message="Keys can only be used with the same parameters.")
            return web.json_response(body, status=status, headers={"Idempotent-Replayed": "true"})
        answer = self._try(form)
        if key and answer.status < 500:
            assert isinstance(answer.text, str)
            self.keys[key] = (plain(form), answer.status, _loads(answer.text))
        return answer

    def _try(self, form: dict[str, Any]) -> web.Response:
        payment_id = form.get("payment_intent") or form.get("charge") or ""
        payment = self.payments.get(payment_id)
        if payment is None:
            return no(404, "invalid_request_error", "resource_missing", f"No such charge: {payment_id}", "id")
        if not form["amount"].isdigit() or int(form["amount"]) < 1:
            return no(400, "invalid_request_error", "parameter_invalid_integer", "Invalid positive integer", "amount")
        left = payment.get("amount_received", payment["amount"]) - self.moved(payment_id)
        if left <= 0:
            return no(400, "invalid_request_error", "charge_already_refunded", "has already been refunded.")
        if int(form["amount"]) > left:
            said = f"Refund amount ({form['amount']}) is greater than unrefunded amount on charge ({left})"
            return no(400, "invalid_request_error", None, said, "amount")
        metadata = {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}
        refund = self.made(payment_id, int(form["amount"]), metadata=metadata)
        told, self.says = refund | self.says, {}
        return web.json_response(told)


def no(status: int, kind: str, code: str | None = None, message: str = "No.", param: str | None = None) -> web.Response:
    error = {"type": kind, "message": message} | ({"code": code} if code else {}) | ({"param": param} if param else {})
    return web.json_response({"error": error}, status=status, headers={"Request-Id": "req_1"})


def _loads(text: str) -> dict[str, Any]:
    import json

    return json.loads(text)
