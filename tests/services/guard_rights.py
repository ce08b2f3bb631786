"""Holds what is owed on goods against what was paid: fees, labels, windows, the law's period, and two persons' yes.

As in `guard_judge` everything is summed here, from the till, the carrier and the rows; nothing of the guard is asked.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from tests.services.guard_carrier import COST, Carrier
from tests.services.guard_judge import ENDED, LIVE, Judge

FEE_PERCENT, WINDOW_DAYS, LEGAL_DAYS = 10, 30, 14
KEPT_BELOW, TWO_ABOVE = 1200, 3300
AT_CARRIER = {"return_label", "label_void", "surplus_label_void"}
WITH_SHOPPER = {"requested", "awaiting_approval", "approved", "label_issued", "in_transit"}
TAKEN_TOO_MUCH = {"exchange_not_due", "change_refused"}
"""Why a charge goes back."""
BINDING = {"confirmed", "completed"}


@dataclass(frozen=True)
class Terms:
    """What a history was told besides, and has seen of its returns."""

    arrived_at: datetime
    delivered: frozenset[str]
    """Ids of the orders that have arrived."""
    shopper_pays: bool
    """The label of a return, out of its money."""
    fees: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """By return and line: what was to be kept back when it was approved."""
    asked_to_keep: set[str] = field(default_factory=set[str])
    """Returns whose goods the store itself has left with the shopper."""
    voiding: set[str] = field(default_factory=set[str])
    """The carrier's ids of labels that were being voided when the store completed their return."""


def legal_end(arrived: datetime) -> datetime:
    """The last moment to withdraw: fourteen days after the goods came, never on a week-end."""
    day = arrived.date() + timedelta(days=LEGAL_DAYS)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime.combine(day, time(23, 59, 59), UTC)


@dataclass
class Court(Judge):
    """A judge of goods, too."""

    carrier: Carrier
    terms: Terms

    def check(self) -> None:
        super().check()
        self.labels_hold()
        self.withdrawals_hold()
        for return_ in self.rows["returns"]:
            self.fees_hold(return_)
            self.windows_hold(return_)
        self.little_is_kept()

    def happened(self, operation: Any) -> bool:
        if operation.kind not in AT_CARRIER:
            return super().happened(operation)
        sold = self.carrier.sold
        if operation.kind == "return_label":
            return any(one.key == operation.provider_key and self._was_sold(one, operation) for one in sold)
        return any(one.id == operation.command["label_id"] and one.voided for one in sold)

    def _was_sold(self, one: Any, operation: Any) -> bool:
        """A label that was voided was sold, and is none that was sold in vain."""
        return not one.voided or operation.status not in ENDED

    # ---- labels and fees --------------------------------------------------------------------------------------------

    def labels_hold(self) -> None:
        keys = Tally(one.key for one in self.carrier.sold)
        assert all(count == 1 for count in keys.values()), "a label was bought twice under one key"
        known = {row.provider_key: row.subject_id for row in self.rows["operations"] if row.kind == "return_label"}
        assert set(keys) <= set(known), "a label was bought that nobody has asked for"
        parcels = {row.id: (row.return_id, row.parcel_number) for row in self.rows["return_labels"]}
        live = Tally(parcels[known[one.key]] for one in self.carrier.sold if not one.voided)
        assert all(count == 1 for count in live.values()), "two labels of one parcel can be used"

    def paying(self, return_id: str) -> list[Any]:
        """The refunds that pay a return, or will; in parts, too."""
        live = {row.refund_id for row in self.rows["refund_allocations"] if row.status in LIVE}
        return [row for row in self.rows["refunds"] if row.return_id == return_id and row.id in live]

    def fees_hold(self, return_: Any) -> None:
        """What was kept back of a return is its fee and its labels, whatever was asked for first."""
        if return_.exchange_id is not None:
            return
        refunds = self.paying(return_.id)
        lines = [row for row in self.rows["refund_lines"] if row.refund_id in {refund.id for refund in refunds}]
        gross = sum(row.amount for row in lines)
        kept = gross - sum(self.allocated(refund.id) - refund.shipping for refund in refunds)
        if self.statutory(return_.id):
            assert kept == 0, f"{kept} was kept back of what the law gives back whole"
            return
        asked = {row.line_id: row.quantity for row in self.rows["return_lines"] if row.return_id == return_.id}
        units = Tally[str]()
        for row in lines:
            units[row.line_id] += row.quantity
        fee = sum(self.terms.fees[return_.id, line] * count // asked[line] - 1 for line, count in units.items())
        fee -= len(refunds)  # each is rounded for itself
        bought = [one for one in self.carrier.live(return_.rma) if one.id not in self.terms.voiding]
        label = COST * len(bought) if self.terms.shopper_pays else 0
        assert kept >= min(gross, fee + label), f"{kept} was kept back of {gross}, and {fee} + {label} is due"

    def allocated(self, refund_id: str) -> int:
        return sum(row.amount for row in self.rows["refund_allocations"] if row.refund_id == refund_id)

    def statutory(self, return_id: str) -> bool:
        return any(row.return_id == return_id for row in self.rows["withdrawals"])

    def fees_of(self, return_: Any) -> Iterator[tuple[str, int]]:
        """Line and fee as if the return were approved now: of what was paid, as far as it is left."""
        told = [row.external_id for row in self.rows["order_payments"] if row.order_id == return_.order_id]
        outside = sum(self.till.refunded(account, outside=True) for account in told)
        rest = max(0, self.captured(return_.order_id) - self.given(return_.order_id) - outside)
        totals = {row.id: row for row in self.rows["order_lines"]}
        for row in self.rows["return_lines"]:
            if row.return_id == return_.id:
                line = totals[row.line_id]
                worth = min(rest, line.total * row.quantity // line.quantity)
                rest -= worth
                yield row.line_id, worth * FEE_PERCENT // 100

    # ---- windows ----------------------------------------------------------------------------------------------------

    def windows_hold(self, return_: Any) -> None:
        """What the law does not give comes back in time, or where a person lets it."""
        if return_.order_id not in self.terms.delivered or self.statutory(return_.id):
            return
        lines = [row.line_id for row in self.rows["return_lines"] if row.return_id == return_.id]
        late = [line for line in lines if not self.open(return_.order_id, line, return_.created_at)]
        assert not late, "goods come back after their window has closed"

    def open(self, order_id: str, line_id: str | None, at: datetime) -> bool:
        """Whether the store's own window lets the line come back."""
        granted = [
            row.until
            for row in self.rows["window_extensions"]
            if row.order_id == order_id and (line_id is None or row.line_id in {None, line_id})
        ]
        return at <= max([self.terms.arrived_at + timedelta(days=WINDOW_DAYS), *granted])

    def withdrawals_hold(self) -> None:
        """Each unit is withdrawn from once, in time; what was granted beyond it is the store's own affair."""
        units = Tally[str]()
        for row in self.rows["withdrawals"]:
            if row.order_id in self.terms.delivered:
                assert row.created_at <= legal_end(self.terms.arrived_at), "it is declared after the law's period"
            if row.status in BINDING:
                lines = [line for line in self.rows["withdrawal_lines"] if line.withdrawal_id == row.id]
                units.update({line.line_id: line.quantity for line in lines})
        for line in self.rows["order_lines"]:
            assert units[line.id] <= line.quantity, "more is withdrawn from than was bought"

    # ---- goods that stay --------------------------------------------------------------------------------------------

    def little_is_kept(self) -> None:
        """What the policy leaves with a shopper is little in all, in however many parts it is asked for."""
        kept = Tally[str]()
        for return_ in self.rows["returns"]:
            if return_.method == "keep" and return_.id not in self.terms.asked_to_keep:
                kept[return_.order_id] += sum(self.allocated(refund.id) for refund in self.paying(return_.id))
        assert all(amount < KEPT_BELOW for amount in kept.values()), f"goods for {max(kept.values())} were let keep"

    # ---- what has just been done ------------------------------------------------------------------------------------

    def done_rightly(self, before: Court) -> None:
        """What has come since: early money only where the policy gives it, much only with two persons' yes."""
        was = {row.id: row.status for name in ("refunds", "credits") for row in before.rows[name]}
        returns = {row.id: row for row in self.rows["returns"]}
        for refund in self.rows["refunds"]:
            if refund.status == "awaiting_approval" or was.get(refund.id, "awaiting_approval") != "awaiting_approval":
                continue
            return_ = returns.get(refund.return_id)
            early = return_ is not None and return_.status in WITH_SHOPPER and return_.method != "keep"
            assert self.instant or not (early and refund.automated), "automation paid a return before its goods"
            if refund.id not in self._taken_first():
                self._two_agree(refund, self.allocated(refund.id), before.spent_before(self, refund))
            self._in_the_window(refund)
        for credit in self.rows["credits"]:
            if credit.refund_id is None and credit.id not in was:
                self._two_agree(credit, credit.amount, before.money(credit.order_id))

    def _taken_first(self) -> set[str]:
        """Refunds of what was taken a moment ago, or is taken from another method now: they give nothing away."""
        moved = {row.refund_id for row in self.rows["changes"] if row.kind == "payment_method"}
        return moved | {row.id for row in self.rows["refunds"] if row.reason in TAKEN_TOO_MUCH}

    def _in_the_window(self, refund: Any) -> None:
        """Goods that stay are bound as those that come back are, where automation pays and nothing was decided."""
        if refund.automated and not self._follows(refund) and refund.order_id in self.terms.delivered:
            lines = [row.line_id for row in self.rows["refund_lines"] if row.refund_id == refund.id] or [None]
            assert all(self.open(refund.order_id, line, refund.created_at) for line in lines), "paid after the window"

    def money(self, order_id: str) -> int:
        """What an order has given in money by us, goodwill too."""
        ids = {row.id for row in self.rows["refunds"] if row.order_id == order_id}
        paid = [row for row in self.rows["refund_allocations"] if row.refund_id in ids and row.status in LIVE]
        gifts = [row for row in self.rows["credits"] if row.order_id == order_id and row.refund_id is None]
        return sum(row.amount for row in paid) + sum(row.amount for row in gifts if row.status in LIVE)

    def spent_before(self, after: Court, refund: Any) -> int:
        """What counts together with a refund: all of a return, and all of an order that nothing else stands behind."""
        if refund.return_id is not None:
            return sum(self.allocated(row.id) for row in self.paying(refund.return_id))
        return 0 if after._follows(refund) else self.money(refund.order_id)

    def _follows(self, refund: Any) -> bool:
        behind = {row.refund_id for name in ("claims", "changes", "withdrawals") for row in self.rows[name]}
        return bool(refund.return_id or refund.cancellation_id or refund.id in behind)

    def _two_agree(self, given: Any, amount: int, before: int) -> None:
        if amount + before <= TWO_ABOVE:
            return
        about = {given.id}
        about |= {row.id for name in ("claims", "withdrawals") for row in self.rows[name] if row.refund_id == given.id}
        persons = [self.persons(row) for row in self.rows["approvals"] if {row.result_id, row.subject_id} & about]
        agreed = max(map(len, persons), default=0)
        assert agreed > 1, f"{amount} on top of {before} was given with {agreed} persons' yes"

    @staticmethod
    def persons(approval: Any) -> set[str]:
        """Who has said yes, but whoever has asked."""
        asker = (approval.asker["agent"] or "").casefold()
        return {said["agent"].casefold() for said in approval.votes if said["approve"] and said["agent"]} - {asker}
