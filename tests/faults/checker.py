"""Holds a history against the invariants. The sandbox's own ledger is the judge; our tables have to agree with it."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from app.sandbox.faults import LANDED_LATE
from tests.faults.history import History, Row, Violation

Found = Iterator[Violation]
LEDGER_KIND = {
    "refund": "refund",
    "return_label": "label",
    "label_void": "label_void",
    "surplus_label_void": "label_void",
    "order_cancel": "cancel",
    "return_open": "open_return",
    "exchange_open": "open_exchange",
    "return_close": "close_return",
    "exchange_send": "send_exchange",
    "label_announce": "announce_label",
    "change_address": "change_address",
    "swap_items": "swap_items",
    "change_payment_method": "change_payment_method",
    "change_subscription": "change_subscription",
    "order_charge": "charge",
    "exchange_charge": "charge",
    "payout": "payout",
    "credit": "payout",
}
KEYED = (*sorted(set(LEDGER_KIND.values()) - {"label_void"}),)
"""What the ledger names by our key."""
FINAL = {"succeeded", "failed", "canceled"}
RESERVING = {"pending", "unknown", "succeeded"}
OPEN = {"pending", "unknown", "voiding"}


def check(history: History) -> list[Violation]:
    """Every violation of the invariants that this history shows; an empty list where all of them held."""
    return history.found + [violation for rule in RULES for violation in rule(history)]


# ---- I1: never more than was captured -------------------------------------------------------------------------------


def captured_is_the_ceiling(history: History) -> Found:
    """Per payment: what the provider gave back, and what we hold reserved, is at most what was captured."""
    ours: Counter[tuple[str, str]] = Counter()
    payments = {row["id"]: row for row in history.tables["order_payments"]}
    shop_of, known = _shops(history), _by_key(history)
    orders = {row["id"]: row for row in history.tables["orders"]}
    for part in history.tables["refund_allocations"]:
        payment = payments[part["payment_id"]]
        if part["status"] in RESERVING:
            ours[shop_of[orders[payment["order_id"]]["store_id"]], payment["external_id"]] += part["amount"]
    for name, shop in history.shops.items():
        for payment_id, payment in shop.payments().items():
            live = [refund for refund in payment["refunds"] if refund["status"] != "failed"]
            given = sum(refund["amount"] for refund in live)
            outside = sum(refund["amount"] for refund in live if refund["origin"] != "api")
            where = f"{name}/{payment_id}"
            if given > payment["captured"]:
                yield Violation("I1", where, f"{given} went back of {payment['captured']}")
            if ours[name, payment_id] + outside > payment["captured"]:
                yield Violation("I1", where, f"{ours[name, payment_id]} reserved of {payment['captured']}")
            if any(type(refund["amount"]) is not int for refund in live):
                yield Violation("I1", where, "an amount is not an integer")
        for row in shop.effects("refund"):
            command = next((asked["command"] for asked in known.get(row["reference"], [])), None)
            if command is not None and (command["amount"], command["currency"]) != (row["amount"], row["currency"]):
                yield Violation("I1", f"{name}/{row['reference']}", "another amount went back than was asked for")


def orders_give_what_they_took(history: History) -> Found:
    """Per order: refunds, and what was paid out instead of them, are at most what was paid with all its charges."""
    goodwill = {row["operation_id"] for row in history.tables["credits"] if row["refund_id"] is None}
    for name, shop in history.shops.items():
        for order in shop.export["orders"]:
            paid = sum(row["amount"] for row in order["payments"] if row["state"] == "captured")
            back = sum(row["amount"] for row in order["refunds"] if row["status"] != "failed")
            out = [row for row in order.get("payouts", ()) if row["status"] != "failed" and row["key"] not in goodwill]
            given = back + sum(row["amount"] for row in out)
            if given > paid:
                yield Violation("I1", f"{name}/{order['id']}", f"{given} went out of {paid}")


def charges_end_in_one_state(history: History) -> Found:
    """What was charged for a change stands for what the shop has changed, or went back; an exchange tells its own."""
    charged: Counter[str] = Counter()
    for row in history.tables["operations"]:
        if row["kind"] in {"order_charge", "exchange_charge"} and row["status"] == "succeeded":
            charged[row["subject_id"]] += row["command"]["amount"]
    refunds = {row["id"]: row for row in history.tables["refunds"]}
    for change in history.tables["changes"]:
        back = refunds.get(change["refund_id"])
        if change["status"] == "failed" and charged[change["id"]] and back is None:
            yield Violation("I2", change["id"], f"failed, and the charge of {charged[change['id']]} stays")
        if change["status"] == "failed" and back is not None and back["amount"] != charged[change["id"]]:
            yield Violation("I2", change["id"], f"{charged[change['id']]} were charged, {back['amount']} go back")
        if change["status"] == "succeeded" and change["kind"] == "items":
            due = max(0, change["difference"])
            if charged[change["id"]] != due:
                yield Violation("I2", change["id"], f"cost {due} more, {charged[change['id']]} were charged")
    for exchange in history.tables["exchanges"]:
        if (exchange["charged"] or 0) != charged[exchange["id"]]:
            told = exchange["charged"] or 0
            yield Violation("I2", exchange["id"], f"tells {told} as charged, {charged[exchange['id']]} were")
        if exchange["status"] == "completed" and charged[exchange["id"]] > max(0, exchange["difference"]):
            yield Violation("I2", exchange["id"], "more was charged than its difference")


# ---- I2: one request, one effect, one key ---------------------------------------------------------------------------


def one_effect_per_request(history: History) -> Found:
    """Per committed key at most one effect; no effect without such a key; per request of a client one resource."""
    known = _by_key(history)
    for name, shop in history.shops.items():
        for kind in KEYED:
            # What lands after its caller has looked and bought again is no second asking: one_live_label judges it.
            counts = Counter(row["reference"] for row in shop.effects(kind) if row.get("detail") != LANDED_LATE)
            for reference, effects in counts.items():
                if reference not in known:
                    yield Violation("I2", f"{name}/{reference}", f"a {kind} under a key that was never committed")
                elif effects > 1:
                    yield Violation(
                        "I5" if kind == "label" else "I2", f"{name}/{reference}", f"{effects} {kind} effects"
                    )
    for ask in history.asks:
        made = {resource for _, _, resource in ask.answers if resource is not None}
        if len(made) > 1:
            yield Violation("I2", ask.key, f"one key made {len(made)} resources")
    made_by: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for ask in history.asks:
        if ask.id is not None and ask.kind == "refund":
            made_by[ask.shop, ask.id].add(ask.key)
    for (shop_name, resource), keys in made_by.items():
        if len(keys) > 1:
            yield Violation("I2", f"{shop_name}/{resource}", f"{len(keys)} keys were answered with it")
    wanted = {ask.id for ask in history.asks if ask.kind == "refund" and ask.id is not None}
    wanted |= {change["refund_id"] for change in history.tables["changes"]}
    for refund in history.tables["refunds"]:
        hangs = refund["cancellation_id"] or refund["return_id"] or refund["status"] == "canceled"
        if not hangs and refund["id"] not in wanted:
            yield Violation("I2", refund["id"], "a refund that no client was told of")


def provider_and_we_agree(history: History) -> Found:
    """A success has its effect at the provider; a failure has none, or it did not last."""
    shop_of = _shops(history)
    for operation in history.tables["operations"]:
        shop = history.shops[shop_of[operation["store_id"]]]
        kind = LEDGER_KIND.get(operation["kind"])
        if kind is None:
            continue
        if kind == "label_void":  # the carrier knows no keys
            happened = [row for row in shop.effects(kind) if row["subject"] == operation["command"]["label_id"]]
        else:
            happened = [row for row in shop.effects(kind) if row["reference"] == operation["provider_key"]]
        ids = {row["subject"] for row in happened}
        refunds = [r for p in shop.payments().values() for r in p["refunds"] if r["id"] in ids]
        undone = kind == "refund" and bool(refunds) and all(refund["status"] == "failed" for refund in refunds)
        status, person = operation["status"], (operation.get("evidence") or {}).get("resolved_by")
        if status == "succeeded" and not happened:
            yield Violation("I2", operation["id"], "told as succeeded, and nothing happened at the provider")
        if status == "succeeded" and undone:
            yield Violation("I4", operation["id"], "failed late at the provider, and we still tell success")
        if status in {"failed", "canceled"} and happened and not undone and person is None:  # a person may be wrong
            yield Violation("I3", operation["id"], f"told as {status}, and it happened at the provider")


# ---- I3: unknown is not failed, and ends ----------------------------------------------------------------------------


def unknown_is_never_failed(history: History) -> Found:
    """No status that was shown or recorded goes from failed to anything else, or from a success back to open."""
    for ask in history.asks:
        yield from _walk(ask.shown, f"{ask.shop}/{ask.key} as shown")
    for resource, events in _events(history).items():
        shown = [event["object"]["status"] for event in events if "status" in event["object"]]
        if resource.startswith(("rfd_", "opr_", "lbl_", "can_", "chg_", "crd_")):
            yield from _walk(shown, f"{resource} in its events")


def _walk(statuses: list[str], subject: str) -> Found:
    for before, after in itertools.pairwise(statuses):
        if before in {"failed", "canceled", "voided"} and after != before:
            yield Violation("I3", subject, f"was told as {before} and then as {after}")
        if before == "succeeded" and after not in {"succeeded", "failed"}:
            yield Violation("I4", subject, f"went from succeeded back to {after}")


def refusals_that_had_to_be(history: History) -> Found:
    """What was asked while an outcome was open, or above a ceiling or a cap, was refused."""
    for ask in history.asks:
        if ask.expected and ask.code not in ask.expected:
            said = f"{ask.answers[-1][0]} {ask.code or ask.id}" if ask.answers else "nothing"
            yield Violation(
                ask.invariant, f"{ask.shop}/{ask.key}", f"{said} instead of {', '.join(sorted(ask.expected))}"
            )


def nothing_is_stuck(history: History) -> Found:
    """After the dust has settled no operation, refund, label or cancellation is open, and each client was answered."""
    for table in ("operations", "refunds", "return_labels", "cancellations", "changes", "credits"):
        for row in history.tables[table]:
            if row["status"] in OPEN:
                dead = " (dead-lettered)" if row.get("dead_at") else ""
                yield Violation("stuck", row["id"], f"is {row['status']} for good{dead}")
    for exchange in history.tables["exchanges"]:
        if exchange["status"] == "settling":
            yield Violation("stuck", exchange["id"], "is settling for good")
    for ask in history.asks:
        if not ask.answers:
            yield Violation("stuck", f"{ask.shop}/{ask.key}", f"a {ask.kind} that was never answered")


# ---- I4: a late failure releases once; I10: caps --------------------------------------------------------------------


def spending_is_counted(history: History) -> Found:
    """What automation spent is counted exactly, stays within the caps, and a late failure gave back its amount once."""
    stores = {row["id"]: row for row in history.tables["stores"]}
    orders = {row["id"]: row for row in history.tables["orders"]}
    parts: defaultdict[str, list[Row]] = defaultdict(list)
    for part in history.tables["refund_allocations"]:
        parts[part["refund_id"]].append(part)
    spent: Counter[tuple[str, str, str, str]] = Counter()
    for refund in history.tables["refunds"]:
        if not refund["automated"]:
            continue
        live = sum(part["amount"] for part in parts[refund["id"]] if part["status"] in RESERVING)
        order = orders[refund["order_id"]]
        for scope, scope_id in (("order", order["id"]), ("customer", order["customer_id"] or order["id"])):
            spent[refund["store_id"], refund["currency"], scope, scope_id] += live
        spent[refund["store_id"], refund["currency"], "day", ""] += live
    for credit in history.tables["credits"]:
        if credit["automated"] and credit["refund_id"] is None and credit["status"] in RESERVING:
            for scope, scope_id in (("order", credit["order_id"]), ("customer", credit["customer_id"]), ("day", "")):
                spent[credit["store_id"], credit["currency"], scope, scope_id] += credit["amount"]
    for exchange in history.tables["exchanges"]:
        out = _on_trust(history, exchange) if exchange["spending_day"] is not None else 0
        for scope, scope_id in (("order", exchange["order_id"]), ("customer", exchange["customer_id"]), ("day", "")):
            spent[exchange["store_id"], exchange["currency"], scope, scope_id or exchange["order_id"]] += out
    counted: Counter[tuple[str, str, str, str]] = Counter()
    for row in history.tables["spend_counters"]:
        scope_id = "" if row["scope"] == "day" else row["scope_id"]
        counted[row["store_id"], row["currency"], row["scope"], scope_id] += row["spent"]
    for key in sorted(spent.keys() | counted.keys()):
        if spent[key] != counted[key]:
            yield Violation("I4", "/".join(key), f"{counted[key]} are counted as spent, {spent[key]} are")
        cap = stores[key[0]]["policy"]["caps"].get(key[1], {}).get(key[2], 0)
        if spent[key] > cap:
            yield Violation("I10", "/".join(key), f"automation spent {spent[key]}, the cap is {cap}")


def _on_trust(history: History, exchange: Row) -> int:
    """What was paid for its goods that have not come back, while the others are sent or will be at once."""
    operations = history.tables["operations"]
    sendings = [row for row in operations if row["kind"] == "exchange_send" and row["subject_id"] == exchange["id"]]
    out = exchange["status"] in {"requested", "approved"}
    if sendings:
        out = any(map(_may_have_left, sendings))
    lines = [row for row in history.tables["exchange_lines"] if row["exchange_id"] == exchange["id"] and out]
    return sum(row["paid"] - row["paid"] * (row["received_quantity"] or 0) // row["quantity"] for row in lines)


def _may_have_left(sending: Row) -> bool:
    if sending["status"] in {"failed", "canceled"}:
        return bool(sending["evidence"].get("contradicted") == "succeeded")
    return "unsupported" not in sending["evidence"]


def failures_are_told_once(history: History) -> Found:
    """Whatever the provider repeats, a refund is told as failed once."""
    for resource, events in _events(history).items():
        told = sum(event["type"] == "refund.failed" for event in events)
        if told > 1:
            yield Violation("I4", resource, f"was told as failed {told} times")


# ---- I5: one live label per return ----------------------------------------------------------------------------------


def one_live_label(history: History) -> Found:
    """Per return at most one label lives at the carrier, and it is the one that we tell."""
    shop_of = _shops(history)
    live: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name, shop in history.shops.items():
        for label in shop.export["labels"]:
            if label["voided_at"] is None:
                live[name, label["rma"]].append(label["id"])
    for (name, rma), labels in live.items():
        if len(labels) > 1:
            yield Violation("I5", f"{name}/{rma}", f"{len(labels)} labels live at the carrier")
    ours: defaultdict[str, list[Row]] = defaultdict(list)
    for label in history.tables["return_labels"]:
        ours[label["return_id"]].append(label)
    for return_ in history.tables["returns"]:
        active = [label["external_id"] for label in ours[return_["id"]] if label["status"] == "active"]
        there = live[shop_of[return_["store_id"]], return_["rma"]]
        if sorted(active) != sorted(there) and not (OPEN & {label["status"] for label in ours[return_["id"]]}):
            yield Violation("I5", return_["id"], f"we tell {active}, the carrier has {there}")
        if active and return_["status"] != "label_issued":
            yield Violation("I5", return_["id"], f"has a label and is {return_['status']}")


# ---- I7: events; I8: stores; I11: audit -----------------------------------------------------------------------------

EVENTFUL = (
    "orders",
    "operations",
    "refunds",
    "returns",
    "return_labels",
    "cancellations",
    "changes",
    "exchanges",
    "credits",
)


def events_are_whole(history: History) -> Found:
    """Per resource the events are 1, 2, 3 … without a gap, and the last one tells what the row is now."""
    events = _events(history)
    for table in EVENTFUL:
        for row in history.tables[table]:
            of_row = events.get(row["id"], [])
            numbers = [event["sequence"] for event in of_row]
            if numbers != list(range(1, row["event_sequence"] + 1)) or not numbers:
                yield Violation("I7", row["id"], f"events {numbers}, counter {row['event_sequence']}")
            elif table != "orders" and of_row[-1]["object"]["status"] != row["status"]:
                yield Violation(
                    "I7", row["id"], f"is {row['status']}, its last event tells {of_row[-1]['object']['status']}"
                )


def stores_are_apart(history: History) -> Found:
    """An effect in a shop was asked for by the store of that shop."""
    shop_of, known = _shops(history), _by_key(history)
    for name, shop in history.shops.items():
        for row in shop.ledger:
            for operation in known.get(row["reference"] or "", []):
                if shop_of[operation["store_id"]] != name:
                    yield Violation("I8", operation["id"], f"had an effect in the shop {name}")


def money_is_audited(history: History) -> Found:
    """Each request and each final state of an operation has its one row in the audit trail."""
    written = Counter((row["action"], row["subject_id"]) for row in history.tables["audit_log"])
    wanted = [("refund.requested", row["id"]) for row in history.tables["refunds"]]
    wanted += [("label.requested", row["id"]) for row in history.tables["return_labels"]]
    wanted += [(f"change.{row['kind']}_requested", row["id"]) for row in history.tables["changes"]]
    wanted += [("exchange.requested", row["id"]) for row in history.tables["exchanges"]]
    wanted += [("credit.given", row["id"]) for row in history.tables["credits"] if row["refund_id"] is None]
    for row in history.tables["operations"]:
        if row["status"] in {"succeeded", "failed"}:
            wanted.append((f"operation.{row['status']}", row["id"]))
    for entry in wanted:
        if written[entry] != 1:
            yield Violation("I11", entry[1], f"{written[entry]} audit rows {entry[0]}")


# ---- faults ---------------------------------------------------------------------------------------------------------


def ordered_faults_were_seen(history: History) -> Found:
    """A fault that was ordered stands in the sandbox's ledger; a bait does not."""
    wanted = Counter((fault.shop, fault.operation, fault.fault) for fault in history.ordered if not fault.bait)
    for (shop, operation, fault), times in wanted.items():
        seen = sum(row["fault"] == fault and row["kind"] == operation for row in history.shops[shop].ledger)
        if seen < times:
            yield Violation("fault", f"{shop}/{operation}", f"{fault}: ordered {times}, seen {seen}")
    for fault in history.ordered:
        if fault.bait and any(
            r["fault"] == fault.fault and r["kind"] == fault.operation for r in history.shops[fault.shop].ledger
        ):
            yield Violation("I2", f"{fault.shop}/{fault.operation}", f"sent again after an effect, into {fault.fault}")


RULES: tuple[Callable[[History], Found], ...] = (
    captured_is_the_ceiling,
    orders_give_what_they_took,
    charges_end_in_one_state,
    one_effect_per_request,
    provider_and_we_agree,
    unknown_is_never_failed,
    refusals_that_had_to_be,
    nothing_is_stuck,
    spending_is_counted,
    failures_are_told_once,
    one_live_label,
    events_are_whole,
    stores_are_apart,
    money_is_audited,
    ordered_faults_were_seen,
)


def _shops(history: History) -> dict[str, str]:
    return {row["id"]: row["sandbox_shop"] for row in history.tables["stores"]}


def _by_key(history: History) -> dict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in history.tables["operations"]:
        found[row["provider_key"]].append(row)
    return found


def _events(history: History) -> dict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for event in sorted(history.tables["events"], key=lambda row: (row["resource_id"], row["sequence"])):
        found[event["resource_id"]].append(event)
    return found
