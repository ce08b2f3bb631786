"""The sandbox's adapters keep the contracts, whatever the server does."""

from datetime import UTC, date, datetime

import pytest

from app.integrations.carriers.contract import BuyLabel, VoidLabel
from app.integrations.carriers.sandbox import SandboxCarrier
from app.integrations.channels.contract import SendMessage
from app.integrations.channels.sandbox import SandboxChannel
from app.integrations.commerce.contract import (
    Address,
    CancelOrder,
    ChangeAddress,
    ChangeCustomer,
    ChangePaymentMethod,
    LineBack,
    LineSwap,
    OpenExchange,
    OpenReturn,
    OrderQuery,
    SwapItems,
)
from app.integrations.commerce.sandbox import SandboxCommerce
from app.integrations.commerce.subscription_contract import ChangeSubscription
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.http import Http, load
from app.integrations.payments.contract import ChargeCommand, PayoutCommand, RefundCommand
from app.integrations.payments.sandbox import SandboxPayments

HOME = Address(address1="Hauptstr. 1", city="Bonn", country_code="DE")
REFUND = RefundCommand(key="k1", payment_id="pay-1", amount=700, currency="EUR")
CANCEL = CancelOrder(key="k1", order_id="ord-2", reason="changed my mind")
SHOP_COMMANDS = {
    "change_address": ChangeAddress(key="k1", order_id="ord-2", address=HOME),
    "swap_items": SwapItems(
        key="k1", order_id="ord-2", swaps=(LineSwap(line_id="ln-2", variant_id="var-2", quantity=1),)
    ),
    "change_payment_method": ChangePaymentMethod(key="k1", order_id="ord-2", payment_method_id="pm-gift"),
    "open_return": OpenReturn(
        key="k1",
        order_id="ord-1",
        rma="RMA-1",
        lines=(LineBack(line_id="ln-1", quantity=3, reason="too small"),),
        payment_method_id="pm-card",
    ),
    "open_exchange": OpenExchange(
        key="k1",
        order_id="ord-1",
        rma="RMA-1",
        swaps=(LineSwap(line_id="ln-1", variant_id="var-2", quantity=3),),
        payment_method_id="pm-card",
        difference=-300,
        currency="EUR",
    ),
    "change_customer": ChangeCustomer(key="k1", customer_id="cust-1", address=HOME, phone="+49301"),
    "change_subscription": ChangeSubscription(
        key="k1",
        customer_id="cust-1",
        subscription_id="sub-1",
        change="skip",
        delivery_at=datetime(2027, 1, 31, 10, tzinfo=UTC),
    ),
}
CHARGE = ChargeCommand(key="k1", order_id="ord-2", payment_method_id="pm-card", amount=250, currency="EUR")
PAYOUT = PayoutCommand(
    key="k1", order_id="ord-1", customer_id="cust-1", payment_method_id="pm-gift", amount=250, currency="EUR"
)
LABEL = BuyLabel(key="r1", rma="R1", sender=HOME, recipient=HOME)
MAIL = SendMessage(key="m1", channel="email", to="mia@example.com", text="Hallo")


class Adapters:
    def __init__(self, shop, timeout=1.0):
        self.http = Http(shop.url)
        self.commerce = SandboxCommerce(self.http, shop.shop, timeout)
        self.payments = SandboxPayments(self.http, shop.shop, timeout)
        self.carrier = SandboxCarrier(self.http, shop.shop, timeout)
        self.channel = SandboxChannel(self.http, shop.shop, timeout)


@pytest.fixture
async def adapters(shop):
    load()  # else the first call of all would spend its second on importing
    made = Adapters(shop)
    yield made
    await made.http.aclose()


async def act(adapters: Adapters, operation: str):
    match operation:
        case "refund":
            return await adapters.payments.refund(REFUND)
        case "cancel":
            return await adapters.commerce.cancel_order(CANCEL)
        case "charge":
            return await adapters.payments.charge(CHARGE)
        case "payout":
            return await adapters.payments.pay_out(PAYOUT)
        case _ if operation in SHOP_COMMANDS:
            return await adapters.commerce.apply(SHOP_COMMANDS[operation])
        case "label":
            return await adapters.carrier.buy_return_label(LABEL)
        case "mail":
            return await adapters.channel.send(MAIL)
        case _:
            label = await adapters.carrier.find_label(LABEL)
            return await adapters.carrier.void_label(VoidLabel(key="v1", label_id=label.external_id))


async def look(adapters: Adapters, operation: str):
    match operation:
        case "refund":
            return await adapters.payments.find_refund(REFUND)
        case "cancel":
            return await adapters.commerce.find_cancellation(CANCEL)
        case "charge":
            return await adapters.payments.find_charge(CHARGE)
        case "payout":
            return await adapters.payments.find_payout(PAYOUT)
        case _ if operation in SHOP_COMMANDS:
            return await adapters.commerce.find_applied(SHOP_COMMANDS[operation])
        case "label":
            return await adapters.carrier.find_label(LABEL)
        case "mail":
            return await adapters.channel.find_sent(MAIL)
        case _:
            label = await adapters.carrier.find_label(LABEL)
            return await adapters.carrier.find_void(VoidLabel(key="v1", label_id=label.external_id))


EFFECTS = ["refund", "charge", "payout", "cancel", *SHOP_COMMANDS, "label", "label_void", "mail"]


async def ready(adapters, operation):
    if operation == "label_void":
        await adapters.carrier.buy_return_label(LABEL)


@pytest.mark.parametrize("operation", EFFECTS)
async def test_an_effect_succeeds_and_is_found_again(adapters, operation):
    await ready(adapters, operation)
    assert await look(adapters, operation) is None
    made = await act(adapters, operation)
    found = await look(adapters, operation)
    assert (made.status, found.status) == ("succeeded", "succeeded")
    assert made.external_id == found.external_id


BEFORE = [("timeout_before_effect", {}), ("reset", {"after_effect": False})]
AFTER = [
    ("timeout_after_effect", {}),
    ("error_after_effect", {}),
    ("reset", {}),
    ("slow", {"delay_ms": 5000}),
    ("malformed", {"variant": "truncated"}),
    ("malformed", {"variant": "not_json"}),
    ("malformed", {"variant": "empty"}),
    ("malformed", {"variant": "duplicate_key"}),
    ("malformed", {"variant": "nan"}),
]


@pytest.mark.parametrize(("fault", "options"), BEFORE)
@pytest.mark.parametrize("operation", EFFECTS)
async def test_a_lost_call_is_unknown_and_the_look_up_finds_nothing(shop, adapters, operation, fault, options):
    await ready(adapters, operation)
    shop.fault(operation, fault, **options)
    with pytest.raises(OutcomeUnknown) as caught:
        await act(adapters, operation)
    assert type(caught.value) is OutcomeUnknown
    assert await look(adapters, operation) is None
    assert (await act(adapters, operation)).status == "succeeded"


@pytest.mark.parametrize(("fault", "options"), AFTER)
@pytest.mark.parametrize("operation", EFFECTS)
async def test_a_lost_answer_is_unknown_and_the_look_up_finds_the_effect(shop, adapters, operation, fault, options):
    await ready(adapters, operation)
    shop.fault(operation, fault, **options)
    with pytest.raises(OutcomeUnknown) as caught:
        await act(adapters, operation)
    assert type(caught.value) is OutcomeUnknown
    assert (await look(adapters, operation)).status == "succeeded"
    if operation != "label":
        assert (await act(adapters, operation)).status == "succeeded"
    assert len(shop.effects(operation)) == 1


@pytest.mark.parametrize("operation", EFFECTS)
async def test_a_refusal_is_a_no_with_its_code(shop, adapters, operation):
    await ready(adapters, operation)
    shop.fault(operation, "refuse", code="bank_says_no")
    with pytest.raises(Refused) as caught:
        await act(adapters, operation)
    assert caught.value.code == "bank_says_no"
    assert await look(adapters, operation) is None


@pytest.mark.parametrize("retry_after", [None, 5])
@pytest.mark.parametrize("operation", EFFECTS)
async def test_a_throttled_call_was_not_executed(shop, adapters, operation, retry_after):
    await ready(adapters, operation)
    shop.fault(operation, "throttle", retry_after=retry_after)
    with pytest.raises(NotExecuted) as caught:
        await act(adapters, operation)
    assert caught.value.retry_after == retry_after


@pytest.mark.parametrize("variant", ["wrong_amount", "wrong_currency", "wrong_id", "unknown_word"])
async def test_a_refund_of_something_else_than_asked_is_unknown(shop, adapters, variant):
    shop.fault("refund", "malformed", variant=variant)
    assert (await adapters.payments.refund(REFUND)).status == "unknown"
    assert (await adapters.payments.find_refund(REFUND)).status == "succeeded"


@pytest.mark.parametrize("operation", [effect for effect in EFFECTS if effect != "refund"])
@pytest.mark.parametrize("variant", ["wrong_id", "unknown_word"])
async def test_an_answer_about_another_thing_or_in_an_unknown_word_is_unknown(shop, adapters, operation, variant):
    await ready(adapters, operation)
    shop.fault(operation, "malformed", variant=variant)
    assert (await act(adapters, operation)).status == "unknown"


async def test_a_key_used_for_another_refund_is_unknown_not_a_no(adapters):
    await adapters.payments.refund(REFUND)
    with pytest.raises(OutcomeUnknown):
        await adapters.payments.refund(REFUND.model_copy(update={"amount": 1}))


@pytest.mark.parametrize("command", [CHARGE, PAYOUT])
@pytest.mark.parametrize("variant", ["wrong_amount", "wrong_currency", "wrong_id", "unknown_word"])
async def test_a_charge_or_payout_of_something_else_than_asked_is_unknown(shop, adapters, command, variant):
    charged = command is CHARGE
    shop.fault("charge" if charged else "payout", "malformed", variant=variant)
    moved = await (adapters.payments.charge(CHARGE) if charged else adapters.payments.pay_out(PAYOUT))
    assert moved.status == "unknown"
    shop.fault("lookup", "malformed", variant=variant)
    for status in ("unknown", "succeeded"):
        found = await (adapters.payments.find_charge(CHARGE) if charged else adapters.payments.find_payout(PAYOUT))
        assert found.status == status


@pytest.mark.parametrize("variant", ["wrong_amount", "wrong_currency"])
async def test_an_exchange_of_another_difference_is_unknown(shop, adapters, variant):
    shop.fault("open_exchange", "malformed", variant=variant)
    assert (await act(adapters, "open_exchange")).status == "unknown"
    assert (await look(adapters, "open_exchange")).status == "succeeded"


OTHERWISE = {
    "change_address": {"address": HOME.model_copy(update={"city": "Köln"})},
    "swap_items": {"swaps": (LineSwap(line_id="ln-2", variant_id="var-3", quantity=1),)},
    "change_payment_method": {"payment_method_id": "pm-card"},
    "open_return": {"lines": (LineBack(line_id="ln-1", quantity=1),)},
    "open_exchange": {"difference": -301},
    "change_customer": {"phone": "+49302"},
    "change_subscription": {"change": "pause", "delivery_at": None},
    "charge": {"amount": 251},
    "payout": {"order_id": None},
}


@pytest.mark.parametrize("operation", OTHERWISE)
async def test_a_key_used_for_another_effect_is_unknown_not_a_no_and_its_record_does_not_pass(adapters, operation):
    await act(adapters, operation)
    asked = {**SHOP_COMMANDS, "charge": CHARGE, "payout": PAYOUT}[operation]
    other = asked.model_copy(update=OTHERWISE[operation])
    doing, finding = {
        "charge": (adapters.payments.charge, adapters.payments.find_charge),
        "payout": (adapters.payments.pay_out, adapters.payments.find_payout),
    }.get(operation, (adapters.commerce.apply, adapters.commerce.find_applied))
    with pytest.raises(OutcomeUnknown):
        await doing(other)
    assert (await finding(other)).status == "unknown"


COPIES_REFUSED = [
    "swap_items",
    "change_payment_method",
    "open_return",
    "open_exchange",
    "change_subscription",
    "charge",
]


@pytest.mark.parametrize("operation", COPIES_REFUSED)
async def test_a_copy_refused_after_its_key_was_forgotten_is_found_in_the_record(shop, adapters, operation):
    whole = CHARGE.model_copy(update={"payment_method_id": "pm-gift", "amount": 100})

    async def once():
        return await (adapters.payments.charge(whole) if operation == "charge" else act(adapters, operation))

    await once()
    shop.fault(operation, "forget_keys")
    assert (await once()).status == "succeeded"
    assert shop.ledger(operation)[-1]["status"] in {409, 422}
    assert len(shop.effects(operation)) == 1


@pytest.mark.parametrize("operation", ["charge", "payout", "change_address", "change_customer"])
async def test_two_effects_under_one_forgotten_key_are_told(shop, adapters, operation):
    await act(adapters, operation)
    shop.fault(operation, "forget_keys")
    await act(adapters, operation)
    assert (await look(adapters, operation)).evidence["effects"] == 2


def swap(**changed):
    one = LineSwap(line_id="ln-2", variant_id="var-2", quantity=1).model_copy(update=changed)
    return SHOP_COMMANDS["swap_items"].model_copy(update={"swaps": (one,)})


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (swap(line_id="ln-1"), "item_not_in_order"),
        (swap(variant_id="none"), "new_item_not_found"),
        (swap(variant_id="var-3"), "new_item_unavailable"),
        (swap(variant_id="var-9"), "different_product"),
        (swap(variant_id="var-1"), "same_item"),
        (swap(quantity=2), "item_count_mismatch"),
        (SHOP_COMMANDS["change_address"].model_copy(update={"order_id": "ord-1"}), "order_not_pending"),
        (SHOP_COMMANDS["change_address"].model_copy(update={"order_id": "ord-9"}), "order_not_found"),
        (SHOP_COMMANDS["change_address"].model_copy(update={"order_id": "../ord-2"}), "request_invalid"),
        (SHOP_COMMANDS["change_payment_method"].model_copy(update={"payment_method_id": "x"}),
         "payment_method_not_found"),
        (SHOP_COMMANDS["change_payment_method"].model_copy(update={"payment_method_id": "pm-card"}),
         "same_payment_method"),
        (SHOP_COMMANDS["open_return"].model_copy(update={"order_id": "ord-2"}), "order_not_delivered"),
        (SHOP_COMMANDS["open_exchange"].model_copy(update={"order_id": "ord-2"}), "order_not_delivered"),
        (SHOP_COMMANDS["change_customer"].model_copy(update={"customer_id": "none"}), "customer_not_found"),
    ],
)  # fmt: skip
async def test_the_shop_s_no_comes_under_our_code(shop, adapters, command, code):
    before = shop.get("/sandbox/v1/export")
    with pytest.raises(Refused) as caught:
        await adapters.commerce.apply(command)
    assert caught.value.code == code
    assert shop.get("/sandbox/v1/export") == before
    assert await adapters.commerce.find_applied(command) is None


async def test_after_a_swap_the_shop_refuses_more_and_says_so_of_the_order(adapters):
    assert (await adapters.commerce.get_order("ord-2")).items_changed is False
    await act(adapters, "swap_items")
    order = await adapters.commerce.get_order("ord-2")
    assert (order.status, order.items_changed, order.payment_changed) == ("pending", True, False)
    # its price is 900 before the tax of 19 per cent that the order's lines bear
    assert (order.lines[0].variant_id, order.lines[0].total, order.lines[0].tax) == ("var-2", 1071, 171)
    address = SHOP_COMMANDS["change_address"].model_copy(update={"key": "k2"})
    for again in (adapters.commerce.cancel_order(CANCEL), adapters.commerce.apply(address)):
        with pytest.raises(Refused) as caught:
            await again
        assert caught.value.code == "order_already_modified"


async def test_an_order_says_what_was_asked_of_the_shop(adapters):
    await act(adapters, "change_payment_method")
    assert (await adapters.commerce.get_order("ord-2")).payment_changed is True
    part = SHOP_COMMANDS["open_return"].model_copy(update={"lines": (LineBack(line_id="ln-1", quantity=1),)})
    await adapters.commerce.apply(part)
    order = await adapters.commerce.get_order("ord-1")
    assert (order.return_requested, order.exchange_requested) == (True, False)
    rest = SHOP_COMMANDS["open_exchange"].swaps[0].model_copy(update={"quantity": 2})
    await adapters.commerce.apply(SHOP_COMMANDS["open_exchange"].model_copy(update={"key": "k2", "swaps": (rest,)}))
    order = await adapters.commerce.get_order("ord-1")
    assert (order.status, order.return_requested, order.exchange_requested) == ("delivered", True, True)


async def test_money_that_is_not_there_is_not_taken(shop, adapters):
    much = CHARGE.model_copy(update={"payment_method_id": "pm-gift", "amount": 101})
    with pytest.raises(Refused) as caught:
        await adapters.payments.charge(much)
    assert caught.value.code == "insufficient_funds"
    with pytest.raises(Refused) as caught:
        await adapters.payments.pay_out(PAYOUT.model_copy(update={"payment_method_id": "pm-none"}))
    assert caught.value.code == "payment_method_not_found"
    assert shop.effects("charge") == shop.effects("payout") == []


async def test_a_charge_is_a_payment_that_can_be_given_back(adapters):
    made = await adapters.payments.charge(CHARGE)
    assert (made.amount, made.currency) == (250, "EUR")
    ledger = await adapters.payments.payment(made.external_id)
    assert (ledger.state, ledger.captured, ledger.refunds) == ("captured", 250, ())
    back = RefundCommand(key="k2", payment_id=made.external_id, amount=250, currency="EUR")
    assert (await adapters.payments.refund(back)).status == "succeeded"


async def test_a_payout_as_store_credit_is_on_file_afterwards(adapters):
    credit = PAYOUT.model_copy(update={"payment_method_id": None, "order_id": None})
    made = await adapters.payments.pay_out(credit)
    assert (made.status, made.amount) == ("succeeded", 250)
    customer = await adapters.commerce.get_customer("cust-1")
    (method,) = [method for method in customer.payment_methods if method.kind == "store_credit"]
    assert (method.id, method.balance, method.currency) == (made.evidence["payment_method_id"], 250, "EUR")


async def test_every_variant_of_a_product_is_told_available_or_not(shop, adapters):
    variants = await adapters.commerce.get_variants("prd-1")
    assert [(v.external_id, v.product_id, v.title, v.options["color"], v.price, v.available) for v in variants] == [
        ("var-1", "prd-1", "Mug", "white", 1000, True),
        ("var-2", "prd-1", "Mug", "blue", 900, True),
        ("var-3", "prd-1", "Mug", "red", 1100, False),
    ]
    for name in ("none", "prd-1/x", "..", ""):
        assert await adapters.commerce.get_variants(name) is None
    shop.fault("order", "malformed", variant="wrong_id")
    with pytest.raises(OutcomeUnknown):
        await adapters.commerce.get_variants("prd-1")


async def test_a_variant_is_found_without_its_product_s_id(shop, adapters):
    found = await adapters.commerce.find_variant("var-9")
    assert (found.external_id, found.product_id, found.title, found.price, found.currency) == (
        "var-9",
        "prd-2",
        "Bowl",
        2000,
        "EUR",
    )
    for name in ("none", "prd-1", "var-1/x", "..", ""):
        assert await adapters.commerce.find_variant(name) is None
    shop.fault("order", "malformed", variant="wrong_id")
    with pytest.raises(OutcomeUnknown):
        await adapters.commerce.find_variant("var-9")


async def test_a_refund_above_the_capture_is_refused_by_the_ceiling(shop, adapters):
    too_much = REFUND.model_copy(update={"amount": 2501})
    with pytest.raises(Refused) as caught:
        await adapters.payments.refund(too_much)
    assert caught.value.code == "refund_exceeds_captured"
    shop.call("PUT", "/sandbox/v1/settings", {"ceiling": False})
    assert (await adapters.payments.refund(too_much)).status == "succeeded"


async def test_a_copy_refused_after_its_key_was_forgotten_is_found_in_the_ledger(shop, adapters):
    whole = REFUND.model_copy(update={"amount": 2500})
    await adapters.payments.refund(whole)
    shop.fault("refund", "forget_keys")
    assert (await adapters.payments.refund(whole)).status == "succeeded"
    assert len(shop.effects("refund")) == 1
    await adapters.commerce.cancel_order(CANCEL)
    shop.fault("cancel", "forget_keys")
    assert (await adapters.commerce.cancel_order(CANCEL)).status == "succeeded"


async def test_two_refunds_under_one_forgotten_key_are_told(shop, adapters):
    await adapters.payments.refund(REFUND)
    shop.fault("refund", "forget_keys")
    await adapters.payments.refund(REFUND)
    assert (await adapters.payments.find_refund(REFUND)).evidence["effects"] == 2


async def test_a_pending_refund_settles_and_may_fail_late(shop, adapters):
    shop.call("PUT", "/sandbox/v1/settings", {"refund_mode": "pending"})
    receipt = await adapters.payments.refund(REFUND)
    assert receipt.status == "pending"
    shop.post(f"/sandbox/v1/refunds/{receipt.external_id}/succeed")
    assert (await adapters.payments.find_refund(REFUND)).status == "succeeded"
    shop.post(f"/sandbox/v1/refunds/{receipt.external_id}/fail", {"failure_code": "account_closed"})
    found = await adapters.payments.find_refund(REFUND)
    assert (found.status, found.failure_code) == ("failed", "account_closed")


async def test_the_ledger_of_a_payment_shows_refunds_made_elsewhere(shop, adapters):
    shop.post("/sandbox/v1/outside-refunds", {"payment_id": "pay-1", "amount": 1000, "currency": "EUR"})
    await adapters.payments.refund(REFUND)
    ledger = await adapters.payments.payment("pay-1")
    assert (ledger.state, ledger.captured, ledger.currency) == ("captured", 2500, "EUR")
    assert [(refund.key, refund.amount, refund.status) for refund in ledger.refunds] == [
        (None, 1000, "succeeded"),
        ("k1", 700, "succeeded"),
    ]
    assert await adapters.payments.payment("pay-none") is None


@pytest.mark.parametrize("variant", ["wrong_id", "unknown_word", "truncated"])
async def test_a_payment_that_cannot_be_trusted_is_unknown(shop, adapters, variant):
    shop.fault("payment", "malformed", variant=variant)
    with pytest.raises(OutcomeUnknown):
        await adapters.payments.payment("pay-1")


async def test_orders_are_found_by_every_filter_and_page_newest_first(adapters):
    async def ids(**query):
        return [order.external_id for order in (await adapters.commerce.find_orders(OrderQuery(**query))).orders]

    assert await ids() == ["ord-2", "ord-1"]
    assert await ids(number="1") == await ids(number="#1") == ["ord-1"]
    assert await ids(email="mia@EXAMPLE.com", customer_id="cust-1") == ["ord-2", "ord-1"]
    assert await ids(phone="+491700000001") == ["ord-2", "ord-1"]
    assert await ids(email="nobody@example.com") == []
    first = await adapters.commerce.find_orders(OrderQuery(limit=1))
    second = await adapters.commerce.find_orders(OrderQuery(limit=1, cursor=first.next_cursor))
    assert [page.orders[0].external_id for page in (first, second)] == ["ord-2", "ord-1"]
    assert second.next_cursor is None
    with pytest.raises(Refused) as caught:
        await adapters.commerce.find_orders(OrderQuery(cursor="forged"))
    assert caught.value.code == "cursor_invalid"


async def test_an_order_shows_its_refunds_and_its_parts_add_up(adapters):
    await adapters.payments.refund(REFUND)
    order = await adapters.commerce.get_order("ord-1")
    assert (order.payment_status, order.fulfillment_status, order.status) == (
        "partially_refunded",
        "fulfilled",
        "delivered",
    )
    assert (order.totals.total, order.totals.refunded) == (3500, 700)
    assert [(payment.captured, payment.refunded) for payment in order.payments] == [(2500, 700), (1000, 0)]


@pytest.mark.parametrize("name", ["none", "ord-1/cancel", "../orders/ord-1", ".", "..", "", "ord-1?x=1", "#", "ü\0"])
async def test_what_is_no_id_of_the_shop_is_not_there(adapters, name):
    assert await adapters.commerce.get_order(name) is None
    assert await adapters.commerce.get_customer(name) is None
    assert await adapters.payments.payment(name) is None
    assert await adapters.carrier.track(name) is None


async def test_an_unknown_word_about_an_order_permits_least(shop, adapters):
    shop.fault("order", "malformed", variant="unknown_word")
    assert (await adapters.commerce.get_order("ord-2")).status == "processing"
    shop.fault("order", "malformed", variant="wrong_id")
    with pytest.raises(OutcomeUnknown):
        await adapters.commerce.get_order("ord-2")


async def test_customers_are_found_by_address_and_phone(adapters):
    assert (await adapters.commerce.get_customer("cust-1")).name == "Mia Brandt"
    assert [c.external_id for c in await adapters.commerce.find_customers(email="mia@example.com")] == ["cust-1"]
    assert await adapters.commerce.find_customers(email="mia@example.com", phone="+1") == ()
    assert await adapters.commerce.find_customers() == ()
    assert await adapters.commerce.get_customer("nobody") is None


async def test_a_subscription_is_told_in_our_words_and_is_nobody_else_s(shop, adapters):
    (found,) = await adapters.commerce.find_subscriptions("cust-1")
    assert await adapters.commerce.get_subscription("sub-1") == found
    assert (found.status, found.interval.unit, found.lines[0].unit_price) == ("active", "month", 1000)
    changed = await adapters.commerce.apply(SHOP_COMMANDS["change_subscription"])
    assert changed.subscription == await adapters.commerce.get_subscription("sub-1")
    assert changed.subscription.next_billing_at == datetime(2027, 2, 28, 10, tzinfo=UTC)
    assert await adapters.commerce.find_subscriptions("nobody") == ()
    assert await adapters.commerce.get_subscription("nobody") is None
    shop.fault("order", "malformed", variant="unknown_word")
    assert (await adapters.commerce.get_subscription("sub-1")).status == "unknown"
    for look_up in (adapters.commerce.get_subscription("sub-1"), adapters.commerce.find_subscriptions("cust-1")):
        shop.fault("order", "malformed", variant="wrong_id")
        with pytest.raises(OutcomeUnknown):
            await look_up


async def test_a_cancellation_voids_what_was_authorized_and_another_key_is_refused(adapters):
    await adapters.commerce.cancel_order(CANCEL)
    order = await adapters.commerce.get_order("ord-2")
    assert (order.status, order.payment_status) == ("canceled", "voided")
    with pytest.raises(Refused) as caught:
        await adapters.commerce.cancel_order(CANCEL.model_copy(update={"key": "k2"}))
    assert caught.value.code == "order_not_pending"


async def test_scans_are_sorted_mapped_and_doubles_are_gone(shop, adapters):
    def scan(at, word, **more):
        shop.post("/sandbox/v1/scans", {"tracking_number": "T1", "at": at, "word": word, **more})

    scan("2026-01-11T08:00:00Z", "ARRIVED_AT_FACILITY", location="Bonn")
    scan("2026-01-11T09:00:00+01:00", "ARRIVED_AT_FACILITY", location="Bonn")
    scan("2026-01-10T08:00:00Z", "PICKED_UP")
    scan("2026-01-13T08:00:00Z", "SURVEY_SENT")
    tracking = await adapters.carrier.track("T1")
    assert [event.status for event in tracking.events] == ["in_transit", "in_transit", "delivered", "unknown"]
    assert tracking.status == "delivered"
    assert tracking.delivered_at == tracking.events[2].at
    assert await adapters.carrier.track("nowhere") is None


async def test_what_the_carrier_pushes_is_read_as_what_it_answers(shop, adapters):
    told = {"tracking_number": "T1", "at": "2026-01-14T08:00:00Z", "word": "LOST", "eta": "2026-01-20T00:00:00Z"}
    document = shop.post("/sandbox/v1/scans", told)
    pushed, polled = adapters.carrier.pushed(document), await adapters.carrier.track("T1")
    assert pushed.events == polled.events[-1:]
    assert (pushed.eta, polled.eta) == (datetime(2026, 1, 20, tzinfo=UTC),) * 2
    assert [(event.word, event.status, event.lost) for event in pushed.events] == [("LOST", "exception", True)]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"tracking_number": "T1", "carrier": "x", "scans": "none"},
        {"tracking_number": "T1", "carrier": "x", "scans": [{"at": "yesterday", "word": "HUB"}]},
        {"tracking_number": 1, "carrier": "x", "scans": []},
        {"tracking_number": "T1", "carrier": "x", "eta": "soon", "scans": []},
    ],
)
async def test_a_push_that_cannot_be_read_is_none(adapters, document):
    with pytest.raises(OutcomeUnknown):
        adapters.carrier.pushed(document)


async def test_a_scan_without_zone_among_others_is_sorted_all_the_same(adapters):
    scans = [{"at": "2026-01-14T08:00:00Z", "word": "HELD"}, {"at": "2026-01-13T08:00:00", "word": "PICKED_UP"}]
    told = adapters.carrier.pushed({"tracking_number": "T1", "carrier": "x", "scans": scans})
    assert [event.word for event in told.events] == ["PICKED_UP", "HELD"]


async def test_what_the_shop_promises_comes_with_its_order(shop, adapters):
    document = shop.get("/sandbox/v1/export")
    document["orders"][0] |= {"promised_by": "2026-01-12", "locale": "pl-PL"}
    document["orders"][0]["shipments"][0] |= {
        "promised_by": "2026-01-11", "service": "express", "shipped_at": "2026-01-10T12:00:00Z"}  # fmt: skip
    shop.post("/sandbox/v1/import", document)
    order = await adapters.commerce.get_order("ord-1")
    assert (order.promised_by, order.locale) == (date(2026, 1, 12), "pl-PL")
    (parcel,) = order.shipments
    assert (parcel.promised_by, parcel.service) == (date(2026, 1, 11), "express")
    assert parcel.shipped_at == datetime(2026, 1, 10, 12, tzinfo=UTC)


async def test_only_unknown_words_are_unknown(shop, adapters):
    shop.post("/sandbox/v1/fulfill", {"order_id": "ord-2", "state": "shipped", "tracking_number": "T2"})
    label = await adapters.carrier.buy_return_label(LABEL)
    assert (await adapters.carrier.track(label.tracking_number)).status == "label_created"
    assert (await adapters.carrier.track("T2")).status == "in_transit"


async def test_a_live_label_is_found_before_a_voided_one(adapters):
    first = await adapters.carrier.buy_return_label(LABEL)
    await adapters.carrier.void_label(VoidLabel(key="v", label_id=first.external_id))
    assert (await adapters.carrier.find_label(LABEL)).voided is True
    second = await adapters.carrier.buy_return_label(LABEL)
    found = await adapters.carrier.find_label(LABEL)
    assert (found.external_id, found.voided) == (second.external_id, False)


async def test_a_label_that_travels_cannot_be_voided(shop, adapters):
    label = await adapters.carrier.buy_return_label(LABEL)
    shop.post("/sandbox/v1/scans", {"tracking_number": label.tracking_number, "word": "PICKED_UP"})
    void = VoidLabel(key="v", label_id=label.external_id)
    with pytest.raises(Refused) as caught:
        await adapters.carrier.void_label(void)
    assert caught.value.code == "label_used"
    assert await adapters.carrier.find_void(void) is None


@pytest.mark.parametrize("file_format", ["pdf", "png"])
async def test_a_label_has_a_file_in_each_format(shop, adapters, file_format):
    label = await adapters.carrier.buy_return_label(LABEL)
    slow = SandboxCarrier(adapters.http, shop.shop, 10.0)
    assert len(await slow.label_file(label.external_id, file_format)) > 500
    shop.fault("file", "malformed", variant="not_json")
    with pytest.raises(OutcomeUnknown):
        await adapters.carrier.label_file(label.external_id, file_format)


async def test_a_message_to_an_address_with_a_line_break_is_refused(adapters):
    with pytest.raises(Refused) as caught:
        await adapters.channel.send(MAIL.model_copy(update={"to": "a@example.com\r\nBcc: b@example.com"}))
    assert caught.value.code == "header_invalid"
