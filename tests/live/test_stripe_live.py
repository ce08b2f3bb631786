"""Stripe's adapter against `stripe-stateful-mock`, which keeps keys and the ceiling of a charge by itself.

It knows charges only, no payment intents.
"""

from __future__ import annotations

import asyncio
import json
import urllib.parse
import urllib.request

import pytest

from app.integrations.addresses import Addresses
from app.integrations.connecting import Account
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.payments.contract import RefundCommand
from app.integrations.payments.stripe import Config, Credentials, adapter
from tests.live import packages

KEY = "sk_test_51Live00000000000"
LISTEN = """
const app = require("stripe-stateful-mock").createExpressApp();
require("http").createServer((request, response) => {
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  app(request, response);
}).listen({port}, "127.0.0.1");
"""
"""Its own command would listen on every address of the machine, and forgets at a replay to say that it is JSON."""
pytestmark = pytest.mark.usefixtures("npm")


@pytest.fixture(scope="module")
def server(npm, tmp_path_factory):
    log = tmp_path_factory.mktemp("stripe") / "log"
    with packages.running("-e", LISTEN, log=log) as running:
        yield running


@pytest.fixture
async def stripe(server):
    account = Account(
        "con_1",
        livemode=False,
        config=Config(api_base=server.url),
        credentials=Credentials(secret_key=KEY),
        seconds=5,
        addresses=Addresses(loopback=True),
    )
    yield adapter(account)
    await account.close()


def charged(server, amount: int = 5000, token: str = "tok_visa") -> str:
    """A charge that the shop's checkout made; its id."""
    form = {"amount": str(amount), "currency": "usd", "source": token}
    asked = urllib.request.Request(
        f"{server.url}/v1/charges",
        urllib.parse.urlencode(form).encode(),
        {"Authorization": f"Bearer {KEY}"},
    )
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)["id"]


def command(charge: str, key: str, amount: int = 700) -> RefundCommand:
    return RefundCommand(key=key, payment_id=charge, amount=amount, currency="USD")


async def moved(stripe, charge: str) -> int:
    """What the mock's own ledger says was given back."""
    ledger = await stripe.payment(charge)
    return sum(refund.amount for refund in ledger.refunds if refund.status != "failed")


async def test_a_refund_is_made_and_found_by_its_key(server, stripe):
    charge = charged(server)
    asked = command(charge, "opr_a")
    assert await stripe.find_refund(asked) is None
    made = await stripe.refund(asked)
    assert (made.status, made.amount, made.currency) == ("succeeded", 700, "USD")
    assert await stripe.find_refund(asked) == made
    ledger = await stripe.payment(charge)
    assert (ledger.state, ledger.captured, [refund.key for refund in ledger.refunds]) == ("captured", 5000, ["opr_a"])


async def test_the_same_key_again_is_the_same_refund(server, stripe):
    charge = charged(server)
    made = await stripe.refund(command(charge, "opr_b"))
    for _ in range(3):
        assert (await stripe.refund(command(charge, "opr_b"))).external_id == made.external_id
    assert await moved(stripe, charge) == 700


async def test_the_same_key_with_another_body_moves_nothing_and_is_no_no(server, stripe):
    charge = charged(server)
    await stripe.refund(command(charge, "opr_c"))
    with pytest.raises(OutcomeUnknown):
        await stripe.refund(command(charge, "opr_c", 701))
    assert (await stripe.find_refund(command(charge, "opr_c", 701))).status == "unknown"
    assert await moved(stripe, charge) == 700


@pytest.mark.parametrize(("first", "second"), [(4000, 1001), (5000, 1)])
async def test_more_than_was_captured_is_refused(server, stripe, first, second):
    charge = charged(server)
    await stripe.refund(command(charge, f"opr_d{first}", first))
    with pytest.raises(Refused) as caught:
        await stripe.refund(command(charge, f"opr_e{second}", second))
    assert caught.value.code == "refund_exceeds_captured"
    assert await moved(stripe, charge) == first


async def test_ten_at_once_under_one_key_are_one_refund(server, stripe):
    charge = charged(server)
    made = await asyncio.gather(*(stripe.refund(command(charge, "opr_f")) for _ in range(10)))
    assert {(one.status, one.external_id) for one in made} == {("succeeded", made[0].external_id)}
    assert await moved(stripe, charge) == 700


async def test_ten_at_once_under_ten_keys_never_pass_the_ceiling(server, stripe):
    charge = charged(server)
    asked = [command(charge, f"opr_g{number}") for number in range(10)]
    ended = await asyncio.gather(*(stripe.refund(one) for one in asked), return_exceptions=True)
    codes = [one.code for one in ended if isinstance(one, Refused)]
    assert codes == ["refund_exceeds_captured"] * 3
    assert await moved(stripe, charge) == 4900
    for one, end in zip(asked, ended, strict=True):
        assert (await stripe.find_refund(one) is None) == isinstance(end, Refused)


async def test_what_is_disputed_or_not_there_is_refused_by_its_own_word(server, stripe):
    with pytest.raises(Refused) as caught:
        await stripe.refund(command(charged(server, token="tok_createDispute"), "opr_h"))
    assert caught.value.code == "payment_disputed"
    with pytest.raises(Refused) as caught:
        await stripe.refund(command("ch_nope", "opr_i"))
    assert caught.value.code == "payment_not_found"
    assert await stripe.payment("ch_nope") is None
