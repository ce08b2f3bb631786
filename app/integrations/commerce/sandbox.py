"""Our sandbox's shop: orders, customers, variants, subscriptions; cancellation and every other change by key."""

from typing import Any

from pydantic import BaseModel

from app.integrations.commerce.contract import (
    SUBSCRIPTIONS,
    CancelOrder,
    ChangedPage,
    ChangedQuery,
    CustomerSnapshot,
    OrderPage,
    OrderQuery,
    OrderSnapshot,
    ShopCommand,
    Variant,
)
from app.integrations.commerce.sandbox_answers import (
    ChangedOrders,
    Customer,
    Customers,
    ListedVariant,
    Order,
    Orders,
    Product,
    customer_snapshot,
    order_snapshot,
    read,
    variants_of,
)
from app.integrations.commerce.sandbox_changes import (
    Change,
    Changes,
    asked_by,
    change_receipt,
    in_our_words,
    path_of,
)
from app.integrations.commerce.sandbox_subscriptions import ShownSubscription, Subscriptions, subscription
from app.integrations.commerce.subscription_contract import Subscription
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.http import Http, segment
from app.integrations.receipts import Receipt, surest

KEY_IS_TAKEN = frozenset({"idempotency_key_reused", "idempotency_key_in_use"})
"""Not a no: under this key something did happen, or is happening."""


class _Cancellation(BaseModel, strict=True):
    order_id: str
    key: str | None = None
    status: str
    canceled_at: str | None = None


class _Cancellations(BaseModel, strict=True):
    data: list[_Cancellation]


class SandboxCommerce:
    """The shop of one sandbox shop."""

    name = "sandbox"
    capabilities: frozenset[str] = frozenset({SUBSCRIPTIONS})

    def __init__(self, http: Http, shop: str, timeout: float = 10.0) -> None:
        self._http, self._shop, self._timeout = http, shop, timeout

    async def get_order(self, external_id: str) -> OrderSnapshot | None:
        """The order with the shop's own id, or None where the shop has none."""
        try:
            answer = await self._get(f"/shop/v1/orders/{segment(external_id)}")
        except Refused as refusal:
            if refusal.code in {"order_not_found", "request_invalid"}:
                return None
            raise
        order = order_snapshot(read(Order, answer))
        if order.external_id != external_id:
            raise OutcomeUnknown("another order came back than was asked for")
        return order

    async def find_orders(self, query: OrderQuery) -> OrderPage:
        """Orders that match, newest first."""
        page = read(Orders, await self._get("/shop/v1/orders", query.model_dump(exclude_none=True)))
        return OrderPage(orders=tuple(order_snapshot(order) for order in page.data), next_cursor=page.next_cursor)

    async def changed_orders(self, query: ChangedQuery) -> ChangedPage:
        """Orders by the time of their last change, longest ago first."""
        asked = query.model_dump(mode="json", exclude_none=True)
        page = read(ChangedOrders, await self._get("/shop/v1/changed-orders", asked))
        orders = tuple(order_snapshot(order) for order in page.data)
        return ChangedPage(orders=orders, next_cursor=page.next_cursor, total=page.total)

    async def get_customer(self, external_id: str) -> CustomerSnapshot | None:
        """The customer with the shop's own id, or None."""
        try:
            answer = await self._get(f"/shop/v1/customers/{segment(external_id)}")
        except Refused as refusal:
            if refusal.code in {"customer_not_found", "request_invalid"}:
                return None
            raise
        customer = customer_snapshot(read(Customer, answer))
        if customer.external_id != external_id:
            raise OutcomeUnknown("another customer came back than was asked for")
        return customer

    async def find_customers(
        self, *, email: str | None = None, phone: str | None = None
    ) -> tuple[CustomerSnapshot, ...]:
        """Customers with exactly this e-mail (case ignored) and phone; none where neither is given."""
        if not email and not phone:
            return ()
        answer = await self._get("/shop/v1/customers", {"email": email, "phone": phone})
        return tuple(customer_snapshot(customer) for customer in read(Customers, answer).data)

    async def cancel_order(self, command: CancelOrder) -> Receipt:
        """Cancel; same key, same effect. `Refused("order_not_pending")` once it has shipped or is canceled."""
        try:
            answer = await self._http.call(
                "POST",
                f"/shop/v1/orders/{segment(command.order_id)}/cancel",
                json={"reason": command.reason, "notify": command.notify},
                headers={"X-Sandbox-Shop": self._shop, "Idempotency-Key": command.key},
                timeout=self._timeout,
            )
        except Refused as refusal:
            if refusal.code in KEY_IS_TAKEN:
                raise OutcomeUnknown(refusal.detail, evidence=refusal.evidence) from refusal
            # A shop that forgot the key refuses the copy of a cancellation that it made: its record decides.
            made = await self.find_cancellation(command)
            if made is None:
                raise
            return made
        return _receipt(read(_Cancellation, answer), command)

    async def find_cancellation(self, command: CancelOrder) -> Receipt | None:
        """What the shop's own record says of this key; None where nothing happened."""
        found = read(_Cancellations, await self._get("/shop/v1/cancellations", {"key": command.key})).data
        return _receipt(found[0], command) if found else None

    async def get_variants(self, product_id: str) -> tuple[Variant, ...] | None:
        """Every variant of a product, available or not; None where the shop has no such product."""
        try:
            product = read(Product, await self._get(f"/shop/v1/products/{segment(product_id)}"))
        except Refused as refusal:
            if refusal.code in {"product_not_found", "request_invalid"}:
                return None
            raise
        if product.id != product_id:
            raise OutcomeUnknown("another product came back than was asked for")
        return variants_of(product)

    async def find_variant(self, variant_id: str) -> Variant | None:
        """The variant of whichever product, available or not; None where the shop has no such variant."""
        try:
            variant = read(ListedVariant, await self._get(f"/shop/v1/variants/{segment(variant_id)}"))
        except Refused as refusal:
            if refusal.code in {"variant_not_found", "request_invalid"}:
                return None
            raise
        if variant.id != variant_id:
            raise OutcomeUnknown("another variant came back than was asked for")
        return Variant(external_id=variant.id, **variant.model_dump(exclude={"id"}))

    async def get_subscription(self, external_id: str) -> Subscription | None:
        """The subscription with the shop's own id, or None."""
        try:
            shown = read(ShownSubscription, await self._get(f"/shop/v1/subscriptions/{segment(external_id)}"))
        except Refused as refusal:
            if refusal.code in {"subscription_not_found", "request_invalid"}:
                return None
            raise
        if shown.id != external_id:
            raise OutcomeUnknown("another subscription came back than was asked for")
        return subscription(shown)

    async def find_subscriptions(self, customer_id: str) -> tuple[Subscription, ...]:
        """Every subscription of the customer with the shop's own id, ended ones too; oldest first."""
        try:
            answer = await self._get("/shop/v1/subscriptions", {"customer_id": customer_id})
        except Refused as refusal:
            if refusal.code == "customer_not_found":
                return ()
            raise
        found = tuple(subscription(shown) for shown in read(Subscriptions, answer).data)
        if any(each.customer_id != customer_id for each in found):
            raise OutcomeUnknown("another customer's subscription came back")
        return found

    async def apply(self, command: ShopCommand) -> Receipt:
        """Do it; same key, same effect. `Refused` with the shop's reason in our words where it says no."""
        try:
            answer = await self._http.call(
                "POST",
                path_of(command),
                json=asked_by(command),
                headers={"X-Sandbox-Shop": self._shop, "Idempotency-Key": command.key},
                timeout=self._timeout,
            )
        except Refused as refusal:
            if refusal.code in KEY_IS_TAKEN:
                raise OutcomeUnknown(refusal.detail, evidence=refusal.evidence) from refusal
            # A shop that forgot the key refuses the copy of a change that it made: its record decides.
            made = await self.find_applied(command)
            if made is None:
                raise in_our_words(refusal) from refusal
            return made
        return change_receipt(read(Change, answer), command)

    async def find_applied(self, command: ShopCommand) -> Receipt | None:
        """What the shop's own record says of this key; None where nothing happened."""
        found = read(Changes, await self._get("/shop/v1/changes", {"key": command.key})).data
        return surest([change_receipt(change, command) for change in found])

    async def _get(self, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        return await self._http.call(
            "GET", path, params=params, headers={"X-Sandbox-Shop": self._shop}, timeout=self._timeout
        )


def _receipt(cancellation: _Cancellation, command: CancelOrder) -> Receipt:
    same = (cancellation.order_id, cancellation.key) == (command.order_id, command.key)
    return Receipt(
        status="succeeded" if same and cancellation.status == "canceled" else "unknown",
        external_id=cancellation.order_id,
        evidence=cancellation.model_dump(),
    )
