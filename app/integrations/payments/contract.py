"""What a payment provider must do for us. Amounts are integer minor units."""

from datetime import datetime
from typing import Literal, Protocol

from app.integrations.receipts import Receipt, ReceiptStatus
from app.integrations.values import Frozen


class RefundCommand(Frozen):
    """Give `amount` of one payment back. `key` is committed in our database before it is sent."""

    key: str
    payment_id: str
    """The provider's id of the payment."""
    amount: int
    currency: str
    reason: str | None = None


class ChargeCommand(Frozen):
    """Take `amount` from a method that the customer has on file, for an order."""

    key: str
    order_id: str
    """The shop's id of the order."""
    payment_method_id: str
    amount: int
    currency: str


class PayoutCommand(Frozen):
    """Give `amount` to a method on file that did not pay (a gift card), or as store credit (method None)."""

    key: str
    order_id: str | None
    """The shop's id of the order; None for goodwill that hangs on none."""
    customer_id: str
    """The shop's id of the customer."""
    payment_method_id: str | None
    amount: int
    currency: str
    reason: str | None = None


class LedgerRefund(Frozen):
    """A refund as the provider's ledger has it, ours or made elsewhere (`key` is None or not one of ours)."""

    external_id: str
    key: str | None = None
    amount: int
    status: ReceiptStatus
    created_at: datetime
    failure_code: str | None = None


class PaymentLedger(Frozen):
    """The provider's truth about one payment."""

    payment_id: str
    state: Literal["pending", "authorized", "captured", "voided"]
    currency: str
    captured: int
    refunds: tuple[LedgerRefund, ...] = ()


class PaymentProvider(Protocol):
    """Moves money back. Every method raises only `Refused` or `OutcomeUnknown`."""

    name: str

    async def payment(self, payment_id: str) -> PaymentLedger | None:
        """What the provider holds of this payment, every refund included; None where it has none."""
        ...

    async def refund(self, command: RefundCommand) -> Receipt:
        """Same key, same refund. A receipt of another amount or currency than asked is `unknown`."""
        ...

    async def find_refund(self, command: RefundCommand) -> Receipt | None:
        """What the provider's own ledger says of this key; None where it has nothing."""
        ...

    async def charge(self, command: ChargeCommand) -> Receipt:
        """Same key, same charge; the receipt's `external_id` is the new payment.

        `Refused("insufficient_funds")` where the method does not have as much, `Refused("payment_method_not_found")`.
        """
        ...

    async def find_charge(self, command: ChargeCommand) -> Receipt | None:
        """What the provider's own ledger says of this key; None where it has nothing."""
        ...

    async def pay_out(self, command: PayoutCommand) -> Receipt:
        """Same key, same payout. `Refused("payment_method_not_found")` where the customer has no such method."""
        ...

    async def find_payout(self, command: PayoutCommand) -> Receipt | None:
        """What the provider's own ledger says of this key; None where it has nothing."""
        ...
