"""What each part of a policy document makes the guard say."""

from datetime import UTC, datetime, timedelta

import pytest

from app.services.policy.contract import CustomerFacts, Facts, LineFacts
from app.services.policy.document import check
from app.services.policy.engine import Guard
from app.services.wording import LANGUAGES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAPS = {"caps": {"EUR": dict.fromkeys(("refund", "order", "customer", "day"), 100_000)}}


def line(line_id="a", **more):
    return LineFacts(**{"line_id": line_id, "free": 1, "value": 5000, **more})


def days_ago(days):
    return NOW - timedelta(days=days)


def facts(action="return", **more):
    given = {
        "actor": "shopper",
        "proof": 2,
        "now": NOW,
        "order_status": "delivered",
        "placed_at": days_ago(12),
        "delivered_at": days_ago(10),
        "currency": "EUR",
    }
    if action in {"return", "exchange", "claim"}:
        given["lines"] = (line(),)
    return Facts(**{**given, **more}, action=action)


def ruled(document, *given, **more):
    return Guard(check(document), "v1").decide(facts(*given, **more))


def said(document, *given, **more):
    ruling = ruled(document, *given, **more)
    return ruling.code if ruling.outcome == "refuse" else ruling.outcome


def tagged(tag):
    return {"fact": "line.tags", "op": "contains", "value": tag}


# ---- gates ----


def test_who_does_not_own_the_order_is_told_nothing_else_about_it():
    ruling = ruled({}, owner=False, order_status="canceled", lines=(line(final_sale=True),))
    assert (ruling.code, ruling.rules) == ("not_owner", ("ownership",))
    assert ruling.lines[0].rules == ("ownership",)


@pytest.mark.parametrize(
    ("action", "level"),
    [
        ("order_status", 1),
        ("return", 1),
        ("cancel", 2),
        ("change_address", 2),
        ("swap_items", 2),
        ("change_payment_method", 2),
        ("exchange", 2),
        ("refund", 2),
        ("change_customer", 2),
    ],
)
def test_each_action_needs_the_proof_of_the_contract(action, level):
    status = "pending" if action in {"cancel", "change_address", "swap_items", "change_payment_method"} else "delivered"
    assert said({}, action, proof=level - 1, order_status=status) == "proof_required"
    assert said({}, action, proof=level, order_status=status) == "allow"


def test_a_return_for_store_credit_or_in_exchange_needs_the_higher_proof():
    assert said({}, proof=1) == "allow"
    assert said({}, proof=1, lines=(line(resolution="store_credit"),)) == "proof_required"
    assert said({}, proof=1, lines=(line(resolution="exchange"),)) == "proof_required"
    assert said({}, proof=1, destination="store_credit") == "proof_required"


def test_a_document_sets_the_proof_that_an_action_needs():
    assert said({"proof": {"return": 2}}, proof=1) == "proof_required"
    assert said({"proof": {"exchange": 1}}, "exchange", proof=1) == "allow"


def test_the_merchant_needs_no_proof_and_has_no_caps_but_meets_state_and_policy():
    merchant = {"actor": "merchant", "proof": 0, "owner": False}
    assert said({}, "refund", amount=10**9, **merchant) == "allow"
    assert said({}, order_status="shipped", **merchant) == "order_not_delivered"
    assert said({}, lines=(line(final_sale=True),), **merchant) == "item_not_returnable"
    assert said({}, lines=(line(quantity=2),), **merchant) == "already_returned"
    assert said({}, delivered_at=days_ago(31), **merchant) == "return_window_closed"
    assert said({}, delivered_at=None, **merchant) == "allow"
    assert said({"auto_approve": {"return": False}}, **merchant) == "allow"


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("cancel", "canceled", "already_canceled"),
        ("cancel", "shipped", "order_not_pending"),
        ("swap_items", "processing", "order_not_pending"),
        ("exchange", "shipped", "order_not_delivered"),
        ("claim", "shipped", "ask"),
        ("claim", "pending", "order_not_delivered"),
        ("withdrawal", "pending", "allow"),
        ("withdrawal", "canceled", "already_canceled"),
        ("order_status", None, "allow"),
        ("change_customer", None, "allow"),
        ("resend_confirmation", "shipped", "allow"),
        ("goodwill", "delivered", "ask"),
        ("extend_window", "delivered", "ask"),
        ("nobody has named it", "delivered", "ask"),
    ],
)
def test_the_state_decides_first(action, status, expected):
    assert said({}, action, order_status=status) == expected


# ---- changes ----


def test_items_are_changed_once_and_lock_the_order_only_where_the_store_says_so():
    pending = {"order_status": "pending", "items_changed": True}
    assert said({}, "swap_items", **pending) == "order_already_modified"
    assert said({}, "cancel", **pending) == "allow"
    locking = {"changes": {"items_lock": True}}
    for action in ("cancel", "change_address", "change_payment_method"):
        assert said(locking, action, **pending) == "order_already_modified"


def test_changes_are_refused_or_asked_as_the_document_says():
    document = {"changes": {"address": "refuse", "payment_method": "ask", "statuses": ["pending", "processing"]}}
    assert said(document, "change_address", order_status="pending") == "order_not_pending"
    assert said(document, "change_payment_method", order_status="processing") == "ask"
    assert said(document, "swap_items", order_status="processing") == "allow"


def test_one_return_and_one_exchange_per_order():
    assert said({}, standing_returns=1) == "allow"
    assert said({"one_return_per_order": True}, standing_returns=1) == "already_returned"
    once = {"exchange_once": True}
    assert said(once, standing_returns=1) == "allow"
    assert said(once, "exchange", standing_returns=1) == "already_returned"
    assert said(once, "exchange", standing_returns=1, standing_exchanges=0) == "allow"
    assert said(once, standing_returns=1, lines=(line(resolution="exchange"),)) == "already_returned"


# ---- windows ----


def test_the_window_closes_to_the_second():
    assert said({}, delivered_at=days_ago(30)) == "allow"
    assert said({}, delivered_at=days_ago(30) - timedelta(seconds=1)) == "return_window_closed"
    assert ruled({}).lines[0].returnable_until == days_ago(10) + timedelta(days=30)


def test_the_first_window_that_is_met_counts():
    document = {
        "windows": {
            "default_days": 5,
            "rules": [
                {"id": "sale", "when": tagged("sale"), "days": 3},
                {"id": "germany", "when": {"fact": "market", "op": "eq", "value": "DE"}, "days": 20},
                {"id": "broken", "when": {"fact": "line.reason", "op": "eq", "value": "damaged"}, "days": None},
            ],
        }
    }
    ruling = ruled(document, market="DE", lines=(line("a", tags=("sale",)), line("b"), line("c", reason="damaged")))
    assert [one.outcome for one in ruling.lines] == ["refuse", "allow", "allow"]
    assert ruling.lines[0].rules == ("window.sale",)
    assert said(document) == "return_window_closed"
    assert said(document, lines=(line(reason="damaged"),), delivered_at=days_ago(900)) == "allow"


def test_each_line_counts_from_its_own_delivery():
    late = line("b", delivered_at=days_ago(2))
    ruling = ruled({}, delivered_at=days_ago(40), lines=(line("a"), late))
    assert [one.outcome for one in ruling.lines] == ["refuse", "allow"]


def test_a_missing_day_of_delivery_asks_a_person():
    ruling = ruled({}, delivered_at=None)
    assert (ruling.outcome, ruling.approvers, ruling.rules) == ("ask", 1, ("window.unknown",))
    assert ruling.lines[0].returnable_until is None
    assert said({"windows": {"default_days": None}}, delivered_at=None) == "allow"


def test_a_refusal_weighs_more_than_a_question_and_both_are_told():
    ruling = ruled({}, delivered_at=None, lines=(line(final_sale=True),))
    assert ruling.code == "item_not_returnable"
    assert ruling.rules == ("final_sale", "window.unknown")


def holidays():
    return {
        "windows": {
            "extensions": [
                {
                    "placed_from": "2025-11-01T00:00:00Z",
                    "placed_to": "2025-12-25T00:00:00Z",
                    "open_until": "2026-03-15T00:00:00Z",
                }
            ]
        }
    }


def test_a_holiday_order_stays_open_until_the_day_that_was_promised():
    bought = {"placed_at": datetime(2025, 11, 1, tzinfo=UTC), "delivered_at": datetime(2025, 11, 5, tzinfo=UTC)}
    assert said({}, **bought) == "return_window_closed"
    ruling = ruled(holidays(), **bought)
    assert ruling.outcome == "allow"
    assert ruling.lines[0].returnable_until == datetime(2026, 3, 15, tzinfo=UTC)
    assert said(holidays(), **{**bought, "delivered_at": None}) == "allow"
    assert said(holidays(), **{**bought, "placed_at": datetime(2025, 12, 25, tzinfo=UTC)}) == "return_window_closed"
    assert said(holidays(), **bought, now=datetime(2026, 3, 15, 1, tzinfo=UTC)) == "return_window_closed"


def test_an_order_keeps_the_windows_under_which_it_was_bought():
    document = {
        "windows": {
            "default_days": 5,
            "earlier": [
                {"until": "2025-01-01T00:00:00Z", "default_days": None},
                {"until": "2026-02-25T00:00:00Z", "default_days": 60},
            ],
        }
    }
    assert said(document, placed_at=days_ago(12), delivered_at=days_ago(6)) == "allow"
    assert (
        said(document, placed_at=datetime(2026, 2, 25, tzinfo=UTC), delivered_at=days_ago(6)) == "return_window_closed"
    )
    assert said(document, placed_at=datetime(2024, 1, 1, tzinfo=UTC), delivered_at=days_ago(700)) == "allow"
    assert said(document, placed_at=None, delivered_at=days_ago(6)) == "return_window_closed"


def test_a_window_that_a_person_extended_stays_open():
    kept = line(extended_until=NOW + timedelta(days=1))
    assert said({}, delivered_at=days_ago(99), lines=(kept,)) == "allow"
    assert said({}, delivered_at=None, lines=(kept,)) == "allow"
    assert said({}, delivered_at=days_ago(99), lines=(line(extended_until=days_ago(1)),)) == "return_window_closed"


def test_a_withdrawal_has_fourteen_days_from_delivery_and_needs_no_reason():
    document = {"reasons": {"*": {"accepted": ["x"], "required": True}}}
    assert said(document, "withdrawal", delivered_at=days_ago(14)) == "allow"
    assert said(document, "withdrawal", delivered_at=days_ago(15)) == "return_window_closed"
    assert said(document, "withdrawal", delivered_at=None) == "ask"
    assert said(document, "withdrawal", delivered_at=None, order_status="shipped") == "allow"
    strict = {"withdrawal": {"before_delivery": False}}
    assert said(strict, "withdrawal", order_status="shipped") == "order_not_delivered"
    assert said({}, "withdrawal", lines=(line(final_sale=True),)) == "allow"


# ---- lines ----


def test_final_sale_and_hygiene_by_tag_and_by_condition():
    document = {
        "final_sale": {"tags": ["outlet"], "when": {"fact": "line.title", "op": "starts_with", "value": "Gift card"}},
        "hygiene": {"tags": ["underwear"]},
    }
    assert said(document) == "allow"
    for one in (line(tags=("outlet",)), line(title="Gift card 50"), line(tags=("underwear",)), line(final_sale=True)):
        assert said(document, lines=(one,)) == "item_not_returnable"
    assert said(document, "withdrawal", lines=(line(tags=("underwear",)),)) == "item_not_returnable"
    assert said(document, "claim", lines=(line(tags=("underwear",)),)) == "ask"


def test_reasons_are_those_that_the_action_lists():
    document = {"reasons": {"*": {"accepted": ["a", "b"]}, "cancel": {"accepted": ["c"], "required": True}}}
    assert said(document, lines=(line(reason="a"),)) == "allow"
    assert said(document, lines=(line(),)) == "allow"
    assert said(document, lines=(line("a", reason="a"), line("b", reason="c"))) == "reason_not_allowed"
    assert said(document, reason="c") == "reason_not_allowed"
    assert said(document, "cancel", order_status="pending", reason="c") == "allow"
    assert said(document, "cancel", order_status="pending") == "reason_not_allowed"


def test_photos_are_asked_for_as_the_reason_demands():
    document = {"photos": [{"id": "proof", "reasons": ["damaged"], "count": 2}]}
    damaged = line(reason="damaged", photos=1)
    assert ruled(document, lines=(damaged,)).rules == ("photos.proof",)
    assert said(document, lines=(damaged,)) == "ask"
    assert said(document, lines=(line(reason="damaged", photos=2),)) == "allow"
    assert said(document, lines=(line(reason="other"),)) == "allow"
    assert said(document, lines=(damaged,), actor="merchant") == "allow"
    document["photos"][0]["outcome"] = "refuse"
    assert said(document, lines=(damaged,)) == "item_not_returnable"


def test_resolutions_are_those_that_are_offered():
    document = {
        "resolutions": ["refund"],
        "resolution_rules": [{"id": "sale", "when": tagged("sale"), "allowed": ["store_credit"]}],
    }
    assert said(document, lines=(line(resolution="exchange"),)) == "refund_method_not_allowed"
    assert said(document, "exchange") == "refund_method_not_allowed"
    ruling = ruled(document, lines=(line(tags=("sale",), resolution="store_credit"),))
    assert (ruling.outcome, ruling.lines[0].resolutions) == ("allow", ("store_credit",))
    assert said(document, lines=(line(tags=("sale",)),)) == "refund_method_not_allowed"


def test_money_goes_only_where_the_store_sends_it():
    assert said({}, destination="store_credit") == "allow"
    assert said({}, destination="payment_method", destination_kind="gift_card") == "allow"
    assert said({}, destination="payment_method", destination_kind="card") == "refund_method_not_allowed"
    assert said({"destinations": ["store_credit"]}) == "refund_method_not_allowed"
    assert said({"destinations": ["store_credit"]}, lines=(line(resolution="store_credit"),)) == "allow"


# ---- fees, label, kept goods ----


def test_fees_add_up_and_never_pass_the_worth_of_the_goods():
    document = {
        "fees": [
            {
                "id": "restocking",
                "percent": 15,
                "when": {"not": {"fact": "line.reason", "op": "eq", "value": "damaged"}},
            },
            {"id": "handling", "fixed": {"EUR": 199, "JPY": 100}},
        ]
    }
    ruling = ruled(document, lines=(line("a", value=3333), line("b", reason="damaged"), line("c", value=50)))
    assert [one.fee for one in ruling.lines] == [499 + 199, 199, 50]
    assert ruling.fee == 499 + 199 + 199 + 50
    assert ruled(document, "exchange").fee == 0
    assert ruled(document, lines=(line(final_sale=True),)).fee == 0


def test_who_pays_the_label():
    document = {
        "label": {
            "payer": "shopper",
            "rules": [
                {"id": "ours", "when": {"fact": "line.reason", "op": "eq", "value": "damaged"}, "payer": "store"}
            ],
        }
    }
    assert ruled({}).label_payer == "store"
    assert ruled(document).label_payer == "shopper"
    assert ruled(document, lines=(line(reason="damaged"),)).label_payer == "store"
    assert ruled(document, lines=(line(reason="damaged"), line("b"))).label_payer == "shopper"


def test_cheap_goods_stay_with_the_shopper():
    document = {"keep_items": {"below": {"EUR": 1000}}}
    assert ruled(document, lines=(line(value=999),)).keep_items is True
    assert ruled(document, lines=(line(value=999), line("b", value=1))).keep_items is False
    assert ruled(document, lines=(line(value=1),), currency="USD").keep_items is False
    assert ruled(document, lines=(line(value=499),), let_keep=500).keep_items is True
    assert ruled(document, lines=(line(value=500),), let_keep=500).keep_items is False
    assert ruled(document, lines=(line(value=1, final_sale=True),)).keep_items is False


# ---- rules, abuse, caps, approvals ----


def test_the_first_rule_that_is_met_decides():
    document = {
        "rules": [
            {
                "id": "vip",
                "actions": ["return"],
                "when": {"fact": "order_tags", "op": "contains", "value": "vip"},
                "outcome": "allow",
            },
            {
                "id": "many",
                "actions": ["return"],
                "when": {"fact": "customer.returns", "op": "gte", "value": 3},
                "outcome": "refuse",
                "code": "limit_reached",
                "reason": {"en": "Too many returns.", "de": "Zu viele Retouren."},
            },
            {
                "id": "dear",
                "actions": ["return"],
                "when": {"fact": "line.value", "op": "gt", "value": {"amount": 9000, "currency": "EUR"}},
                "outcome": "ask",
            },
        ]
    }
    many = CustomerFacts(returns=3)
    assert said(document) == "allow"
    ruling = ruled(document, customer=many, language="de-AT")
    assert (ruling.code, ruling.reasons, ruling.rules) == ("limit_reached", ("Zu viele Retouren.",), ("many",))
    assert ruled(document, customer=many, language="fr").reasons == ("Too many returns.",)
    assert said(document, customer=many, order_tags=("vip",)) == "allow"
    assert said(document, customer=many, actor="merchant") == "limit_reached"
    ruling = ruled(document, lines=(line("a"), line("b", value=9001)))
    assert [one.outcome for one in ruling.lines] == ["allow", "ask"]
    assert (ruling.outcome, ruling.rules) == ("ask", ("dear",))


def test_a_rule_that_allows_waives_questions_and_no_refusal():
    document = {
        "auto_approve": {"return": False},
        "rules": [{"id": "fine", "actions": ["return"], "when": tagged("fine"), "outcome": "allow"}],
    }
    fine = line(tags=("fine",))
    assert said(document) == "ask"
    assert said(document, lines=(fine,)) == "allow"
    assert said(document, lines=(fine, line("b"))) == "ask"
    assert said(document, lines=(line(tags=("fine",), final_sale=True),)) == "item_not_returnable"
    assert said(document, lines=(fine,), delivered_at=None) == "ask"


def test_a_rule_before_the_state_gives_its_own_code():
    rule = {
        "id": "closed",
        "actions": ["cancel"],
        "when": {"fact": "order_status", "op": "eq", "value": "canceled"},
        "outcome": "refuse",
        "code": "order_not_pending",
        "before_state": True,
    }
    ruling = ruled({"rules": [rule]}, "cancel", order_status="canceled")
    assert (ruling.code, ruling.rules) == ("order_not_pending", ("closed", "state"))
    assert said({"rules": [rule]}, "cancel", order_status="canceled", owner=False) == "not_owner"


def test_signs_of_abuse_ask_or_refuse():
    document = {
        "abuse": {
            "return_rate": {"above": 50, "orders_at_least": 4},
            "claims": {"above": 2, "outcome": "refuse"},
            "accounts_on_address": {"above": 3},
        }
    }
    assert said(document, customer=CustomerFacts(orders=4, return_rate=50)) == "allow"
    assert said(document, customer=CustomerFacts(orders=4, return_rate=51)) == "ask"
    assert said(document, customer=CustomerFacts(orders=3, return_rate=100)) == "allow"
    assert said(document, customer=CustomerFacts(claims=3)) == "limit_reached"
    assert said(document, customer=CustomerFacts(accounts_on_address=4)) == "ask"
    assert said(document, customer=CustomerFacts(claims=3), actor="merchant") == "allow"
    assert said(document, "withdrawal", customer=CustomerFacts(claims=3)) == "allow"


@pytest.mark.parametrize("scope", ["order", "customer", "day"])
def test_what_automation_spent_before_counts_against_each_cap(scope):
    assert said(CAPS, "refund", amount=1000, spent={scope: 99_000}) == "allow"
    ruling = ruled(CAPS, "refund", amount=1001, spent={scope: 99_000}, actor="automation")
    assert (ruling.code, ruling.rules) == ("limit_reached", (f"caps.{scope}",))


def test_a_currency_without_caps_has_no_automatic_refund():
    assert said({}, "refund", amount=1) == "limit_reached"
    assert said(CAPS, "refund", amount=100_001) == "limit_reached"
    assert said(CAPS, "refund", amount=1, currency="JPY") == "limit_reached"


def test_a_claim_or_a_withdrawal_above_a_cap_is_looked_at_and_not_turned_away():
    assert said({}, "withdrawal", amount=1) == "ask"
    assert said({"auto_approve": {"claim": True}}, "claim", amount=1) == "ask"


def test_two_persons_agree_above_an_amount_whoever_asks():
    document = {**CAPS, "two_persons_above": {"EUR": 5000}}
    assert said(document, "refund", amount=5000) == "allow"
    for actor in ("shopper", "automation", "merchant"):
        ruling = ruled(document, "refund", amount=5001, actor=actor)
        assert (ruling.outcome, ruling.approvers, ruling.rules) == ("ask", 2, ("two_persons",))
    assert said(document, "refund", amount=5001, currency="USD", actor="merchant") == "allow"


def test_what_an_order_was_given_before_counts_towards_two_persons_but_not_for_what_was_decided_already():
    document = {**CAPS, "two_persons_above": {"EUR": 5000}}
    assert said(document, "refund", amount=2000, given=3000, actor="merchant") == "allow"
    ruling = ruled(document, "refund", amount=2001, given=3000, actor="merchant")
    assert (ruling.outcome, ruling.approvers, ruling.rules) == ("ask", 2, ("two_persons",))
    assert said(document, "goodwill", amount=2001, given=3000, actor="merchant") == "ask"
    assert said(document, "refund", amount=2001, given=3000, follows="return", actor="merchant") == "allow"
    assert said(document, "refund", amount=5001, follows="return", actor="merchant") == "ask"
    assert said(document, "refund", amount=0, given=9000, actor="merchant") == "allow"
    assert said(document, "return", given=9000) == "allow"


def test_money_before_goods_needs_a_policy_that_allows_it():
    assert said(CAPS, "refund", amount=100, instant=True) == "ask"
    document = {**CAPS, "instant_refund": {"fact": "amount", "op": "lt", "value": {"amount": 500, "currency": "EUR"}}}
    assert said(document, "refund", amount=499, instant=True) == "allow"
    assert said(document, "refund", amount=500, instant=True) == "ask"
    assert said(CAPS, "refund", amount=100, instant=True, actor="merchant") == "allow"


def test_auto_approval_by_condition_must_hold_for_every_line():
    document = {"auto_approve": {"return": tagged("easy"), "claim": True}}
    assert said(document, lines=(line(tags=("easy",)),)) == "allow"
    assert said(document, lines=(line(tags=("easy",)), line("b"))) == "ask"
    assert said(document, "claim") == "allow"


def test_a_return_in_exchange_waits_where_exchanges_do():
    document = {"auto_approve": {"exchange": False}}
    assert said(document) == "allow"
    assert said(document, "exchange") == "ask"
    assert said(document, lines=(line(resolution="exchange"),)) == "ask"


def test_a_label_for_what_is_in_a_return_already_is_made():
    assert said({}, "return_label", lines=(line(free=0),)) == "allow"
    assert said({}, "return_label", lines=(line(final_sale=True),)) == "item_not_returnable"


@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_are_told_in_the_shoppers_language_and_ids_stay(language):
    ruling = ruled({}, delivered_at=days_ago(99), language=language)
    assert ruling.rules == ("window",)
    assert "{" not in ruling.reasons[0]
    english = ruled({}, delivered_at=days_ago(99)).reasons[0]
    assert (ruling.reasons[0] == english) == (language == "en")


# ---- what could be returned ----


def returnable(document, **more):
    return Guard(check(document), "v1").returnable(facts(**more))


def test_returnable_tells_each_line_before_anyone_asks():
    document = {
        "fees": [{"id": "restocking", "percent": 10}],
        "reasons": {"*": {"required": True}},
        "photos": [{"id": "p"}],
        "final_sale": {"tags": ["outlet"]},
    }
    ruling = returnable(
        document, lines=(line("a", free=3), line("b", free=0), line("c", tags=("outlet",)), line("d", quantity=9))
    )
    assert ruling.outcome == "allow"
    a, b, c, d = ruling.lines
    assert (a.outcome, a.quantity, a.fee) == ("allow", 3, 500)
    assert a.returnable_until == days_ago(10) + timedelta(days=30)
    assert a.resolutions == ("refund", "store_credit", "exchange")
    assert (b.outcome, b.code, b.quantity, b.resolutions) == ("refuse", "already_returned", 0, ())
    assert (c.outcome, c.code) == ("refuse", "item_not_returnable")
    assert (d.outcome, d.quantity) == ("allow", 1)


def test_returnable_says_when_only_an_exchange_or_only_money_is_left():
    swap_later = {
        "windows": {
            "default_days": 5,
            "rules": [{"id": "swap", "when": {"fact": "action", "op": "eq", "value": "exchange"}, "days": 90}],
        }
    }
    only = returnable(swap_later).lines[0]
    assert (only.outcome, only.resolutions) == ("allow", ("exchange",))
    once = returnable({"exchange_once": True}, standing_returns=1, standing_exchanges=1).lines[0]
    assert once.resolutions == ("refund", "store_credit")


def test_returnable_asks_a_rule_anew_where_the_action_matters():
    """What is met by the same line as a return is taken over for the exchange only where nothing asks which it is."""
    rule = {"id": "r", "actions": ["return", "exchange"], "outcome": "refuse"}
    of_returns = {"any": [{"not": {"fact": "action", "op": "ne", "value": "return"}}]}
    only = returnable({"rules": [{**rule, "when": of_returns}]}).lines[0]
    assert (only.outcome, only.resolutions) == ("allow", ("exchange",))
    listed = returnable({"rules": [{**rule, "actions": ["return"]}]}).lines[0]
    assert (listed.outcome, listed.resolutions) == ("allow", ("exchange",))
    both = returnable({"rules": [rule]}).lines[0]
    assert (both.outcome, both.resolutions) == ("refuse", ())
    swaps = {"id": "swap", "when": {"fact": "action", "op": "eq", "value": "exchange"}, "days": 90}
    bought = Guard(check({"windows": {"default_days": 5, "rules": [swaps]}}), "v0")
    old = Guard(check({}), "v1").under(bought).returnable(facts()).lines[0]
    assert (old.outcome, old.resolutions) == ("allow", ("exchange",)), "the version under which it was bought asks"


def test_returnable_of_an_order_that_has_not_arrived_or_is_anothers_says_why():
    assert [one.code for one in returnable({}, order_status="shipped").lines] == ["order_not_delivered"]
    assert [one.code for one in returnable({}, owner=False).lines] == ["not_owner"]
    assert returnable({}, proof=1).outcome == "allow"
    assert returnable({}, proof=0).code == "proof_required"
    assert returnable({}, order_status="shipped", lines=()).code == "order_not_delivered"


def test_returnable_asks_where_a_person_would_be_asked():
    ruling = returnable({}, delivered_at=None)
    assert (ruling.outcome, ruling.approvers, ruling.lines[0].outcome) == ("ask", 1, "ask")


def outcomes(document, *lines, **more):
    return [(one.outcome, one.resolutions) for one in returnable(document, lines=lines, **more).lines]


def test_returnable_tells_of_a_line_what_would_be_said_of_it_alone():
    cheap, dear = line("a", value=900), line("b", value=9000)
    below = {"fact": "line.value", "op": "lt", "value": {"amount": 5000, "currency": "EUR"}}
    yes = {"auto_approve": {"return": below, "exchange": below}}
    assert [one for one, _ in outcomes(yes, cheap, dear)] == ["allow", "ask"]
    vip = {"id": "vip", "actions": ["return", "exchange"], "when": below, "outcome": "allow"}
    waived = {"auto_approve": {"return": False, "exchange": False}, "rules": [vip]}
    assert [one for one, _ in outcomes(waived, cheap, dear)] == ["allow", "ask"]
    never = {"id": "no", "actions": ["return", "exchange"], "when": {"not": below}, "outcome": "refuse"}
    assert [one for one, _ in outcomes({"rules": [{**never, "before_state": True}]}, cheap, dear)] == [
        "allow",
        "refuse",
    ]


def test_returnable_holds_a_reason_against_that_alone_which_lists_others():
    listed = {"reasons": {"return": {"accepted": ["damaged"]}}}
    assert outcomes(listed, line(), reason="bored") == [("allow", ("exchange",))]
    assert outcomes(listed, line(), reason="damaged") == [("allow", ("refund", "store_credit", "exchange"))]


def test_returnable_tries_each_resolution_where_a_rule_asks_for_it():
    rule = {"id": "r", "actions": ["return", "exchange"], "outcome": "refuse"}
    for word in ("refund", "store_credit", "exchange"):
        asked = {"fact": "line.resolution", "op": "eq", "value": word}
        left = tuple(one for one in ("refund", "store_credit", "exchange") if one != word)
        assert outcomes({"rules": [{**rule, "when": asked}]}, line()) == [("allow", left)]
    asked = {"fact": "line.resolution", "op": "exists", "value": True}
    assert outcomes({"rules": [{**rule, "when": asked}]}, line()) == [("refuse", ())]
    only = {"resolutions": ["exchange"], "rules": [{**rule, "actions": ["exchange"], "when": None}]}
    assert outcomes(only, line()) == [("refuse", ())], "as money it may not come back, as goods it is refused"


def test_a_policy_whose_yes_depends_on_the_reason_says_so():
    yes = {"auto_approve": {"return": {"fact": "line.reason", "op": "eq", "value": "damaged"}}}
    assert Guard(check(yes), "v1").plan.reason_asked
