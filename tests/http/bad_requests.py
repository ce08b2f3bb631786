"""The table of bad requests: what is sent, and the status and code that it gets; every table stays as it was.

`@name@` stands for something of the world in `test_bad_input.py`: `@order@` is the store's own, `@foreign_order@`
another store's.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from typing import Any

from app.money import MAX_AMOUNT

EUR = {"amount": 100, "currency": "EUR"}
REFUND: dict[str, Any] = {"order": "@order@", "amount": EUR, "reason": "damaged"}
RETURN: dict[str, Any] = {"order": "@order@", "lines": [{"line_id": "@line@", "quantity": 1}]}
SWAP: dict[str, Any] = {"line_id": "@line@", "variant_id": "var-pack-black", "quantity": 1}
EXCHANGE: dict[str, Any] = {"order": "@order@", "lines": [SWAP]}
LABEL: dict[str, Any] = {**RETURN, "format": "pdf"}
CLAIMED: dict[str, Any] = {"line_id": "@line@", "quantity": 1, "kind": "damaged"}
CLAIM: dict[str, Any] = {"order": "@order@", "lines": [CLAIMED]}
WITHDRAWN: dict[str, Any] = {"line_id": "@line@", "quantity": 1}
NO_SESSION = "ses_01m7zskg3kes4tpxfpb1m0gd21"
NO_CLAIM, NO_WITHDRAWAL = "clm_01m7zskg3kes4tpxfpb1m0gczt", "wdr_01m7zskg3kes4tpxfpb1m0gczt"
MESSAGE: dict[str, Any] = {"channel": "chat", "text": "Where is my order?"}
LONG = "x" * 10_000
AWAY = {"address1": "Neue Straße 7", "city": "Köln", "country_code": "DE"}
MOVED, SWAPPED, PAID = (f"/v1/orders/1003/{what}" for what in ("shipping-address", "items", "payment-method"))
KEY = "Idempotency-Key"
TYPE = "Content-Type"


@dataclass(frozen=True)
class Bad:
    """One request and what it gets."""

    says: str
    status: int
    code: str
    method: str = "POST"
    path: str = "/v1/refunds"
    body: Any = None
    raw: bytes | None = None
    headers: dict[str, str | bytes | None] = field(default_factory=dict)
    """Beside the key, the content type and a fresh idempotency key; None takes one of these away."""
    pairs: tuple[tuple[str, str | bytes], ...] = ()
    """More headers, which may come twice."""

    def content(self) -> bytes | None:
        return self.raw if self.raw is not None else None if self.body is None else json.dumps(self.body).encode()


def json_(says: str, text: str | bytes, status: int = 400, code: str = "invalid_json") -> Bad:
    return Bad(says, status, code, raw=text.encode() if isinstance(text, str) else text)


def refund(says: str, status: int = 422, code: str = "validation_failed", /, **fields: Any) -> Bad:
    return Bad(says, status, code, body={**REFUND, **fields})


def returned(says: str, status: int = 422, code: str = "validation_failed", /, **fields: Any) -> Bad:
    return Bad(says, status, code, path="/v1/returns", body={**RETURN, **fields})


def exchanged(says: str, status: int = 422, code: str = "validation_failed", /, **fields: Any) -> Bad:
    return Bad(says, status, code, path="/v1/exchanges", body={**EXCHANGE, **fields})


def claimed(says: str, status: int = 422, code: str = "validation_failed", /, **fields: Any) -> Bad:
    return Bad(says, status, code, path="/v1/claims", body={**CLAIM, **fields})


def withdrawn(says: str, status: int = 422, code: str = "validation_failed", /, **fields: Any) -> Bad:
    return Bad(says, status, code, path="/v1/withdrawals", body={"order": "@order@", **fields})


def label(says: str, status: int, code: str, body: Any) -> Bad:
    return Bad(says, status, code, path="/v1/return-labels", body=body)


def changed(says: str, status: int, code: str, path: str, body: Any, method: str = "PUT", **headers: str) -> Bad:
    return Bad(says, status, code, method, path, body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def message(says: str, status: int = 422, code: str = "validation_failed", /, **fields: Any) -> Bad:
    return Bad(says, status, code, path="/v1/messages", body={**MESSAGE, **fields})


def session(
    says: str,
    status: int = 422,
    code: str = "validation_failed",
    /,
    headers: dict[str, str | bytes | None] | None = None,
    **fields: Any,
) -> Bad:
    return Bad(says, status, code, path="/v1/shopper-sessions", body=fields, headers=headers or {})


def ticket(says: str, body: Any, status: int = 422, code: str = "validation_failed", method: str = "PATCH",
           path: str = "/v1/tickets/@ticket@", **headers: str) -> Bad:  # fmt: skip
    return Bad(says, status, code, method, path, body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def get(says: str, path: str, status: int = 422, code: str = "validation_failed", **headers: str) -> Bad:
    return Bad(says, status, code, "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})


def amount(says: str, text: str, status: int = 422, code: str = "validation_failed") -> Bad:
    raw = f'{{"order":"@order@","amount":{{"amount":{text},"currency":"EUR"}}}}'
    return Bad(f"amount {says}", status, code, raw=raw.encode())


def header(says: str, status: int, code: str, /, body: Any = REFUND, **headers: str | bytes | None) -> Bad:
    return Bad(says, status, code, body=body, headers={name.replace("_", "-"): v for name, v in headers.items()})


CAP = {"refund": 100, "order": 200, "customer": 300, "day": 400}
LEAF = {"fact": "order_tags", "op": "contains", "value": "vip"}
RULE = {"id": "one", "actions": ["return"], "outcome": "ask"}


def policy(says: str, document: Any, status: int = 422, code: str = "validation_failed", *, body: Any = None) -> Bad:
    return Bad(says, status, code, path="/v1/policies", body={"document": document} if body is None else body)


def backtest(says: str, body: Any, status: int = 422, code: str = "validation_failed") -> Bad:
    return Bad(says, status, code, path="/v1/policies/backtest", body=body)


HEAD = '{"order":"@order@","reason":'
ROWS: list[Bad] = [
    # ---- JSON that is none -------------------------------------------------------------------------------------
    json_("a key twice", '{"order":"@order@","order":"#1002","shipping":true}'),
    json_("a key twice, deep", '{"order":"@order@","amount":{"amount":1,"amount":2,"currency":"EUR"}}'),
    json_("a key twice, once escaped", '{"order":"@order@","\\u006frder":"#1002","shipping":true}'),
    json_("NaN", HEAD + "NaN}"),
    json_("Infinity", HEAD + "Infinity}"),
    json_("minus Infinity", HEAD + "-Infinity}"),
    json_("1e400", '{"order":"@order@","amount":{"amount":1e400,"currency":"EUR"}}'),
    json_("5,000 digits", '{"order":"@order@","amount":{"amount":' + "9" * 5000 + ',"currency":"EUR"}}'),
    json_("5,000 decimals", '{"order":"@order@","amount":{"amount":1.' + "0" * 5000 + ',"currency":"EUR"}}'),
    json_("65 levels", "[" * 65 + "]" * 65),
    json_("100,000 levels", '{"order":' + "[" * 100_000),
    json_("100,000 objects", '{"a":' * 100_000),
    json_("half a surrogate pair", HEAD + '"\\ud800"}'),
    json_("the other half", HEAD + '"\\udc00 x"}'),
    json_("half a pair as a key", '{"order":"@order@","\\ud800":1}'),
    json_("half a pair in bytes", HEAD.encode() + b'"\xed\xa0\x80"}'),
    json_("NUL, escaped", HEAD + '"a\\u0000b"}'),
    json_("NUL, raw", HEAD + '"a\x00b"}'),
    json_("a raw control character", HEAD + '"a\x01b"}'),
    json_("a byte order mark", b"\xef\xbb\xbf" + json.dumps(REFUND).encode()),
    json_("Latin-1", HEAD.encode() + '"café"}'.encode("latin-1")),
    json_("UTF-16", json.dumps(REFUND).encode("utf-16")),
    json_("an overlong encoding", HEAD.encode() + b'"\xc0\xaf"}'),
    json_("cut short", '{"order":"@order@"'),
    json_("two documents", json.dumps(REFUND) * 2),
    json_("a trailing comma", '{"order":"@order@",}'),
    json_("single quotes", "{'order':'@order@'}"),
    json_("a comment", '{"order":"@order@"/*x*/}'),
    json_("a leading zero", '{"order":"@order@","amount":{"amount":0100,"currency":"EUR"}}'),
    json_("blanks only", "   "),
    json_("no body", b"", 422, "validation_failed"),
    json_("null", "null", 422, "validation_failed"),
    json_("a list", "[]", 422, "validation_failed"),
    json_("a string", '"refund"', 422, "validation_failed"),
    json_("a number", "1", 422, "validation_failed"),
    # ---- amounts and currencies --------------------------------------------------------------------------------
    amount("true", "true"),
    amount("a string", '"100"'),
    amount("a float", "1.0"),
    amount("an exponent", "1e2"),
    amount("negative", "-1"),
    amount("zero", "0"),
    amount("minus zero", "-0"),
    amount("null", "null"),
    amount("a list", "[100]"),
    amount("above what any amount may be", str(MAX_AMOUNT + 1)),
    amount("of 30 digits", "9" * 30),
    amount("more than was paid", "9000000", 409, "refund_exceeds_captured"),
    refund("an amount without currency", amount={"amount": 100}),
    refund("an amount that is a number", amount=100),
    refund("a currency nobody knows", amount={"amount": 100, "currency": "ABC"}),
    refund("a currency in lower case", amount={"amount": 100, "currency": "eur"}),
    refund("a currency's sign", amount={"amount": 100, "currency": "€"}),
    refund("a long currency", amount={"amount": 100, "currency": "EURO"}),
    refund("a currency with a blank", amount={"amount": 100, "currency": "EUR "}),
    refund("a currency that looks like one", amount={"amount": 100, "currency": "ЕUR"}),
    refund("no currency at all", amount={"amount": 100, "currency": None}),
    refund("the code for no currency", amount={"amount": 100, "currency": "XXX"}),
    refund("a refund of another store's return", 404, "return_not_found", return_id="@foreign_return@"),
    refund("a refund of a return by an id of another kind", 404, "return_not_found", return_id="@order@"),
    refund("another currency than the order's", 422, "currency_mismatch", amount={"amount": 100, "currency": "USD"}),
    refund("another exponent than the order's", 422, "currency_mismatch", amount={"amount": 100, "currency": "JPY"}),
    refund("an exponent of one's own", amount={**EUR, "exponent": 0}),
    # ---- fields that are not the caller's ----------------------------------------------------------------------
    *(
        refund(f"the field {name}", **{name: value})
        for name, value in {
            "status": "succeeded", "store_id": "@foreign_store@", "captured": 1, "livemode": True,
            "id": "rfd_1", "created_at": "2026-01-01T00:00:00Z", "allocations": [], "actor": "agent:me", "Order": "x",
            "__proto__": {}, "constructor": {}, "": 1, "amount ": EUR, "automated": False,
        }.items()
    ),
    refund("an unknown field in a line", lines=[{"line_id": "@line@", "quantity": 1, "price": 1}]),
    refund("an unknown field in the destination", destination={"type": "original", "iban": "DE00"}),
    # ---- lines, quantities, ids --------------------------------------------------------------------------------
    refund("no order", order=None),
    refund("an order that is a number", order=1001),
    refund("an empty order", order=""),
    refund("a blank order", order="  "),
    refund("an order of 10 kB", order=LONG),
    refund("an order with a line break", order="#1001\r\nX-Injected: 1"),
    refund("an order nobody has", 404, "order_not_found", order="#777777"),
    refund("another store's order", 404, "order_not_found", order="@foreign_order@"),
    refund("an id of another kind as order", 404, "order_not_found", order="@ticket@"),
    refund("an order that is a path", 404, "order_not_found", order="../orders/ord-1001"),
    refund("an order that is SQL", 404, "order_not_found", order="' OR '1'='1"),
    refund("nothing asked for", 422, "no_items", amount=None),
    refund("a line of another order", 422, "item_not_in_order", amount=None,
           lines=[{"line_id": "@other_line@", "quantity": 1}]),
    refund("another store's line", 422, "item_not_in_order", amount=None,
           lines=[{"line_id": "@foreign_line@", "quantity": 1}]),
    refund("a quantity of 0", amount=None, lines=[{"line_id": "@line@", "quantity": 0}]),
    refund("a negative quantity", amount=None, lines=[{"line_id": "@line@", "quantity": -1}]),
    refund("a huge quantity", amount=None, lines=[{"line_id": "@line@", "quantity": 10**9}]),
    refund("a quantity of 2 of 1", 409, "refund_exceeds_captured", amount=None,
           lines=[{"line_id": "@line@", "quantity": 2}]),
    refund("the same line twice", 422, "validation_failed", amount=None,
           lines=[{"line_id": "@line@", "quantity": 1}, {"line_id": "@line@", "quantity": 1}]),
    refund("a quantity that is true", amount=None, lines=[{"line_id": "@line@", "quantity": True}]),
    refund("a quantity that is a string", amount=None, lines=[{"line_id": "@line@", "quantity": "1"}]),
    refund("501 lines", lines=[{"line_id": "@line@", "quantity": 1}] * 501),
    refund("lines that are an object", lines={"line_id": "@line@", "quantity": 1}),
    refund("shipping that is a word", shipping="true"),
    refund("shipping that is a number", shipping=1),
    refund("a destination nobody knows", destination={"type": "my_account"}),
    refund("a payment method of another", 422, "payment_method_not_found",
           destination={"type": "payment_method", "payment_method_id": "pm-luc-paypal"}),
    refund("a reason of two lines", reason="a\nb"),
    refund("a reason with a carriage return", reason="a\rb"),
    refund("a reason with an escape character", reason="a\x1bb"),
    refund("a reason with a line separator", reason="a\u2028b"),
    refund("a reason with the C1 line break", reason="a\u0085b"),
    refund("a blank reason", reason=" \t "),
    refund("a reason of 10 kB", reason=LONG),
    refund("a note of 10 kB", note=LONG),
    refund("a note that is a list", note=["a"]),
    # ---- returns and labels ------------------------------------------------------------------------------------
    returned("a return of nothing", 422, "no_items", lines=[]),
    returned("a return without lines", lines=None),
    returned("a return of 0", lines=[{"line_id": "@line@", "quantity": 0}]),
    returned("a return of more than was bought", 422, "item_not_in_order",
             lines=[{"line_id": "@line@", "quantity": 9}]),
    returned("a return of another order's line", 422, "item_not_in_order",
             lines=[{"line_id": "@other_line@", "quantity": 1}]),
    returned("a return from another store", 404, "order_not_found", order="@foreign_order@"),
    returned("a return of what is on its way", 409, "order_not_delivered", order="#1002",
             lines=[{"line_id": "ln-1002-1", "quantity": 1}]),
    returned("a return of what was sold for good", 409, "item_not_returnable", order="#1010",
             lines=[{"line_id": "ln-1010-1", "quantity": 1}]),
    returned("a return by a method nobody knows", method="teleport"),
    returned("a return in cash", destination={"type": "cash"}),
    returned("a return's reason of two lines", lines=[{"line_id": "@line@", "quantity": 1, "reason": "a\nb"}]),
    returned("a return that says its status", status="completed"),
    returned("a return to a method nobody has", 422, "payment_method_not_found",
             destination={"type": "payment_method", "payment_method_id": "pm-nobody"}),
    returned("a return to a method that is not named", 422, "payment_method_not_found",
             destination={"type": "payment_method"}),
    returned("a return of which one line is exchanged", lines=[
        {"line_id": "@line@", "quantity": 1},
        {"line_id": "ln-1001-2", "quantity": 1, "resolution": "exchange", "variant_id": "var-socks-grey-43"}]),
    returned("a return's photos as a word", lines=[{"line_id": "@line@", "quantity": 1, "files": "a"}]),
    # ---- exchanges ---------------------------------------------------------------------------------------------
    exchanged("an exchange of nothing", 422, "no_items", lines=[]),
    exchanged("an exchange for nothing", lines=[{"line_id": "@line@", "quantity": 1}]),
    exchanged("an exchange of 0", lines=[{**SWAP, "quantity": 0}]),
    exchanged("an exchange of true", lines=[{**SWAP, "quantity": True}]),
    exchanged("an exchange of a line that is not there", 422, "item_not_in_order", lines=[{**SWAP, "line_id": "ln-x"}]),
    exchanged("an exchange of more than was bought", 422, "item_count_mismatch", lines=[{**SWAP, "quantity": 9}]),
    exchanged("an exchange that names a line twice", 422, "item_count_mismatch", lines=[SWAP, SWAP]),
    exchanged("an exchange for another product", 422, "different_product"),
    exchanged("an exchange for what nobody sells", 422, "new_item_not_found", lines=[{**SWAP, "variant_id": "var-x"}]),
    exchanged("an exchange for what is sold out", 422, "new_item_unavailable",
              lines=[{**SWAP, "variant_id": "var-jacket-olive-m"}]),
    exchanged("an exchange for the same", 422, "same_item", lines=[{**SWAP, "variant_id": "var-jacket-navy-m"}]),
    exchanged("an exchange by a method nobody has", 422, "payment_method_not_found", payment_method_id="pm-nobody"),
    exchanged("an exchange from another store", 404, "order_not_found", order="@foreign_order@"),
    exchanged("an exchange of what is on its way", 409, "order_not_delivered", order="#1002",
              lines=[{**SWAP, "line_id": "ln-1002-1"}]),
    exchanged("an exchange after the window", 409, "return_window_closed", order="#1010",
              lines=[{"line_id": "ln-1010-2", "variant_id": "var-socks-grey-43", "quantity": 1}]),
    Bad("a charge again of what nobody knows", 404, "exchange_not_found", path="/v1/exchanges/exc_nobody/retry",
        body={}, headers={"Aftersale-Actor": "agent:lee"}),
    Bad("a charge again that says how much", 422, "validation_failed", path="/v1/exchanges/exc_nobody/retry",
        body={"amount": 1}),
    exchanged("an exchange that says its difference", difference={"amount": 0, "currency": "EUR"}),
    Bad("more received than was sent", 422, "item_not_in_order", path="/v1/returns/@return@/receive",
        body={"lines": [{"line_id": "@returned_line@", "quantity": 2}]}),
    Bad("a line received that is not in the return", 422, "item_not_in_order", path="/v1/returns/@return@/receive",
        body={"lines": [{"line_id": "@line@", "quantity": 1}]}),
    Bad("a negative quantity received", 422, "validation_failed", path="/v1/returns/@return@/receive",
        body={"lines": [{"line_id": "@returned_line@", "quantity": -1}]}),
    Bad("a condition nobody knows", 422, "validation_failed", path="/v1/returns/@return@/inspect",
        body={"lines": [{"line_id": "@returned_line@", "condition": "lovely"}]}),
    Bad("an inspection before it arrived", 409, "return_not_in_state", path="/v1/returns/@return@/inspect"),
    Bad("an approval with fields", 422, "validation_failed", path="/v1/returns/@return@/approve", body={"by": "me"}),
    Bad("an approval of what is approved", 409, "return_not_in_state", path="/v1/returns/@return@/approve"),
    Bad("another store's return approved", 404, "return_not_found", path="/v1/returns/@foreign_return@/approve"),
    label("a label for nothing", 422, "validation_failed", {}),
    label("a label for both", 422, "validation_failed", {**LABEL, "return_id": "@return@"}),
    label("a label with lines of a return", 422, "validation_failed",
          {"return_id": "@return@", "lines": LABEL["lines"]}),
    label("a label for another store's return", 404, "return_not_found", {"return_id": "@foreign_return@"}),
    label("a label for an id of another kind", 404, "return_not_found", {"return_id": "@order@"}),
    label("a label as a GIF", 422, "validation_failed", {**LABEL, "format": "gif"}),
    label("a parcel numbered nought", 422, "validation_failed", {**LABEL, "parcel_number": 0}),
    label("the fifty-first parcel", 422, "validation_failed", {**LABEL, "parcel_number": 51}),
    label("a parcel numbered in words", 422, "validation_failed", {**LABEL, "parcel_number": "2"}),
    label("a parcel without weight", 422, "validation_failed", {**LABEL, "parcel": {"weight_grams": 0}}),
    label("a parcel of a ton", 422, "validation_failed", {**LABEL, "parcel": {"weight_grams": 1_000_001}}),
    label("a parcel in words", 422, "validation_failed", {**LABEL, "parcel": {"weight_grams": "heavy"}}),
    # ---- claims and withdrawals --------------------------------------------------------------------------------
    claimed("a claim of nothing", 422, "no_items", lines=[]),
    claimed("a claim that does not say what is wrong", lines=[{"line_id": "@line@", "quantity": 1}]),
    claimed("a claim of a kind nobody knows", lines=[{**CLAIMED, "kind": "ugly"}]),
    claimed("a claim of 0", lines=[{**CLAIMED, "quantity": 0}]),
    claimed("a claim of true", lines=[{**CLAIMED, "quantity": True}]),
    claimed("a claim of more than was bought", 422, "item_not_in_order", lines=[{**CLAIMED, "quantity": 9}]),
    claimed("a claim of another order's line", 422, "item_not_in_order",
            lines=[{**CLAIMED, "line_id": "@other_line@"}]),
    claimed("a claim that names a line twice", lines=[CLAIMED, CLAIMED]),
    claimed("a claim with its photos as a word", lines=[{**CLAIMED, "files": "a"}]),
    claimed("a claim with a note of 10 kB", lines=[{**CLAIMED, "note": LONG}]),
    claimed("a claim for cash", resolution="cash"),
    claimed("a claim that says its status", status="accepted"),
    claimed("a claim from another store", 404, "order_not_found", order="@foreign_order@"),
    claimed("a claim for damage on its way", 409, "order_not_delivered", order="#1002",
            lines=[{**CLAIMED, "line_id": "ln-1002-1"}]),
    claimed("a claim for what was not sent", 409, "order_not_delivered", order="#1003",
            lines=[{**CLAIMED, "line_id": "ln-1003-1", "kind": "lost"}]),
    claimed("a claim for what was canceled", 409, "already_canceled", order="#1009",
            lines=[{**CLAIMED, "line_id": "ln-1009-1"}]),
    Bad("a claim without a key", 400, "idempotency_key_required", path="/v1/claims", body=CLAIM, headers={KEY: None}),
    Bad("a claim by another customer", 403, "not_owner", path="/v1/claims", body=CLAIM,
        headers={"Aftersale-Customer": "cust-luc"}),
    Bad("a claim accepted without a resolution", 422, "validation_failed", path=f"/v1/claims/{NO_CLAIM}/accept",
        body={}),
    Bad("a claim accepted that is not there", 404, "claim_not_found", path=f"/v1/claims/{NO_CLAIM}/accept",
        body={"resolution": "refund"}),
    Bad("a claim declined without a reason", 422, "validation_failed", path=f"/v1/claims/{NO_CLAIM}/decline", body={}),
    withdrawn("a withdrawal with a reason", reason="too small"),
    withdrawn("a withdrawal from no lines", lines=[]),
    withdrawn("a withdrawal from a line twice", lines=[WITHDRAWN, WITHDRAWN]),
    withdrawn("a withdrawal from 0", lines=[{**WITHDRAWN, "quantity": 0}]),
    withdrawn("a withdrawal from more than was bought", 422, "item_not_in_order",
              lines=[{**WITHDRAWN, "quantity": 9}]),
    withdrawn("a withdrawal from another order's line", 422, "item_not_in_order",
              lines=[{**WITHDRAWN, "line_id": "@other_line@"}]),
    withdrawn("a withdrawal from another store's order", 404, "order_not_found", order="@foreign_order@"),
    withdrawn("a withdrawal from what was canceled", 409, "already_canceled", order="#1009"),
    withdrawn("a withdrawal that says it is confirmed", status="confirmed"),
    Bad("a withdrawal without a key", 400, "idempotency_key_required", path="/v1/withdrawals",
        body={"order": "@order@"}, headers={KEY: None}),
    Bad("a withdrawal confirmed that is not there", 404, "withdrawal_not_found",
        path=f"/v1/withdrawals/{NO_WITHDRAWAL}/confirm", body={}),
    Bad("a withdrawal confirmed with fields", 422, "validation_failed",
        path=f"/v1/withdrawals/{NO_WITHDRAWAL}/confirm", body={"sure": True}),
    # ---- cancellations and operations --------------------------------------------------------------------------
    Bad("a cancellation without reason", 422, "validation_failed", path="/v1/orders/1003/cancel", body={}),
    Bad("a cancellation for 10 kB of reasons", 422, "validation_failed", path="/v1/orders/1003/cancel",
        body={"reason": LONG}),
    Bad("what has shipped canceled", 409, "order_not_pending", path="/v1/orders/1002/cancel", body={"reason": "late"}),
    Bad("what is canceled canceled", 409, "already_canceled", path="/v1/orders/1009/cancel", body={"reason": "late"}),
    # ---- changes before shipping -------------------------------------------------------------------------------
    changed("an address without street", 422, "validation_failed", MOVED, {"city": "Köln", "country_code": "DE"}),
    changed("an address with a blank street", 422, "validation_failed", MOVED, {**AWAY, "address1": " "}),
    changed("an address with a line break", 422, "validation_failed", MOVED, {**AWAY, "city": "Köln\r\nX: 1"}),
    changed("an address of 10 kB", 422, "validation_failed", MOVED, {**AWAY, "address2": LONG}),
    changed("an address in a country by name", 422, "validation_failed", MOVED, {**AWAY, "country_code": "Germany"}),
    changed("a country in small letters", 422, "validation_failed", MOVED, {**AWAY, "country_code": "de"}),
    changed("an address with a number as postal code", 422, "validation_failed", MOVED, {**AWAY, "postal_code": 50667}),
    changed("an address with a field of ours", 422, "validation_failed", MOVED, {**AWAY, "status": "shipped"}),
    changed("another store's order sent elsewhere", 404, "order_not_found",
            "/v1/orders/@foreign_order@/shipping-address", AWAY),
    changed("another customer's order sent elsewhere", 403, "not_owner", "/v1/orders/1001/shipping-address", AWAY,
            Aftersale_Customer="cust-luc"),
    changed("no items swapped", 422, "no_items", SWAPPED, {"lines": []}, "POST"),
    changed("an item swapped for nothing", 422, "validation_failed", SWAPPED, {"lines": [{"line_id": "ln-1003-1"}]},
            "POST"),
    changed("nothing swapped for an item", 422, "validation_failed", SWAPPED,
            {"lines": [{"variant_id": "var-lamp-black"}]}, "POST"),
    changed("a line swapped twice", 422, "validation_failed", SWAPPED,
            {"lines": [{"line_id": "ln-1003-1", "variant_id": "var-lamp-black"}] * 2}, "POST"),
    changed("another order's line swapped", 422, "item_not_in_order", SWAPPED,
            {"lines": [{"line_id": "ln-1001-1", "variant_id": "var-lamp-black"}]}, "POST"),
    changed("no pieces swapped", 422, "validation_failed", SWAPPED,
            {"lines": [{"line_id": "ln-1003-1", "variant_id": "var-lamp-black", "quantity": 0}]}, "POST"),
    changed("201 swaps", 422, "validation_failed", SWAPPED,
            {"lines": [{"line_id": "ln-1003-1", "variant_id": "var-lamp-black"}] * 201}, "POST"),
    Bad("items swapped without a key", 400, "idempotency_key_required", path=SWAPPED,
        body={"lines": [{"line_id": "ln-1003-1", "variant_id": "var-lamp-black"}]}, headers={KEY: None}),
    changed("no payment method", 422, "validation_failed", PAID, {}),
    changed("a payment method nobody has", 422, "payment_method_not_found", PAID, {"payment_method_id": "pm-nobody"}),
    changed("another customer's payment method", 422, "payment_method_not_found", PAID,
            {"payment_method_id": "pm-anna-visa"}),
    Bad("another payment method without a key", 400, "idempotency_key_required", "PUT", PAID,
        {"payment_method_id": "pm-emma-gift"}, headers={KEY: None}),
    changed("another customer's address changed", 403, "not_owner", "/v1/customers/@customer@/address", AWAY,
            Aftersale_Customer="cust-luc"),
    changed("nobody's address changed by a shopper", 403, "not_owner", "/v1/customers/cust-nobody/address", AWAY,
            Aftersale_Customer="cust-luc"),
    changed("another store's customer moved", 404, "customer_not_found", "/v1/customers/@foreign_customer@/address",
            AWAY),
    changed("no contact", 422, "no_items", "/v1/customers/@customer@", {}, "PATCH"),
    changed("an e-mail address that is none", 422, "validation_failed", "/v1/customers/@customer@", {"email": "anna"},
            "PATCH"),
    changed("a phone number that is none", 422, "validation_failed", "/v1/customers/@customer@", {"phone": "call me"},
            "PATCH"),
    get("the variants of no product", "/v1/products/prd-none/variants", 404, "product_not_found"),
    Bad("another store's order canceled", 404, "order_not_found", path="/v1/orders/@foreign_order@/cancel",
        body={"reason": "late"}),
    Bad("an operation resolved by nobody", 403, "actor_required", path="/v1/operations/@operation@/resolve",
        body={"outcome": "failed", "note": "x"}),
    Bad("an operation resolved twice", 409, "operation_settled", path="/v1/operations/@operation@/resolve",
        body={"outcome": "failed", "note": "x"}, headers={"Aftersale-Actor": "agent:kim"}),
    Bad("an operation resolved as unknown", 422, "validation_failed", path="/v1/operations/@operation@/resolve",
        body={"outcome": "unknown", "note": "x"}, headers={"Aftersale-Actor": "agent:kim"}),
    Bad("another store's operation resolved", 404, "operation_not_found",
        path="/v1/operations/@foreign_operation@/resolve", body={"outcome": "failed", "note": "x"},
        headers={"Aftersale-Actor": "agent:kim"}),
    # ---- policies ----------------------------------------------------------------------------------------------
    policy("a policy without document", None, body={}),
    policy("a policy that is a list", []),
    policy("a policy with a field nobody knows", {"discount": 5}),
    policy("a policy that says its status", None, body={"document": {}, "status": "active"}),
    policy("a negative window", {"windows": {"default_days": -1}}),
    policy("a window that is a word", {"windows": {"default_days": "30"}}),
    policy("a window of true", {"windows": {"default_days": True}}),
    policy("a condition on an unknown fact", {"auto_approve": {"return": {"fact": "weather", "op": "eq", "value": 1}}}),
    policy("a cap in a currency nobody knows", {"caps": {"ABC": CAP}}),
    policy("a cap in a foreign currency", {"currencies": ["EUR"], "caps": {"USD": CAP}}),
    policy("a negative cap", {"caps": {"EUR": {**CAP, "day": -1}}}),
    policy("a cap that is a fraction", {"caps": {"EUR": {**CAP, "day": 1.5}}}),
    policy("a cap of three of four", {"caps": {"EUR": {"refund": 1, "order": 2, "customer": 3}}}),
    policy("a cap per refund above the one per day", {"caps": {"EUR": {**CAP, "refund": CAP["day"] + 1}}}),
    policy("a condition of 10,000 nodes", {"instant_refund": {"all": [LEAF] * 10_000}}),
    policy("proof of level 3", {"proof": {"cancel": 3}}),
    policy("an action nobody knows", {"auto_approve": {"give_away": True}}),
    policy("a policy of another schema", {"schema": 2}),
    policy("two rules of one name", {"rules": [RULE, RULE]}),
    Bad("a draft changed to nonsense", 422, "validation_failed", "PATCH", "/v1/policies/@draft@",
        body={"document": {"windows": {"default_days": -1}}}),
    Bad("a draft without document", 422, "validation_failed", "PATCH", "/v1/policies/@draft@",
        body={"document": None}),
    Bad("a draft of a version that is gone", 412, "version_stale", "PATCH", "/v1/policies/@draft@",
        body={"name": "x"}, headers={"If-Match": "999"}),
    Bad("a draft with If-Match that is a word", 400, "invalid_header", "PATCH", "/v1/policies/@draft@",
        body={"name": "x"}, headers={"If-Match": "abc"}),
    Bad("a stale activation", 412, "version_stale", path="/v1/policies/@draft@/activate",
        headers={"If-Match": "999"}),
    Bad("another store's policy activated", 404, "policy_not_found", path="/v1/policies/@foreign_draft@/activate"),
    Bad("what decides changed", 409, "policy_not_draft", "PATCH", "/v1/policies/@policy@", body={"name": "x"}),
    backtest("a backtest of nothing", {}),
    backtest("a backtest of both", {"policy": "@draft@", "document": {}}),
    backtest("a backtest of a negative window", {"document": {"windows": {"default_days": -1}}}),
    backtest("a backtest of another store's policy", {"policy": "@foreign_draft@"}, 404, "policy_not_found"),
    backtest("a backtest of no case", {"document": {}, "limit": 0}),
    backtest("a backtest of too many", {"document": {}, "limit": 1_000_001}),
    backtest("a backtest since a day without zone", {"document": {}, "since": "2026-01-01T00:00:00"}),
    backtest("a backtest of actions that are a word", {"document": {}, "actions": "return"}),
    backtest("a backtest of an action that there is not", {"document": {}, "actions": ["return", "dance"]}),
    backtest("a backtest with a status", {"document": {}, "status": "completed"}),
    # ---- messages, tickets, triage -----------------------------------------------------------------------------
    message("a channel nobody knows", channel="fax"),
    message("an empty text", text=""),
    message("a blank text", text=" \n "),
    message("a text of 50,001 characters", text="x" * 50_001),
    message("a text that is a number", text=5),
    message("an identity nobody knows", identity="admin"),
    message("a claim of proof", proof=2),
    message("an author of one's own", author={"type": "agent"}),
    message("a customer with other fields", customer={"email": "a@example.com", "proof": 2}),
    message("an e-mail of two lines", customer={"email": "a@example.com\r\nBcc: b@example.com"}),
    message("an e-mail of 10 kB", customer={"email": LONG}),
    message("a subject of two lines", subject="Order\r\nBcc: b@example.com"),
    message("an external id of 256 characters", external_id="x" * 256),
    message("21 files", files=[{"name": "a.png"}] * 21),
    message("a file's name of two lines", files=[{"name": "a\r\nb.png"}]),
    message("a time without zone", occurred_at="2026-11-20T10:00:00"),
    message("a time that is a number", occurred_at=1763632800),
    message("a time that is a word", occurred_at="yesterday"),
    message("a time before all times", occurred_at="0001-01-01T00:00:00+12:00"),
    message("a time after all times", occurred_at="9999-12-31T23:59:59-12:00"),
    message("another store's ticket", 404, "ticket_not_found", ticket_id="@foreign_ticket@"),
    message("a message with its files as a word", files="a"),
    message("a file of a message as a number", files=[1]),
    message("a file of a message with more fields", files=[{"name": "a", "size": 1}]),
    message("a file of a message that nobody has", 404, "file_not_found", files=["fil_1"]),
    message("21 files of a message", files=["fil_1"] * 21),
    returned("a photo that nobody has", 404, "file_not_found",
             lines=[{"line_id": "@line@", "quantity": 1, "files": ["fil_01m7zskg3kes4tpxfpb1m0gczt"]}]),
    claimed("a claim with a photo that nobody has", 404, "file_not_found", lines=[{**CLAIMED, "files": ["a.jpg"]}]),
    get("a file that nobody has", "/v1/files/fil_1", 404, "file_not_found"),
    get("the bytes of a file that nobody has", "/v1/files/fil_1/content", 404, "file_not_found"),
    get("a file behind a path", "/v1/files/..%2f..%2fetc%2fpasswd/content", 404, "not_found"),
    message("a ticket nobody has", 404, "ticket_not_found", ticket_id="tkt_1"),
    ticket("a status nobody knows", {"status": "done"}),
    ticket("no status", {"status": None}),
    ticket("a version of one's own", {"version": 7}),
    ticket("another customer", {"customer": "@foreign_customer@"}),
    ticket("a blank tag", {"tags": [" "]}),
    ticket("51 tags", {"tags": [f"t{number}" for number in range(51)]}),
    ticket("a subject of two lines in a ticket", {"subject": "a\nb"}),
    ticket("an assignee of 10 kB", {"assignee": LONG}),
    ticket("a version that is gone", {"priority": "high"}, 412, "version_stale", If_Match="999"),
    ticket("If-Match that is a word", {"priority": "high"}, 400, "invalid_header", If_Match="abc"),
    ticket("If-Match below zero", {"priority": "high"}, 400, "invalid_header", If_Match="-1"),
    ticket("If-Match of 5,000 digits", {"priority": "high"}, 400, "invalid_header", If_Match="9" * 5000),
    ticket("If-Match with a fraction", {"priority": "high"}, 400, "invalid_header", If_Match="1.5"),
    ticket("an empty If-Match", {"priority": "high"}, 400, "invalid_header", If_Match=""),
    ticket("a closed ticket opened", {"status": "open"}, 409, "status_not_allowed", path="/v1/tickets/@closed@"),
    ticket("another store's ticket changed", {"priority": "high"}, 404, "ticket_not_found",
           path="/v1/tickets/@foreign_ticket@"),
    ticket("a reply to a closed ticket", {"text": "Hello"}, 409, "ticket_closed", "POST",
           "/v1/tickets/@closed@/messages"),
    ticket("an empty reply", {"text": ""}, 422, "validation_failed", "POST", "/v1/tickets/@ticket@/messages"),
    ticket("a note that is a word", {"text": "x", "internal": "yes"}, 422, "validation_failed", "POST",
           "/v1/tickets/@ticket@/messages"),
    ticket("a hand-over without reason", {}, 422, "validation_failed", "POST", "/v1/tickets/@ticket@/handoff"),
    ticket("a hand-over of what is closed", {"reason": "x"}, 409, "ticket_closed", "POST",
           "/v1/tickets/@closed@/handoff"),
    ticket("a new ticket of another store's customer", {"customer": "@foreign_customer@"}, 404, "customer_not_found",
           "POST", "/v1/tickets"),
    ticket("a new ticket of another store's order", {"order": "@foreign_order@"}, 404, "order_not_found", "POST",
           "/v1/tickets"),
    ticket("a snooze that is over", {"snoozed_until": "2020-01-01T00:00:00Z"}),
    ticket("a snooze for a lifetime", {"snoozed_until": "2099-01-01T00:00:00Z"}),
    ticket("a snooze without zone", {"snoozed_until": "2027-01-01T00:00:00"}),
    ticket("a snooze that is a number", {"snoozed_until": 1798761600}),
    ticket("a snooze of what is closed", {"snoozed_until": "2027-01-01T00:00:00Z"}, 409, "status_not_allowed",
           path="/v1/tickets/@closed@"),
    ticket("a priority's reason of two lines", {"priority": "high", "priority_reason": "a\nb"}),
    ticket("clocks of one's own", {"clocks": {}}),
    ticket("a merge by hand", {"merged_into": "@closed@"}),
    ticket("a ticket merged into itself", {"into": "@ticket@"}, 422, "validation_failed", "POST",
           "/v1/tickets/@ticket@/merge"),
    ticket("a ticket merged into a closed one", {"into": "@closed@"}, 409, "ticket_closed", "POST",
           "/v1/tickets/@ticket@/merge"),
    ticket("a ticket merged into another store's", {"into": "@foreign_ticket@"}, 404, "ticket_not_found", "POST",
           "/v1/tickets/@ticket@/merge"),
    ticket("another store's ticket merged into one's own", {"into": "@ticket@"}, 404, "ticket_not_found", "POST",
           "/v1/tickets/@foreign_ticket@/merge"),
    ticket("a merge into nothing", {}, 422, "validation_failed", "POST", "/v1/tickets/@ticket@/merge"),
    ticket("a customer merged into themselves", {"into": "cust-anna"}, 422, "validation_failed", "POST",
           "/v1/customers/cust-anna/merge"),
    ticket("a customer merged into another store's", {"into": "@foreign_customer@"}, 404, "customer_not_found", "POST",
           "/v1/customers/cust-anna/merge"),
    ticket("another store's customer merged into one's own", {"into": "cust-anna"}, 404, "customer_not_found", "POST",
           "/v1/customers/@foreign_customer@/merge"),
    ticket("a customer merged into nobody", {}, 422, "validation_failed", "POST", "/v1/customers/cust-anna/merge"),
    ticket("a customer merged by hand", {"into": "cust-anna", "spent": 0}, 422, "validation_failed", "POST",
           "/v1/customers/cust-emma/merge"),
    ticket("a merge into many", {"into": ["@closed@"]}, 422, "validation_failed", "POST", "/v1/tickets/@ticket@/merge"),
    *(
        ticket(f"a rating of {body}", body, 422, "validation_failed", "POST", "/v1/tickets/@ticket@/ratings")
        for body in ({}, {"csat": 0}, {"csat": 6}, {"effort": 8}, {"csat": "5"}, {"csat": True}, {"comment": "Nice"})
    ),
    ticket("a rating of another store's ticket", {"csat": 5}, 404, "ticket_not_found", "POST",
           "/v1/tickets/@foreign_ticket@/ratings"),
    ticket("a rating by a link that nobody made", {"csat": 5}, 404, "rating_link_not_found", "POST",
           "/v1/ratings/01m7zskg3kes4tpxfpb1m0gd00.1999999999.AAAAAAAAAAAAAAAAAAAAAA"),
    ticket("a rating by a link that is garbage", {"csat": 5}, 404, "rating_link_not_found", "POST",
           "/v1/ratings/" + "x" * 3000),
    ticket("a link for a thousand days", {"days": 1000}, 422, "validation_failed", "POST",
           "/v1/tickets/@ticket@/rating-links"),
    ticket("an update of no tickets", {"tickets": [], "changes": {"status": "solved"}}, 422, "validation_failed",
           "POST", "/v1/tickets/bulk"),
    ticket("an update of 1,001 tickets", {"tickets": ["tkt_1"] * 1001, "changes": {"status": "solved"}}, 422,
           "validation_failed", "POST", "/v1/tickets/bulk"),
    ticket("an update that changes nothing", {"tickets": ["@ticket@"], "changes": {}}, 422, "validation_failed", "POST",
           "/v1/tickets/bulk"),
    ticket("an update to a status nobody knows", {"tickets": ["@ticket@"], "changes": {"status": "done"}}, 422,
           "validation_failed", "POST", "/v1/tickets/bulk"),
    ticket("an agent without id", {"name": "Kim"}, 422, "validation_failed", "POST", "/v1/agents"),
    ticket("an agent with a space", {"id": "kim lee"}, 422, "validation_failed", "POST", "/v1/agents"),
    ticket("an agent of 65 characters", {"id": "k" * 65}, 422, "validation_failed", "POST", "/v1/agents"),
    ticket("an agent named like a card", {"id": "4111111111111111"}, 422, "validation_failed", "POST", "/v1/agents"),
    ticket("an agent of a team nobody has", {"id": "kim", "teams": ["none"]}, 422, "validation_failed", "POST",
           "/v1/agents"),
    ticket("an agent with CRLF in the mail", {"id": "kim", "email": "a@b.c\r\nBcc: x@y.z"}, 422, "validation_failed",
           "POST", "/v1/agents"),
    ticket("an agent nobody has", {"name": "Kim"}, 404, "agent_not_found", path="/v1/agents/nobody"),
    ticket("a team nobody has", {"name": "Kim"}, 404, "team_not_found", path="/v1/teams/nobody"),
    ticket("a team that is a path", {"id": "../x"}, 422, "validation_failed", "POST", "/v1/teams"),
    ticket("a new ticket that is solved", {"status": "solved"}, 422, "validation_failed", "POST", "/v1/tickets"),
    *(
        Bad(f"triage of {says}", 422, "validation_failed", path="/v1/triage", body=body)
        for says, body in {
            "nothing": {}, "text and texts": {"text": "a", "texts": ["b"]}, "no texts": {"texts": []},
            "101 texts": {"texts": ["a"] * 101}, "an empty text": {"text": ""}, "a number": {"text": 1},
            "a text in texts that is null": {"texts": [None]}, "50,001 characters": {"text": "x" * 50_001},
        }.items()
    ),
    # ---- content type, encoding, size --------------------------------------------------------------------------
    *(
        header(f"content type {kind!r}", 415, "unsupported_media_type", **{TYPE: kind})
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                     "application/xml", "application/json; charset=latin-1", "application/jsonx", None)
    ),
    *(
        Bad(f"content encoding {kind}", 415, "unsupported_media_type", raw=gzip.compress(json.dumps(REFUND).encode()),
            headers={"Content-Encoding": kind})
        for kind in ("gzip", "deflate", "br", "identity, gzip")
    ),
    Bad("a gzip bomb", 415, "unsupported_media_type", raw=gzip.compress(b"0" * 10_000_000),
        headers={"Content-Encoding": "gzip"}),
    Bad("50 MB", 413, "body_too_large", raw=b" " * 50_000_000),
    Bad("one byte above the limit", 413, "body_too_large", raw=b" " * (1_048_576 + 1)),
    # ---- headers -----------------------------------------------------------------------------------------------
    header("no idempotency key", 400, "idempotency_key_required", **{KEY: None}),
    header("an empty idempotency key", 400, "idempotency_key_required", **{KEY: ""}),
    header("an idempotency key of 256 characters", 400, "idempotency_key_required", **{KEY: "k" * 256}),
    header("an idempotency key with an accent", 400, "invalid_header", **{KEY: b"caf\xe9"}),
    header("an idempotency key with a tab", 400, "invalid_header", **{KEY: "a\tb"}),
    header("an idempotency key that came with another body", 422, "idempotency_key_reused", **{KEY: "used"}),
    Bad("two idempotency keys", 400, "invalid_header", body=REFUND, pairs=((KEY, "one"), (KEY, "two")),
        headers={KEY: None}),
    Bad("two idempotency keys, the first one bad", 400, "invalid_header", body=REFUND, headers={KEY: None},
        pairs=((KEY, b"caf\xe9"), (KEY, "two"))),
    Bad("two API keys", 400, "invalid_header", body=REFUND, pairs=(("Authorization", "Bearer sk_test_x"),)),
    Bad("two content types", 400, "invalid_header", body=REFUND, pairs=((TYPE, "text/plain"),)),
    header("a wait of 999 seconds", 400, "invalid_header", Prefer="wait=999"),
    header("a wait of 31 seconds", 400, "invalid_header", Prefer="respond-async, wait=31"),
    *(
        header(f"the actor {who[:20]!r}", 400, "invalid_header", Aftersale_Actor=who)
        for who in ("kim", "agent:", "agent:a b", "user:kim", "agent:" + "x" * 65, "agent:k/m", "")
    ),
    *(
        header(f"the customer {who[:20]!r}", 400, "invalid_header", Aftersale_Customer=who)
        for who in ("a b", "x" * 300, "", "a;b", "a%00b")
    ),
    header("the customer of another store", 404, "customer_not_found", Aftersale_Customer="@foreign_customer@"),
    header("a customer nobody knows", 404, "customer_not_found", Aftersale_Customer="cust-nobody"),
    header("another customer's order", 403, "not_owner", Aftersale_Customer="cust-luc"),
    # ---- lists -------------------------------------------------------------------------------------------------
    *(
        get(f"limit {limit!r}", f"/v1/refunds?limit={limit}")
        for limit in ("0", "201", "abc", "-1", "1.5", "", "1e1", "9" * 30, "1&limit=0")
    ),
    get("a cursor with one letter changed", "/v1/refunds?limit=1&cursor=@flipped@", 400, "invalid_cursor"),
    get("a cursor cut", "/v1/refunds?limit=1&cursor=@cut@", 400, "invalid_cursor"),
    get("another store's cursor", "/v1/refunds?limit=1&cursor=@foreign_cursor@", 400, "invalid_cursor"),
    get("a cursor of another list", "/v1/returns?cursor=@cursor@", 400, "invalid_cursor"),
    get("a cursor of other filters", "/v1/refunds?status=succeeded&cursor=@cursor@", 400, "invalid_cursor"),
    get("the merchant's cursor from a shopper", "/v1/refunds?cursor=@cursor@", 400, "invalid_cursor",
        Aftersale_Customer="cust-anna"),
    get("an empty cursor", "/v1/refunds?cursor=", 400, "invalid_cursor"),
    get("a cursor that is JSON", "/v1/refunds?cursor=%7B%22id%22%3A1%7D", 400, "invalid_cursor"),
    get("a cursor in another alphabet", "/v1/refunds?cursor=%E2%82%AC", 400, "invalid_cursor"),
    get("a cursor of 2 kB", "/v1/refunds?cursor=" + "x" * 2000),
    get("a filter of 10 kB", "/v1/refunds?status=" + "x" * 5000),
    get("a filter with NUL", "/v1/refunds?status=a%00b", 400, "bad_request"),
    get("a search with NUL", "/v1/tickets?q=%00", 400, "bad_request"),
    get("a filter by another store's order", "/v1/refunds?order=@foreign_order@", 404, "order_not_found"),
    get("a search of 10 kB", "/v1/tickets?q=" + "x%20" * 2000),
    get("a search of operators", "/v1/tickets?q=%22%2A%20%26%7C%21%3A%28%29", 200, ""),
    get("a search that is a query", "/v1/tickets?q=NEAR(%22zebra%22%2C%205)%20AND%20NOT%20x*", 200, ""),
    get("a search in an order nobody knows", "/v1/tickets?q=x&sort=oldest"),
    get("a search with half a character", "/v1/tickets?q=%E2%82", 400, "bad_request"),
    get("the timeline of another store's ticket", "/v1/tickets/@foreign_ticket@/timeline", 404, "ticket_not_found"),
    get("a timeline by a foreign cursor", "/v1/tickets/@ticket@/timeline?cursor=@cursor@", 400, "invalid_cursor"),
    get("the timeline of another store's customer", "/v1/customers/@foreign_customer@/timeline", 404,
        "customer_not_found"),
    get("an update nobody made", "/v1/tickets/bulk/tup_1", 404, "ticket_update_not_found"),
    get("a ticket status nobody knows", "/v1/tickets?status=done"),
    get("tickets since a word", "/v1/tickets?created_after=yesterday"),
    get("tickets since a time without zone", "/v1/tickets?created_after=2026-11-20T10:00:00"),
    get("tickets since a time after all times", "/v1/tickets?created_after=9999-12-31T23:59:59-12:00"),
    get("needs_person that is a word", "/v1/operations?needs_person=perhaps"),
    get("events after another store's", "/v1/events?after=@foreign_event@", 404, "event_not_found"),
    get("events after nothing", "/v1/events?after=", 404, "event_not_found"),
    get("a label as a GIF, to read", "/v1/return-labels/@foreign_label@/file?format=gif"),
    *(
        get(f"SQL in {name}", f"/v1/{name}=' OR '1'='1' --", 200, "")
        for name in ("refunds?status", "refunds?customer", "returns?status", "operations?kind", "tickets?tag",
                     "tickets?assignee", "tickets?q", "orders?number", "orders?email", "customers?email", "events?type",
                     "events?resource")
    ),
    # ---- previews, actions and approvals -----------------------------------------------------------------------
    refund("a preview that is a word", preview="yes"),
    refund("a preview that is a number", preview=1),
    refund("a token that is empty", confirmation_token=""),
    refund("a token of 10 kB", confirmation_token=LONG),
    refund("a token that is a list", confirmation_token=["cft_x"]),
    refund("a token that nobody gave", 409, "confirmation_required", confirmation_token="cft_nobody"),
    returned("a return's token that nobody gave", 409, "confirmation_required", confirmation_token="cft_nobody"),
    refund("a preview of more than is there", 409, "refund_exceeds_captured", preview=True,
           amount={"amount": 10**9, "currency": "EUR"}),
    Bad("an action that nobody knows", 404, "action_not_found", path="/v1/actions/drop_tables", body={}),
    Bad("an action by a path", 404, "not_found", path="/v1/actions/..%2frefunds", body=REFUND),
    Bad("an action without parameters", 422, "validation_failed", path="/v1/actions/refund_order", body={}),
    Bad("an action with a list", 422, "validation_failed", path="/v1/actions/refund_order", body=[REFUND]),
    Bad("an action with one field too many", 422, "validation_failed", path="/v1/actions/refund_order",
        body={**REFUND, "automated": False}),
    Bad("an action without a key", 400, "idempotency_key_required", path="/v1/actions/refund_order", body=REFUND,
        headers={KEY: None}),
    Bad("an action on another store's order", 404, "order_not_found", path="/v1/actions/refund_order",
        body={**REFUND, "order": "@foreign_order@"}),
    Bad("an approval that nobody asked for", 404, "approval_not_found", body={},
        path="/v1/approvals/apr_01m7zskg3kes4tpxfpb1m0gd05/approve", headers={"Aftersale-Actor": "agent:kim"}),
    Bad("a yes by nobody", 403, "actor_required", body={},
        path="/v1/approvals/apr_01m7zskg3kes4tpxfpb1m0gd05/approve"),
    Bad("a yes with more than a note", 422, "validation_failed", body={"note": "x", "approvers": 1},
        path="/v1/approvals/apr_01m7zskg3kes4tpxfpb1m0gd05/approve", headers={"Aftersale-Actor": "agent:kim"}),
    get("approvals by another store's order", "/v1/approvals?order=@foreign_order@", 404, "order_not_found"),
    Bad("a decision on what no shop has asked", 404, "privacy_request_not_found", body={"decision": "stop"},
        path="/v1/privacy-requests/prv_01m7zskg3kes4tpxfpb1m0gd06/decide", headers={"Aftersale-Actor": "agent:kim"}),
    Bad("a decision that there is not", 422, "validation_failed", body={"decision": "later"},
        path="/v1/privacy-requests/prv_01m7zskg3kes4tpxfpb1m0gd06/decide", headers={"Aftersale-Actor": "agent:kim"}),
    Bad("a decision for somebody else", 422, "validation_failed", body={"decision": "stop", "decided_by": "lee"},
        path="/v1/privacy-requests/prv_01m7zskg3kes4tpxfpb1m0gd06/decide", headers={"Aftersale-Actor": "agent:kim"}),
    # ---- shopper sessions --------------------------------------------------------------------------------------
    session("a session for nothing"),
    session("a session for a number alone", order_number="#1001"),
    session("a session for a contact alone", email="anna.keller@example.com"),
    session("a session with two contacts", order_number="#1001", email="a@example.com", postal_code="10969"),
    session("a session by two ways", order_number="#1001", email="a@example.com", customer="cust-anna"),
    session("a session by a customer and a JWT", customer="cust-anna", jwt="a.b.c"),
    session("a session for a number that is one", order_number=1001, email="a@example.com"),
    session("a session for a list of orders", order_number=["#1001"], email="a@example.com"),
    session("a session for an empty order", order_number="", email="a@example.com"),
    session("a session for an order of 10 kB", order_number=LONG, email="a@example.com"),
    session("a session with an empty contact", order_number="#1001", email=""),
    session("a session with a contact of two lines", order_number="#1001", email="a@example.com\r\nBcc: b@example.com"),
    session("a session with a contact of 10 kB", order_number="#1001", phone=LONG),
    session("a session with a postal code that is a number", order_number="#1001", postal_code=10969),
    session("a session with NUL in its contact", 400, "invalid_json", order_number="#1001", postal_code="10\x00969"),
    session("a session that is active already", order_number="#1001", postal_code="10969", status="active"),
    session("a session that brings its code", order_number="#1001", postal_code="10969", code="123456"),
    session("a session for a customer that is true", customer=True),
    session("a session for a customer whom nobody knows", 404, "customer_not_found", customer="cust-nobody"),
    session("a session by a JWT that is none", 403, "jwt_refused", jwt="not.a.jwt"),
    session("a session by a JWT that is unsigned", 403, "jwt_refused",
            jwt="eyJhbGciOiJub25lIn0.eyJzdWIiOiJjdXN0LWFubmEifQ."),
    session("a session by a JWT of 5 kB", 403, "jwt_refused", jwt="x" * 5000),
    session("a session by a JWT of 10 kB", jwt=LONG),
    session("a session by a JWT that is an object", jwt={"sub": "cust-anna"}),
    session("a session as another shopper", 403, "forbidden", headers={"Aftersale-Customer": "cust-anna"},
            order_number="#1001", postal_code="10969"),
    *(
        Bad(f"a code that is {says}", 422, "validation_failed", path=f"/v1/shopper-sessions/{NO_SESSION}/verify",
            body={"code": code})
        for says, code in (("a number", 123456), ("too short", "12345"), ("too long", "1234567"), ("letters", "abcdef"),
                           ("of fullwidth digits", "１２３４５６"), ("of Arabic digits", "١٢٣٤٥٦"), ("null", None),
                           ("a list", ["123456"]), ("one with a line break", "123456\n"), ("signed", "-12345"))
    ),
    Bad("a code of nobody's session", 404, "session_not_found", path=f"/v1/shopper-sessions/{NO_SESSION}/verify",
        body={"code": "123456"}),
    Bad("a code of a session that is none", 404, "session_not_found", path="/v1/shopper-sessions/x'--/verify",
        body={"code": "123456"}),
    Bad("a code and a token", 422, "validation_failed", path=f"/v1/shopper-sessions/{NO_SESSION}/verify",
        body={"code": "123456", "token": "st_x"}),
    message("a chat's token that nobody gave", 404, "ticket_not_found", conversation_token="cvt_nobody"),
    message("a chat's token that is a ticket", 404, "ticket_not_found", conversation_token="@ticket@"),
    message("a chat's token that is empty", conversation_token=""),
    message("a chat's token of 10 kB", conversation_token=LONG),
    message("a chat's token that is a number", conversation_token=1),
    *(
        get(f"a credential that is {says}", "/v1/orders", 401, "unauthorized", Authorization=f"Bearer {credential}")
        for says, credential in (("nobody's shopper token", "st_" + "x" * 43), ("half a shopper token", "st_"),
                                 ("nobody's publishable key", "pk_test_" + "x" * 43), ("half a publishable key", "pk_"),
                                 ("a confirmation", "cft_" + "x" * 43), ("a chat's", "cvt_" + "x" * 43),
                                 ("a JWT", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjdXN0LWFubmEifQ."))
    ),
    get("an origin that is not printable", "/v1/orders", 400, "invalid_header", Origin="https://münze.example"),
    # ---- addresses and methods ---------------------------------------------------------------------------------
    get("a path nobody has", "/v1/nothing", 404, "not_found"),
    get("a path below one", "/v1/orders/1001/secrets", 404, "not_found"),
    get("a slash too many", "/v1/orders/", 404, "not_found"),
    get("a slash too many in front", "//v1/orders", 404, "not_found"),
    get("another case", "/V1/Orders", 404, "not_found"),
    get("a version of tomorrow", "/v2/orders", 404, "not_found"),
    get("dots, encoded", "/v1/orders/..%2f..%2fhealthz", 404, "not_found"),
    get("dots, encoded twice", "/v1/orders/%252e%252e%252fhealthz", 404, "order_not_found"),
    get("two dots as an order", "/v1/orders/%2e%2e", 404, "order_not_found"),
    get("NUL in the path", "/v1/orders/a%00b", 400, "bad_request"),
    get("bytes that are not UTF-8 in the path", "/v1/orders/%ff%fe", 400, "bad_request"),
    get("half a surrogate pair in the path", "/v1/orders/%ed%a0%80", 400, "bad_request"),
    get("a line break in the path", "/v1/orders/a%0d%0ab", 404, "order_not_found"),
    get("a path of 9 kB", "/v1/orders/" + "x" * 9000, 400, "uri_too_long"),
    get("an order of 5 kB", "/v1/orders/" + "x" * 5000, 404, "order_not_found"),
    get("a template in the path", "/v1/refunds/%7B%7B7*7%7D%7D", 404, "refund_not_found"),
    *(
        Bad(f"{method} {path} where it is not taken", 405, "method_not_allowed", method, path)
        for method, path in (("DELETE", "/v1/refunds/@refund@"), ("PUT", "/v1/orders/1001"), ("PATCH", "/v1/orders"),
                             ("POST", "/v1/orders"), ("POST", "/healthz"), ("TRACE", "/v1/orders"),
                             ("OPTIONS", "/v1/refunds"), ("HEAD", "/v1/refunds"), ("PROPFIND", "/v1/refunds"),
                             ("DELETE", "/v1/refunds"))
    ),
]  # fmt: skip
