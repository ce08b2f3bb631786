"""Stripe: refunds by key, a payment's ledger, refunds that fail late, webhooks.

Written against the API reference of version 2025-09-30 (November 2026). What Stripe does not promise:

- **A key is forgotten** after 24 hours or more, and until then even a 500 is replayed under it. So the key also stands
  in the refund's metadata (`aftersale_key`), where the list of the payment's refunds is searched before a second try.
- **A success may fail later**: the bank sends the money back (`refund.failed`, before 2024 `charge.refund.updated`).
  `canceled` is what becomes of `requires_action` when nobody acts: the money has not moved.
- **A refund names no currency**: it is made in the payment's. The payment is read first, and another currency refused.
- **`reason` has effects**: `fraudulent` blocks the card's owner. Ours goes into the metadata instead.
- Who connects another account's key to the same connection makes look-ups search where nothing is: a payment that the
  account does not have is told as not there.

It takes no payments and pays out to nobody but the payer: `charge` and `pay_out` are `unsupported`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NoReturn
from urllib.parse import urlencode

from pydantic import AfterValidator, Field, SecretStr

from app.integrations.connecting import Account, Family, Finding, Given, Inbound, Kind
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.http import Http, segment
from app.integrations.payments import stripe_events, stripe_wire
from app.integrations.payments.contract import (
    ChargeCommand,
    LedgerRefund,
    PaymentLedger,
    PayoutCommand,
    RefundCommand,
)
from app.integrations.payments.stripe_wire import Charge, Intent, Refund, Refunds
from app.integrations.receipts import Receipt, surest

VERSION = "2025-09-30.clover"
PAGE = 100
PAGES = 20
"""Of one payment's refunds, after which its ledger counts as unreadable."""
CAPABILITIES = ("refunds", "late_failures", "ledger")


class Config(Given):
    """Where it is, and which connected account."""

    account: str | None = Field(None, pattern=r"^acct_[A-Za-z0-9]{1,64}$")
    """Of a platform (Connect): the account that the payments belong to. Its events must name it, too."""
    api_base: str = Field(
        "https://api.stripe.com", pattern=r"^(https://api\.stripe\.com|http://127\.0\.0\.1:[0-9]{1,5})$"
    )
    """The loopback is for tests; without `AFTERSALE_LOOPBACK_ADDRESSES` it is not called."""


def _key(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")) or not text.isascii() or " " in text:
        raise ValueError("a secret or restricted key: sk_… or rk_…")
    return value


class Credentials(Given):
    """A secret key, or better a restricted one: charges and refunds write, payment intents read."""

    secret_key: Annotated[SecretStr, Field(max_length=255), AfterValidator(_key)]
    webhook_secret: Annotated[SecretStr, Field(min_length=16, max_length=255)] | None = None
    """Of the endpoint, `whsec_…`; without it calls to us are 404."""


class Stripe:
    """The payments of one Stripe account."""

    name = "stripe"

    def __init__(self, http: Http, timeout: float = 10.0, *, mode_fits: bool = True) -> None:
        self._http, self._timeout, self._mode_fits = http, timeout, mode_fits

    async def payment(self, payment_id: str) -> PaymentLedger | None:
        """What Stripe holds of this payment, every refund included; None where it has none."""
        found = await self._payment(payment_id)
        if found is None:
            return None
        currency = found.currency.upper()
        refunds = await self._refunds(payment_id)
        if any(refund.currency.upper() != currency for refund in refunds):  # their sums would be none
            raise OutcomeUnknown("the payment came back in another currency than its refunds")
        try:
            state, captured = found.ledger()
            return PaymentLedger(
                payment_id=payment_id,
                state=state,
                currency=currency,
                captured=stripe_wire.from_stripe(captured, currency),
                refunds=tuple(_ledger_refund(refund) for refund in refunds),
            )
        except (KeyError, ValueError) as error:
            raise OutcomeUnknown("the payment that came back cannot be read") from error

    async def refund(self, command: RefundCommand) -> Receipt:
        """Same key, same refund. A receipt of another amount, currency or payment than asked is `unknown`."""
        payment = await self._payment(command.payment_id)
        if payment is None:
            raise Refused("payment_not_found", "Stripe has no such payment.")
        if payment.currency.upper() != command.currency:
            raise Refused("currency_mismatch", f"The payment was made in {payment.currency.upper()}.")
        form = {
            _parameter(command.payment_id): command.payment_id,
            "amount": str(stripe_wire.to_stripe(command.amount, command.currency)),
            f"metadata[{stripe_wire.KEY}]": command.key,
        }
        if command.reason:
            form["metadata[aftersale_reason]"] = command.reason
        try:
            answer = await self._call("POST", "/v1/refunds", form=form, key=command.key)
        except Refused:
            # A key that was forgotten: the copy of a refund that was made is refused, and the ledger decides.
            made = await self.find_refund(command)
            if made is None:
                raise
            return made
        return _receipt(stripe_wire.parsed(Refund, answer), command)

    async def find_refund(self, command: RefundCommand) -> Receipt | None:
        """What the payment's own list of refunds says of this key; None where it has nothing."""
        if not stripe_wire.PAYMENT_ID.fullmatch(command.payment_id):
            return None
        found = await self._refunds(command.payment_id)
        return surest([_receipt(refund, command) for refund in found if refund.key == command.key])

    async def charge(self, command: ChargeCommand) -> Receipt:
        """Refused("unsupported"): a shop's checkout takes payments, and nothing here does."""
        del command
        _unsupported("A payment cannot be taken by this connection.")

    async def find_charge(self, command: ChargeCommand) -> Receipt | None:
        """None: nothing is ever sent."""
        del command
        return None

    async def pay_out(self, command: PayoutCommand) -> Receipt:
        """Refused("unsupported"): Stripe gives back to the payment alone."""
        del command
        _unsupported("Money goes back to the payment that it came from, and to no other method.")

    async def find_payout(self, command: PayoutCommand) -> Receipt | None:
        """None: nothing is ever sent."""
        del command
        return None

    async def allowed(self, method: str, path: str, form: Mapping[str, str] | None = None) -> None:
        """Ask something that changes nothing; raises as any call does."""
        await self._call(method, path, form=form)

    async def _payment(self, payment_id: str) -> Charge | Intent | None:
        if not stripe_wire.PAYMENT_ID.fullmatch(payment_id):
            return None
        intent = _parameter(payment_id) == "payment_intent"
        path = "payment_intents" if intent else "charges"
        try:
            answer = await self._call("GET", f"/v1/{path}/{segment(payment_id)}")
        except Refused as refusal:
            if refusal.code == "payment_not_found":
                return None
            raise
        found = stripe_wire.parsed(Intent if intent else Charge, answer)
        if found.id != payment_id:
            raise OutcomeUnknown("another payment came back than was asked for")
        return found

    async def _refunds(self, payment_id: str) -> list[Refund]:
        """Every refund of the payment, newest first; none where there is no such payment."""
        found: list[Refund] = []
        for _ in range(PAGES):
            query = {_parameter(payment_id): payment_id, "limit": str(PAGE)}
            if found:
                query["starting_after"] = found[-1].id
            try:
                answer = await self._call("GET", f"/v1/refunds?{urlencode(query)}")
            except Refused as refusal:
                if refusal.code == "payment_not_found" and not found:
                    return []
                raise
            page = stripe_wire.parsed(Refunds, answer)
            found += page.data
            if not page.has_more:
                return found
            if not page.data:
                break
        raise OutcomeUnknown("the payment has more refunds than can be read")

    async def _call(
        self, method: str, path: str, *, form: Mapping[str, str] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        if not self._mode_fits:  # a live connection with a test key would tell of money that never moved
            raise Refused("provider_unauthorized", "The key is of Stripe's other mode.")
        headers = {"Idempotency-Key": key} if key else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        content = None if form is None else urlencode(form).encode()
        return await self._http.ask(
            method, path, stripe_wire.read, content=content, headers=headers, timeout=self._timeout
        )


def _unsupported(detail: str) -> NoReturn:
    raise Refused("unsupported", detail)


def _parameter(payment_id: str) -> str:
    return "payment_intent" if payment_id.startswith("pi_") else "charge"


def _receipt(refund: Refund, command: RefundCommand) -> Receipt:
    currency = refund.currency.upper()
    try:
        amount = stripe_wire.from_stripe(refund.amount, currency)
    except ValueError:
        amount = -1
    same = (
        (amount, currency, refund.key) == (command.amount, command.currency, command.key)
        and command.payment_id in {refund.charge, refund.payment_intent}
    )  # fmt: skip
    return Receipt(
        status=refund.said if same else "unknown",
        external_id=refund.id,
        amount=amount,
        currency=currency,
        failure_code=refund.failure_code,
        evidence={
            "id": refund.id,
            "status": refund.status,
            "payment_intent": refund.payment_intent,
            "charge": refund.charge,
            "created": refund.created,
            "as_asked": same,
        },
    )


def _ledger_refund(refund: Refund) -> LedgerRefund:
    return LedgerRefund(
        external_id=refund.id,
        key=refund.key,
        amount=stripe_wire.from_stripe(refund.amount, refund.currency.upper()),
        status=refund.said,
        created_at=stripe_wire.moment(refund.created),
        failure_code=refund.failure_code,
    )


def adapter(account: Account[Config, Credentials]) -> Stripe:
    """The account's adapter, with a client of its own."""
    key = account.credentials.secret_key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}", "Stripe-Version": VERSION}
    if account.config.account is not None:
        headers["Stripe-Account"] = account.config.account
    http = account.http(account.config.api_base, headers=headers)
    return Stripe(http, account.seconds, mode_fits=_mode_fits(account))


def _mode_fits(account: Account[Config, Credentials]) -> bool:
    return ("_live_" in account.credentials.secret_key.get_secret_value()[:8]) == account.livemode


def connect(account: Account[Config, Credentials]) -> Mapping[Family, Any]:
    """The payments."""
    return {"payments": adapter(account)}


PERMISSIONS = (
    ("charges", "GET", "/v1/charges?limit=1", "rak_charge_read"),
    ("payment intents", "GET", "/v1/payment_intents?limit=1", "rak_payment_intent_read"),
    ("ledger", "GET", "/v1/refunds?limit=1", "rak_charge_read"),
    ("refunds", "POST", "/v1/refunds", "rak_charge_write"),
)
"""What is asked and the permission of a restricted key that it wants, where Stripe does not name it itself."""
NOWHERE = {"charge": "ch_000000000000000000000000", "amount": "1"}
"""A refund of a payment that does not exist: refused by whoever may refund, forbidden to whoever may not."""


async def check(account: Account[Config, Credentials]) -> Sequence[Finding]:
    """The key's mode, and each permission that it has or lacks; a key that Stripe does not know is Refused."""
    stripe = adapter(account)
    if not _mode_fits(account):
        wanted = "live" if account.livemode else "test"
        return [
            Finding("credentials", ok=False, detail=f"The key is of Stripe's other mode: a {wanted} key is wanted.")
        ]
    found: list[Finding] = []
    for name, method, path, permission in PERMISSIONS:
        try:
            await stripe.allowed(method, path, NOWHERE if method == "POST" else None)
        except Refused as refusal:
            if refusal.evidence.get("status") == 403:
                missing = refusal.evidence.get("permission") or permission
                found.append(Finding(name, ok=False, detail="The key may not do this.", missing=missing))
                continue
            if refusal.code == "provider_unauthorized" or method != "POST":
                raise
        found.append(Finding(name, ok=True, detail="The key may do this."))
    return found


KIND = Kind(
    name="stripe",
    description="Stripe: refunds to the payment, its ledger, and refunds that fail later.",
    config=Config,
    credentials=Credentials,
    check=check,
    families=("payments",),
    connect=connect,
    capabilities=lambda _: CAPABILITIES,
    inbound=Inbound(
        configured=lambda account: account.credentials.webhook_secret is not None,
        verify=lambda account, received: stripe_events.verify(
            received,
            secret="" if (secret := account.credentials.webhook_secret) is None else secret.get_secret_value(),
            account=account.config.account,
            livemode=account.livemode,
        ),
        resource=stripe_events.resource,
        read=lambda _, body: stripe_events.read(body),
    ),
)
