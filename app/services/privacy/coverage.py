"""Where a person's data can be: every table, one line each. A table that stands nowhere here fails a test.

`HELD`: tables with rows of persons, in the order in which they are found. `APART`: the others, each with its reason.
A new table gets a line in one of the two; a new column of a table in `HELD` a word in `erase`, `gone` or `plain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.database import Base
from app.models import (
    approvals,
    changes,
    claims,
    connections,
    credits,  # noqa: A004  our own tables; the prompt has no say here
    customers,
    exchanges,
    files,
    operations,
    orders,
    parcels,
    privacy_requests,
    records,
    refunds,
    returns,
    storefronts,
    tickets,
    webhooks,
    withdrawals,
)
from app.services.privacy.treatments import (
    Treatment,
    decided,
    empty,
    erased,
    known_by_hash,
    line_data,
    none,
    order_snapshot,
    reduced,
    triage,
    unnamed,
)


@dataclass(frozen=True, slots=True)
class Held:
    """A table with rows of persons."""

    model: type[Base]
    by: Mapping[str, str]
    """Columns that lead to a person, each with the kind of ids that it holds (`any`: of whatever is theirs)."""
    kind: str = ""
    """What its rows are, for the tables after it."""
    makes: str = "id"
    """The column with the ids of that kind."""
    gone: bool = False
    """The rows are deleted."""
    erase: Mapping[str, Treatment] = field(default_factory=dict[str, Treatment])
    """What becomes of which column."""
    plain: str = ""
    """Texts that stay, by their columns, beside those of `PLAIN`."""
    kept: str = ""
    """Why the rest of the row is kept; every row that is not deleted has a reason."""
    talk: bool = False
    """Part of a conversation: goes with it when tickets are kept for some days only (`retention.py`)."""
    hidden: str = ""
    """Columns that an export leaves out: secrets of the person's or of ours, and what only machinery reads."""

    @property
    def name(self) -> str:
        """The table's."""
        return self.model.__tablename__


PLAIN = frozenset(
    [
        "id",
        "store_id",
        "customer_id",
        "order_id",
        "ticket_id",
        "return_id",
        "refund_id",
        "credit_refund_id",
        "exchange_id",
        "operation_id",
        "claim_id",
        "parcel_id",
        "void_operation_id",
        "charge_operation_id",
        "cancellation_id",
        "withdrawal_id",
        "label_id",
        "line_id",
        "payment_id",
        "message_id",
        "merged_into",
        "subject_id",
        "resource_id",
        "decision_id",
        "result_id",
        "policy_id",
        "endpoint_id",
        "event_id",
        "delivery_id",
        "connection_id",
        "in_reply_to",
        "status",
        "type",
        "kind",
        "action",
        "outcome",
        "code",
        "currency",
        "destination",
        "method",
        "channel",
        "direction",
        "language",
        "subject_type",
        "resource_type",
        "result_type",
        "policy_version",
        "failure_code",
        "error_code",
        "intent",
        "sentiment",
        "priority",
        "proof",
        "origin",
        "provider",
        "provider_key",
        "carrier",
        "service",
        "format",
        "spending_day",
        "label_payer",
        "overdue_reason",
        "payment_kind",
        "wished",
        "resolution",
        "variant_id",
    ]
)
"""Columns that hold ids of ours, words of ours and of the books, wherever they are: never a person's."""
BOOKS = "Amounts, ids and dates are what a merchant must be able to show of their books (in the EU 6 to 10 years)."
STATE = "Ids, states and dates keep the figures of the store right; nothing in them tells who it was."
PROOF = "That it happened, by whose rule and when, is the proof against whoever doubts it."

HELD: tuple[Held, ...] = (
    Held(customers.Customer, {"id": "customer", "merged_into": "customer"}, kind="customer", kept=STATE,
         erase=dict.fromkeys(("external_id", "email", "email_key", "phone", "phone_key", "name", "locale"), none)
         | {"addresses": empty, "payment_methods": empty}),
    Held(orders.Order, {"customer_id": "customer"}, kind="order", kept=BOOKS, plain="external_id number number_key",
         erase={"email_key": none, "phone_key": none, "postal_key": none, "snapshot": order_snapshot,
                "tracking": empty}),
    Held(orders.OrderLine, {"order_id": "order"}, kind="line", kept=BOOKS, plain="external_id title",
         erase={"data": line_data}),
    Held(orders.OrderPayment, {"order_id": "order"}, kind="payment", kept=BOOKS, plain="external_id",
         erase={"label": erased, "payment_method_id": none}),
    Held(tickets.Ticket, talk=True, by={"id": "ticket", "customer_id": "customer"}, kind="ticket", kept=STATE,
         erase={"subject": erased, "contact": empty, "contact_key": none, "tags": empty, "handoff": reduced,
                "priority_reasons": empty, "external_ids": empty, "department": none, "clocks": reduced},
         plain="assignee team"),
    Held(tickets.TicketTag, talk=True, by={"ticket_id": "ticket"}, gone=True),
    Held(tickets.TicketRating, talk=True, by={"ticket_id": "ticket"}, kept=STATE,
         erase={"comment": erased, "by": reduced}),
    Held(tickets.Message, talk=True, by={"ticket_id": "ticket"}, kind="message", kept=STATE, plain="delivery",
         erase={"author": reduced, "text": erased, "external_id": known_by_hash, "triage": triage, "buttons": empty,
                "cards": empty, "details": empty, "answer": none}),
    Held(connections.TicketLink, talk=True, by={"ticket_id": "ticket"}, gone=True),
    Held(returns.Return, {"order_id": "order", "customer_id": "customer"}, kind="return", kept=BOOKS, plain="rma",
         erase={"payment_method_id": none, "actor": reduced}),
    Held(returns.ReturnLine, {"return_id": "return"}, kept=BOOKS, plain="condition",
         erase={"note": none, "files": empty, "reason": reduced}),
    Held(returns.Label, {"return_id": "return"}, kind="label", kept=BOOKS,
         erase={"tracking_number": none, "tracking_url": none, "external_id": none, "parcel": reduced,
                "next_look_at": none}),
    Held(returns.LabelFile, {"label_id": "label"}, gone=True, hidden="content"),
    Held(exchanges.Exchange, {"order_id": "order"}, kind="exchange", kept=BOOKS,
         erase={"payment_method_id": none, "actor": reduced}),
    Held(exchanges.ExchangeLine, {"exchange_id": "exchange"}, kept=BOOKS, plain="title", erase={"options": empty}),
    Held(claims.Claim, {"order_id": "order"}, kind="claim", kept=BOOKS,
         erase={"reason": erased, "actor": reduced, "decided_by": reduced}),
    Held(claims.ClaimLine, {"claim_id": "claim"}, kept=BOOKS, erase={"note": none, "files": empty}),
    Held(withdrawals.Withdrawal, {"order_id": "order"}, kind="withdrawal", kept=BOOKS,
         erase={"acknowledgement": erased, "actor": reduced}),
    Held(withdrawals.WithdrawalLine, {"withdrawal_id": "withdrawal"}, kept=BOOKS),
    Held(refunds.Refund, {"order_id": "order"}, kind="refund", kept=BOOKS,
         erase={"payment_method_id": none, "reason": reduced, "note": none, "actor": reduced}),
    Held(refunds.RefundLine, {"refund_id": "refund"}, kept=BOOKS),
    Held(refunds.Allocation, {"refund_id": "refund"}, kind="allocation", kept=BOOKS),
    Held(refunds.Cancellation, {"order_id": "order"}, kind="cancellation", kept=BOOKS, erase={"reason": reduced}),
    Held(credits.Credit, {"customer_id": "customer", "order_id": "order"}, kind="credit", kept=BOOKS,
         erase={"reason": reduced, "actor": reduced}),
    Held(credits.WindowExtension, {"order_id": "order"}, kept=PROOF, erase={"actor": reduced}),
    Held(changes.Change, {"order_id": "order", "customer_id": "customer"}, kind="change", kept=PROOF,
         erase={"plan": reduced, "payment_method_id": none, "actor": reduced, "failure_detail": none}),
    Held(approvals.Approval, {"order_id": "order", "subject_id": "any"}, kind="approval", kept=PROOF,
         erase={"parameters": reduced, "asker": reduced, "requested_by": reduced, "votes": reduced, "reasons": reduced},
         plain="rules"),
    Held(operations.Operation, {"subject_id": "any", "message_id": "message"}, kind="operation", kept=BOOKS,
         plain="leased_by traceparent", hidden="leased_by leased_until traceparent schedule",
         erase={"command": reduced, "evidence": reduced, "error_detail": none, "external_id": none}),
    Held(operations.OperationTry, {"operation_id": "operation"}, kept=BOOKS, plain="executor", hidden="executor",
         erase={"detail": reduced}),
    Held(records.Decision, {"order_id": "order", "message_id": "message", "subject_id": "any"}, kind="decision",
         kept=PROOF, plain="rules plain_policy",
         erase={"facts": decided, "reasons": decided, "ruling": decided, "actor": reduced}),
    Held(storefronts.ShopperSession, {"customer_id": "customer", "order_id": "order"}, kind="session", gone=True,
         hidden="code_hash token_hash key_id"),
    Held(files.FileLink, talk=True, by={"resource_id": "any"}, kind="file", makes="file_id", gone=True),
    Held(files.File, {"id": "file", "customer_id": "customer"}, kind="file", gone=True,
         hidden="answer_key answer_shopper digest"),
    Held(orders.TrackingNumber, {"order_id": "order"}, kind="parcel number", makes="number", gone=True),
    Held(parcels.ParcelAlert, {"order_id": "order"}, kept=STATE, plain="reason"),
    Held(parcels.Parcel, {"tracking_number": "parcel number"}, kind="parcel", kept=STATE,
         erase={"tracking_number": unnamed, "look_at": none}),
    Held(parcels.ParcelSubscription, {"tracking_number": "parcel number"}, gone=True),
    Held(parcels.ParcelScan, {"parcel_id": "parcel"}, gone=True),
    Held(records.Answer, talk=True, by={"shopper": "customer", "resource_id": "any"}, kept=STATE,
         hidden="key fingerprint", plain="key shopper", erase={"body": none, "fingerprint": erased}),
    Held(records.Event, talk=True, by={"resource_id": "any"}, kind="event", kept=STATE, hidden="position",
         erase={"object": reduced, "previous": reduced}),
    Held(webhooks.WebhookDelivery, talk=True, by={"event_id": "event"}, kind="delivery", kept=STATE),
    Held(webhooks.WebhookAttempt, talk=True, by={"delivery_id": "delivery"}, kept=STATE, plain="url",
         erase={"response": erased, "error": erased}),
    Held(connections.InboundDelivery, talk=True, by={"id": "inbound"}, kept=STATE,
         hidden="key content leased_by leased_until schedule",
         plain="key content topic leased_by", erase={"document": empty, "resource": erased, "outcome": reduced}),
    Held(privacy_requests.PrivacyRequest, {"customer_id": "customer"}, kind="privacy request", kept=PROOF,
         plain="asked decided_by", erase={"outcome": reduced}),
    Held(records.AuditRow, {"subject_id": "any"}, kept=PROOF, erase={"evidence": reduced},
         plain="actor request_id hash evidence_digest evidence_salt",
         hidden="number hash evidence_digest evidence_salt"),
    Held(refunds.SpendCounter, {"scope_id": "any"}, kept=BOOKS, plain="scope scope_id"),
)  # fmt: skip
"""Read downwards: what a table finds leads to the rows of those below it."""
WORDS = "Numbers made from words, one row per word and ticket: removed with the ticket's texts, of no use in an export."
OWN = "The store's own settings, keys and rules: no customer stands in it."
BRIEF = "Hashes and counts that nobody can lead back to a person, forgotten within a day."
APART: Mapping[str, str] = {
    "ticket_words": WORDS,
    "file_blobs": "The bytes of files, by their hash: handed out by their files' ids, removed once no file has them.",
    "file_usage": "How many bytes a store keeps.",
    "confirmations": "What previews promised, for 15 minutes: at an erasure those of the store are deleted.",
    "erasures": "Hashes under the store's own secret: what an erased person's data is known by, should it come again.",
    "wrong_guesses": BRIEF,
    "used_jwts": BRIEF,
    "ticket_updates": "Names tickets by our ids, and what the store made of many of them at once.",
    "webhook_replays": "Names events by our ids.",
    "mirror_passes": "Counts, and orders by their ids: how far a copy of the shop's orders has come.",
    "policy_backtests": "Counts, and decisions by our ids.",
    "agents": "The store's own people: it changes and deactivates them itself.",
    **dict.fromkeys(
        ("stores", "api_keys", "key_origins", "signing_keys", "connections", "connection_families",
         "webhook_endpoints", "policies", "policy_periods", "teams"),
        OWN,
    ),
}  # fmt: skip
"""Tables that no export and no erasure goes through row by row, and why."""
