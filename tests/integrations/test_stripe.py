"""Stripe's adapter keeps the contract, whatever Stripe does; its events are Stripe's or are not taken."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import jsonschema_rs
import pytest
from pydantic import ValidationError

from app.integrations import connecting
from app.integrations.addresses import Addresses
from app.integrations.connecting import Account, NotGenuine, Received
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.http import load
from app.integrations.payments import stripe_wire
from app.integrations.payments.contract import ChargeCommand, PayoutCommand, RefundCommand
from app.integrations.payments.stripe import KIND, Config, Credentials, Stripe, adapter, check
from tests.integrations.faulty import AFTER, BEFORE, PATIENCE, served
from tests.integrations.stripe_server import CREATED, KEY, StripeServer

REFUND = RefundCommand(key="opr_1", payment_id="pi_1", amount=700, currency="EUR")
WEBHOOK_SECRET = "whsec_" + "s" * 32
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def account(url: str = "https://api.stripe.com", key: str = KEY, *, livemode: bool = False, **config) -> Account:
    return Account(
        "con_1",
        livemode=livemode,
        config=Config(api_base=url, **config),
        credentials=Credentials(secret_key=key, webhook_secret=WEBHOOK_SECRET),
        seconds=PATIENCE,
        addresses=Addresses(loopback=True),
    )


@pytest.fixture
async def server():
    load()
    made = StripeServer()
    made.intent()
    async with served(made.app()) as made.url:
        yield made


@pytest.fixture
async def connected(server):
    """A function: an account at that server, closed with the test."""
    made = []

    def make(**given) -> Account:
        made.append(account(server.url, **given))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
def stripe(connected) -> Stripe:
    return adapter(connected())


# ---- the effect --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payment_id", ["pi_1", "ch_1"])
async def test_a_refund_succeeds_and_is_found_again(server, stripe, payment_id):
    server.charge()
    command = REFUND.model_copy(update={"payment_id": payment_id, "reason": "fraudulent"})
    assert await stripe.find_refund(command) is None
    made = await stripe.refund(command)
    found = await stripe.find_refund(command)
    assert (made.status, made.amount, made.currency) == ("succeeded", 700, "EUR")
    assert found == made
    [(_, _, headers, body)] = server.faults.asked("POST", "/v1/refunds")
    assert headers["Idempotency-Key"] == "opr_1"
    assert headers["Stripe-Version"]
    assert dict(parse_qsl(body.decode())) == {
        "payment_intent" if payment_id == "pi_1" else "charge": payment_id,
        "amount": "700",
        "metadata[aftersale_key]": "opr_1",
        "metadata[aftersale_reason]": "fraudulent",  # as a reason of Stripe's it would block the card
    }


@pytest.mark.parametrize("fault", BEFORE)
async def test_a_lost_call_is_unknown_and_the_look_up_finds_nothing(server, stripe, fault):
    server.faults.plan("POST", "/v1/refunds", fault)
    with pytest.raises(OutcomeUnknown) as caught:
        await stripe.refund(REFUND)
    assert type(caught.value) is OutcomeUnknown
    assert await stripe.find_refund(REFUND) is None
    assert (await stripe.refund(REFUND)).status == "succeeded"
    assert server.moved("pi_1") == 700


@pytest.mark.parametrize("fault", AFTER)
async def test_a_lost_answer_is_unknown_and_the_look_up_finds_the_refund(server, stripe, fault):
    server.faults.plan("POST", "/v1/refunds", fault)
    with pytest.raises(OutcomeUnknown) as caught:
        await stripe.refund(REFUND)
    assert type(caught.value) is OutcomeUnknown
    assert (await stripe.find_refund(REFUND)).status == "succeeded"
    assert (await stripe.refund(REFUND)).status == "succeeded"
    assert len(server.refunds) == 1


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
@pytest.mark.parametrize("path", ["/v1/payment_intents", "/v1/refunds"])
async def test_a_read_that_fails_is_no_answer_and_moves_nothing(server, stripe, path, fault):
    for _ in range(2 if fault.startswith("reset") else 1):  # a read that was hung up on is asked once more
        server.faults.plan("GET", path, fault)
    with pytest.raises(OutcomeUnknown):
        await (stripe.refund(REFUND) if path == "/v1/payment_intents" else stripe.find_refund(REFUND))
    assert server.refunds == []
    assert (await stripe.payment("pi_1")).captured == 5000


async def test_a_500_that_is_replayed_under_its_key_is_settled_by_the_look_up(server, stripe):
    server.made("pi_1", 700, metadata={"aftersale_key": "opr_1"})
    for _ in range(2):
        server.faults.plan("POST", "/v1/refunds", (500, {"error": {"type": "api_error", "message": "Sorry."}}, {}))
        with pytest.raises(OutcomeUnknown):
            await stripe.refund(REFUND)
    assert (await stripe.find_refund(REFUND)).status == "succeeded"


@pytest.mark.parametrize("retry_after", [None, 5])
async def test_a_throttled_refund_was_not_executed(server, stripe, retry_after):
    body = {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many."}}
    server.faults.plan("POST", "/v1/refunds", (429, body, {"Retry-After": str(retry_after)} if retry_after else {}))
    with pytest.raises(NotExecuted) as caught:
        await stripe.refund(REFUND)
    assert caught.value.retry_after == retry_after


REFUSED = [
    (400, {"type": "invalid_request_error", "code": "charge_disputed"}, "payment_disputed"),
    (400, {"type": "invalid_request_error", "code": "charge_already_refunded"}, "refund_exceeds_captured"),
    (400, {"type": "invalid_request_error", "code": "balance_insufficient"}, "insufficient_funds"),
    (400, {"type": "invalid_request_error", "param": "amount", "message": "Refund amount is greater than unrefunded"},
     "refund_exceeds_captured"),
    (400, {"type": "invalid_request_error", "param": "amount", "message": "You cannot partially refund"},
     "amount_invalid"),
    (400, {"type": "invalid_request_error", "code": "a_code_of_tomorrow"}, "provider_refused"),
    (402, {"type": "card_error", "code": "card_declined"}, "provider_refused"),
    (401, {"type": "invalid_request_error"}, "provider_unauthorized"),
    (403, {"type": "invalid_request_error", "message": "No."}, "provider_unauthorized"),
    (404, {"type": "invalid_request_error", "code": "resource_missing"}, "payment_not_found"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "error", "code"), REFUSED)
async def test_a_refusal_is_a_no_in_our_words(server, stripe, status, error, code):
    server.faults.plan("POST", "/v1/refunds", (status, {"error": {"message": "No.", **error}}, {}))
    with pytest.raises(Refused) as caught:
        await stripe.refund(REFUND)
    assert caught.value.code == code
    assert await stripe.find_refund(REFUND) is None


UNCLEAR = [
    (400, {"error": {"type": "idempotency_error", "message": "Keys can only be used with the same parameters."}}),
    (409, {"error": {"type": "invalid_request_error", "code": "idempotency_key_in_use", "message": "In use."}}),
    (409, {"error": {"type": "invalid_request_error", "message": "Conflict."}}),
    (424, {"error": {"type": "invalid_request_error", "code": "external_dependency_failed", "message": "Sorry."}}),
    (502, {"error": {"type": "api_error", "message": "Sorry."}}),
    (400, {"error": "of a proxy"}),
    (404, {"message": "of a proxy"}),
    (302, {}),
]


@pytest.mark.parametrize(("status", "body"), UNCLEAR)
async def test_what_is_not_stripe_s_clear_no_is_unknown(server, stripe, status, body):
    server.faults.plan("POST", "/v1/refunds", (status, body, {}))
    with pytest.raises(OutcomeUnknown) as caught:
        await stripe.refund(REFUND)
    assert type(caught.value) is OutcomeUnknown


async def test_a_key_used_for_another_refund_is_unknown_not_a_no(server, stripe):
    await stripe.refund(REFUND)
    with pytest.raises(OutcomeUnknown):
        await stripe.refund(REFUND.model_copy(update={"amount": 1}))
    assert server.moved("pi_1") == 700


async def test_a_copy_refused_after_its_key_was_forgotten_is_found_in_the_ledger(server, stripe):
    whole = REFUND.model_copy(update={"amount": 5000})
    made = await stripe.refund(whole)
    server.keys.clear()
    assert await stripe.refund(whole) == made
    assert len(server.refunds) == 1


async def test_two_refunds_under_one_forgotten_key_are_told(server, stripe):
    await stripe.refund(REFUND)
    server.keys.clear()
    await stripe.refund(REFUND)
    assert (await stripe.find_refund(REFUND)).evidence["effects"] == 2


@pytest.mark.parametrize(
    "said",
    [
        {"amount": 701},
        {"currency": "usd"},
        {"payment_intent": "pi_2"},
        {"metadata": {"aftersale_key": "opr_2"}},
        {"metadata": {}},
        {"status": "reversing"},
        {"status": None},
    ],
)
async def test_a_refund_of_something_else_than_asked_or_in_an_unknown_word_is_unknown(server, stripe, said):
    server.says = said
    assert (await stripe.refund(REFUND)).status == "unknown"
    assert (await stripe.find_refund(REFUND)).status == "succeeded"


@pytest.mark.parametrize(
    "said", [{"amount": "700"}, {"amount": True}, {"amount": 7.0}, {"id": None}, {"created": "now"}]
)
async def test_a_refund_that_is_none_is_unknown(server, stripe, said):
    server.says = said
    with pytest.raises(OutcomeUnknown):
        await stripe.refund(REFUND)


WORDS = [
    ("pending", "pending"),
    ("requires_action", "pending"),
    ("succeeded", "succeeded"),
    ("failed", "failed"),
    ("canceled", "failed"),
    ("tomorrow's", "unknown"),
]


@pytest.mark.parametrize(("word", "ours"), WORDS)
async def test_every_word_for_a_refund_s_state(server, stripe, word, ours):
    server.status = word
    made = await stripe.refund(REFUND)
    assert made.status == ours
    assert (made.failure_code is not None) == (ours == "failed")


async def test_a_success_that_fails_later_is_told_with_its_reason(server, stripe):
    await stripe.refund(REFUND)
    server.refunds[0] |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    found = await stripe.find_refund(REFUND)
    assert (found.status, found.failure_code) == ("failed", "lost_or_stolen_card")
    [told] = (await stripe.payment("pi_1")).refunds
    assert (told.status, told.failure_code) == ("failed", "lost_or_stolen_card")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"currency": "USD"}, "currency_mismatch"),
        ({"payment_id": "pi_none"}, "payment_not_found"),
        ({"payment_id": "pi_1/../pi_2"}, "payment_not_found"),
        ({"payment_id": "sub_1"}, "payment_not_found"),
        ({"amount": 0}, "amount_invalid"),
    ],
)
async def test_what_cannot_be_meant_moves_nothing(server, stripe, command, code):
    with pytest.raises(Refused) as caught:
        await stripe.refund(REFUND.model_copy(update=command))
    assert caught.value.code == code
    assert server.refunds == []


async def test_what_stripe_does_not_do_is_unsupported(server, stripe):
    charge = ChargeCommand(key="k", order_id="o", payment_method_id="pm", amount=1, currency="EUR")
    payout = PayoutCommand(key="k", order_id="o", customer_id="c", payment_method_id=None, amount=1, currency="EUR")
    for doing in (stripe.charge(charge), stripe.pay_out(payout)):
        with pytest.raises(Refused) as caught:
            await doing
        assert caught.value.code == "unsupported"
    assert await stripe.find_charge(charge) is None
    assert await stripe.find_payout(payout) is None
    assert server.faults.heard == []


# ---- the ledger --------------------------------------------------------------------------------------------------


async def test_the_ledger_has_every_refund_over_all_pages(server, stripe):
    server.intent("pi_2", amount=100_000)
    for number in range(205):
        server.made("pi_2", 1, metadata={"aftersale_key": f"k{number}"} if number % 2 else {})
    ledger = await stripe.payment("pi_2")
    assert (ledger.state, ledger.currency, ledger.captured, len(ledger.refunds)) == ("captured", "EUR", 100_000, 205)
    assert len({refund.external_id for refund in ledger.refunds}) == 205
    assert [refund.key for refund in ledger.refunds[:2]] == [None, "k203"]
    assert ledger.refunds[0].created_at == datetime.fromtimestamp(CREATED, UTC)


STATES = [
    ("pi_2", {"status": "requires_capture", "amount_received": 0}, "authorized", 0),
    ("pi_2", {"status": "processing", "amount_received": 0}, "pending", 0),
    ("pi_2", {"status": "canceled", "amount_received": 0}, "voided", 0),
    ("pi_2", {"status": "succeeded", "amount_received": 3000}, "captured", 3000),
    ("ch_2", {"captured": False, "amount_captured": 0}, "authorized", 0),
    ("ch_2", {"captured": False, "amount_captured": 0, "refunded": True}, "voided", 0),
    ("ch_2", {"status": "failed", "captured": False, "amount_captured": 0}, "voided", 0),
    ("ch_2", {"status": "pending", "captured": False, "amount_captured": 0}, "pending", 0),
    ("ch_2", {"amount_captured": 3000}, "captured", 3000),
    ("ch_2", {"amount_captured": None}, "captured", 5000),
]


@pytest.mark.parametrize(("payment_id", "said", "state", "captured"), STATES)
async def test_every_state_of_a_payment(server, stripe, payment_id, said, state, captured):
    (server.intent if payment_id == "pi_2" else server.charge)(payment_id, **said)
    ledger = await stripe.payment(payment_id)
    assert (ledger.state, ledger.captured) == (state, captured)


@pytest.mark.parametrize(
    "said", [{"status": "tomorrow's"}, {"id": "pi_3"}, {"amount_received": "5000"}, {"currency": None}]
)
async def test_a_payment_that_cannot_be_read_is_no_answer(server, stripe, said):
    server.intent("pi_2", **said)
    with pytest.raises(OutcomeUnknown):
        await stripe.payment("pi_2")


@pytest.mark.parametrize("payment_id", ["pi_none", "ch_none", "x", "", "pi_1?expand=x"])
async def test_a_payment_that_is_not_there_is_none(stripe, payment_id):
    assert await stripe.payment(payment_id) is None
    assert await stripe.find_refund(REFUND.model_copy(update={"payment_id": payment_id})) is None


@pytest.mark.parametrize(
    ("currency", "ours", "theirs"),
    [("EUR", 1299, 1299), ("JPY", 500, 500), ("KWD", 5120, 5120), ("ISK", 500, 50_000), ("MGA", 500, 5)],
)
async def test_amounts_are_counted_as_stripe_counts_them(server, stripe, currency, ours, theirs):
    server.intent("pi_2", amount=theirs, currency=currency.lower())
    made = await stripe.refund(RefundCommand(key="k", payment_id="pi_2", amount=ours, currency=currency))
    assert (made.status, made.amount, server.refunds[0]["amount"]) == ("succeeded", ours, theirs)
    ledger = await stripe.payment("pi_2")
    assert (ledger.captured, ledger.refunds[0].amount) == (ours, ours)


async def test_an_amount_that_stripe_cannot_count_is_refused(server, stripe):
    server.intent("pi_2", amount=5, currency="mga")
    with pytest.raises(Refused) as caught:
        await stripe.refund(RefundCommand(key="k", payment_id="pi_2", amount=501, currency="MGA"))
    assert caught.value.code == "amount_invalid"
    server.intent("pi_3", amount=50_010, currency="isk")
    with pytest.raises(OutcomeUnknown):
        await stripe.payment("pi_3")


# ---- against what was recorded, and Stripe's own schema ------------------------------------------------------------


def session(specs):
    return json.loads((specs / "specs/stripe/stripe-stateful-mock-refund-session.json").read_text())


def test_every_recorded_object_parses(specs):
    read = {"refund": 0, "charge": 0}
    for entry in session(specs):
        said = entry["response"]
        if entry["status"] == 200 and said["object"] == "list":
            read["refund"] += len(stripe_wire.parsed(stripe_wire.Refunds, said).data)
        elif entry["status"] == 200:
            model = {"refund": stripe_wire.Refund, "charge": stripe_wire.Charge}[said["object"]]
            found = stripe_wire.parsed(model, said)
            assert found.currency == "usd"
            assert isinstance(found, stripe_wire.Charge) or found.said == "succeeded"
            read[said["object"]] += 1
    assert read == {"refund": 6, "charge": 6}
    objects = specs / "specs/stripe/objects"
    intents = [json.loads(path.read_text()) for path in sorted(objects.glob("payment_intent_*.json"))]
    assert [stripe_wire.parsed(stripe_wire.Intent, intent).ledger()[0] for intent in intents] == ["captured"] * 2
    charge = stripe_wire.parsed(stripe_wire.Charge, json.loads(next(objects.glob("charge_*.json")).read_text()))
    assert charge.ledger() == ("captured", 0)  # as that object says: what was captured is believed, not what was asked


async def test_every_recorded_refusal_is_a_no_or_unknown_as_it_should(specs, server, stripe):
    told = {}
    for entry in session(specs):
        if entry["method"] != "POST" or entry["path"] != "/v1/refunds" or entry["status"] == 200:
            continue
        server.faults.plan("POST", "/v1/refunds", (entry["status"], entry["response"], {}))
        with pytest.raises((Refused, OutcomeUnknown)) as caught:
            await stripe.refund(REFUND)
        told[entry["note"]] = getattr(caught.value, "code", "?")
    assert told == {
        "same key, other body": "?",
        "over-refund": "refund_exceeds_captured",
        "zero": "amount_invalid",
        "after full": "refund_exceeds_captured",
        "unknown": "payment_not_found",
        "refund disputed charge": "payment_disputed",
        "partial refund of uncaptured": "amount_invalid",
    }


async def test_every_form_and_query_passes_stripe_s_own_schema(specs, server, stripe):
    document = json.loads((specs / "specs/stripe/stripe-refunds-requests-only.derived.json").read_text())
    server.charge()
    for payment_id in ("pi_1", "ch_1"):
        await stripe.refund(REFUND.model_copy(update={"payment_id": payment_id, "key": payment_id, "reason": "late"}))
        await stripe.payment(payment_id)
    forms = 0
    for method, target, headers, body in server.faults.heard:
        path, _, query = target.partition("?")
        template = path.replace("/pi_1", "/{intent}").replace("/ch_1", "/{charge}")
        operation = document["paths"][template][method.lower()]
        allowed = {one["name"] for one in operation["parameters"] if one["in"] == "query"} if query else set()
        assert {name for name, _ in parse_qsl(query)} <= allowed
        if method == "POST":
            kind = headers["Content-Type"]
            schema = operation["requestBody"]["content"][kind]["schema"]
            jsonschema_rs.validate(schema, unfolded(body.decode(), schema))
            forms += 1
    assert forms == 2


def unfolded(form: str, schema) -> dict:
    """A form as the object that its schema describes: `a[b]=c`, integers where they are wanted."""
    found: dict = {}
    for name, value in parse_qsl(form):
        outer, _, inner = name.partition("[")
        if inner:
            found.setdefault(outer, {})[inner.rstrip("]")] = value
        else:
            found[outer] = int(value) if schema["properties"][outer].get("type") == "integer" else value
    return found


# ---- connecting ----------------------------------------------------------------------------------------------------


def test_the_kind_is_found_by_folder():
    assert connecting.every()["stripe"] is KIND
    assert set(KIND.connect(account())) == {"payments"}
    assert "refunds" in KIND.capabilities(Config())


@pytest.mark.parametrize("key", ["", "pk_test_1", "sk_test 1", "sk_prod_1", "sk_test_ü"])
def test_a_key_that_is_none_is_not_taken(key):
    with pytest.raises(ValidationError) as caught:
        Credentials(secret_key=key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    "config",
    [
        {"api_base": "https://api.stripe.com.evil.example"},
        {"api_base": "http://169.254.169.254"},
        {"api_base": "http://127.0.0.1:80@evil.example"},
        {"api_base": "https://api.stripe.com\n"},
        {"account": "acct_1\r\nX: y"},
        {"account": "me"},
        {"shop": "x"},
    ],
)
def test_a_key_is_sent_to_stripe_alone(config):
    with pytest.raises(ValidationError):
        Config(**config)


async def test_a_check_finds_what_works(server, connected):
    found = await check(connected())
    assert all(one.ok for one in found)
    assert [one.name for one in found] == ["charges", "payment intents", "ledger", "refunds"]
    assert server.refunds == []


async def test_a_check_names_the_missing_permission_of_a_restricted_key(server, connected):
    server.permissions = {"rak_charge_read", "rak_refund_read"}
    found = {one.name: one.missing for one in await check(connected()) if not one.ok}
    assert found == {"payment intents": "rak_payment_intent_read", "refunds": "rak_refund_write"}


async def test_a_check_with_a_wrong_key_is_refused(server, connected):
    with pytest.raises(Refused) as caught:
        await check(connected(key="sk_test_another0000000"))
    assert caught.value.code == "provider_unauthorized"


async def test_a_key_of_the_other_mode_does_nothing(server, connected):
    for one in (connected(livemode=True), connected(key="rk_live_1000000000000")):
        [finding] = await check(one)
        assert not finding.ok
        for doing in (adapter(one).refund(REFUND), adapter(one).find_refund(REFUND)):
            with pytest.raises(Refused) as caught:
                await doing
            assert caught.value.code == "provider_unauthorized"
    assert server.faults.heard == []


async def test_a_platform_names_the_account(server, connected):
    await adapter(connected(account="acct_7")).refund(REFUND)
    assert {headers.get("Stripe-Account") for _, _, headers, _ in server.faults.heard} == {"acct_7"}


# ---- what Stripe sends us ------------------------------------------------------------------------------------------


def event(topic: str = "refund.failed", thing=None, **more) -> bytes:
    thing = thing if thing is not None else {
        "id": "re_1", "object": "refund", "amount": 700, "currency": "eur", "charge": "ch_1", "payment_intent": "pi_1",
        "status": "failed", "failure_reason": "declined", "metadata": {"aftersale_key": "opr_1"}, "created": CREATED,
    }  # fmt: skip
    told = {"id": "evt_1", "object": "event", "livemode": False, "type": topic, "data": {"object": thing}, **more}
    return json.dumps(told).encode()


def signed(
    body: bytes, at: datetime = NOW, secret: str = WEBHOOK_SECRET, *, before: str = "", after: str = ""
) -> Received:
    stamp = int(at.timestamp())
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return Received({"stripe-signature": f"t={stamp},{before}v1={mac}{after}"}, body, NOW)


def known(received: Received, **config):
    assert KIND.inbound is not None
    livemode = config.pop("livemode", False)
    key = KEY.replace("test", "live") if livemode else KEY
    return KIND.inbound.verify(account(key=key, livemode=livemode, **config), received)


def test_an_event_of_stripe_s_is_taken():
    taken = known(signed(event()))
    assert (taken.external_id, taken.id_is_signed, taken.topic) == ("evt_1", True, "refund.failed")
    assert known(signed(event(), before="v1=" + "0" * 64 + ",", after=",v0=abc")) == taken
    assert known(signed(event(account="acct_7")), account="acct_7") == taken
    assert known(signed(event(livemode=True)), livemode=True) == taken


def without_stamp(received: Received) -> Received:
    return Received({"stripe-signature": received.headers["stripe-signature"].partition(",")[2]}, received.body, NOW)


def told(header: str, body: bytes | None = None) -> Received:
    return Received({"stripe-signature": header}, body or event(), NOW)


GENUINE = signed(event()).headers["stripe-signature"]
FORGED = {
    "no header": Received({}, event(), NOW),
    "another secret": signed(event(), secret="whsec_" + "x" * 32),
    "changed body": told(GENUINE, event(livemode=False, x=1)),
    "old": signed(event(), NOW - timedelta(seconds=301)),
    "early": signed(event(), NOW + timedelta(seconds=301)),
    "no time": without_stamp(signed(event())),
    "two times": told("t=1," + GENUINE),
    "re-stamped": told(GENUINE.replace("t=", "t=1")),
    "time is a word": told(GENUINE.replace("t=", "t=x")),
    "only the old scheme": told(GENUINE.replace("v1=", "v0=")),
    "not ASCII": told(GENUINE[:-1] + "é"),
    "another account": signed(event(account="acct_8")),
    "the other mode": signed(event(livemode=True)),
    "mode as a word": signed(event(livemode="false")),
    "no id": signed(event(id=None)),
    "no topic": signed(event(type=None)),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_is_not_genuine_is_not_taken(case):
    with pytest.raises(NotGenuine):
        known(FORGED[case])


def test_an_event_of_no_account_is_not_a_connected_one_s():
    with pytest.raises(NotGenuine):
        known(signed(event()), account="acct_7")


def test_the_window_is_five_minutes_on_both_sides():
    for shift in (-300, 300):
        assert known(signed(event(), NOW + timedelta(seconds=shift))).external_id == "evt_1"


def test_without_a_secret_there_is_no_address():
    assert KIND.inbound is not None
    assert KIND.inbound.configured(account())
    bare = account()
    bare.credentials = Credentials(secret_key=KEY)
    assert not KIND.inbound.configured(bare)
    with pytest.raises(NotGenuine):
        KIND.inbound.verify(bare, signed(event(), secret=""))


def test_what_is_signed_and_no_json_is_left_to_whoever_parses_it():
    assert known(signed(b"{")).external_id is None


def read(body: bytes):
    assert KIND.inbound is not None
    return KIND.inbound.read(account(), json.loads(body))


def test_a_late_failure_is_read_into_our_words():
    expected = {
        "about": "refund", "payment_ids": ["pi_1", "ch_1"], "refund_id": "re_1", "key": "opr_1", "amount": 700,
        "currency": "EUR", "status": "failed", "failure_code": "declined",
    }  # fmt: skip
    for topic in ("refund.failed", "charge.refund.updated", "refund.updated"):
        assert read(event(topic)) == expected
    assert KIND.inbound is not None
    assert KIND.inbound.resource(known(signed(event())), expected) == "payment:pi_1"


def test_a_refund_made_elsewhere_is_told_of_its_payment():
    charge = {"id": "ch_1", "object": "charge", "payment_intent": None, "amount_refunded": 700}
    assert read(event("charge.refunded", charge)) == {"about": "payment", "payment_ids": ["ch_1"]}


@pytest.mark.parametrize("body", [
    event("invoice.paid"), event("refund.failed", {"id": 1}), event("refund.failed", []), event(data=None),
    event(data={"object": None}), event(type=["x"]), b"{}",
])  # fmt: skip
def test_what_says_nothing_to_us_is_about_nothing(body):
    found = read(body)
    assert found["about"] == "nothing"
    assert KIND.inbound is not None
    assert KIND.inbound.resource(known(signed(event())), found) == ""
