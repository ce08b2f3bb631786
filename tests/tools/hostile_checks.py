"""What a hostile caller must not have got by the order or the number of her calls, from the rows and the carrier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.faults.history import History, Row

TWO_ABOVE, FEE_PERCENT = 1_900, 10
"""Nobody says yes for her: what two persons would have to agree to never happens."""
UNASKED = {"exchange_not_due", "change_refused"}
"""Why a refund gives back what was taken a moment before."""


def _live(history: History) -> list[Row]:
    """Refunds that were paid, or may be."""
    over = {"failed", "canceled", "awaiting_approval"}
    moved = {row["refund_id"] for row in history.tables["changes"] if row["kind"] == "payment_method"}
    rows = [row for row in history.tables["refunds"] if row["status"] not in over and row["reason"] not in UNASKED]
    return [row for row in rows if row["id"] not in moved]


def parted(history: History) -> Iterator[str]:
    """Two persons would have been asked, and it was split so that nobody was; per order, and per return."""
    sums: Counter[str] = Counter()
    behind = {row["refund_id"] for name in ("changes", "withdrawals") for row in history.tables[name]}
    for refund in _live(history):
        follows = refund["cancellation_id"] or refund["id"] in behind or not refund["automated"]
        if not follows:
            sums[refund["return_id"] or refund["order_id"]] += refund["amount"]
    yield from (f"{name} gave {amount} unasked" for name, amount in sums.items() if amount > TWO_ABOVE)


def kept_back(history: History) -> Iterator[str]:
    """Of a return that was paid before its goods its fee and its label are kept back, whatever came first."""
    labels = Counter[str]()
    for label in (label for shop in history.shops.values() for label in shop.export["labels"]):
        if label["voided_at"] is None:
            labels[label["rma"]] += label["cost"]
    for return_ in history.tables["returns"]:
        paid = [row for row in _live(history) if row["return_id"] == return_["id"]]
        if not paid or return_["exchange_id"] is not None:
            continue
        kept = sum(row["fee"] for row in paid)
        gross = kept + sum(row["amount"] for row in paid)
        due = gross * FEE_PERCENT // 100 - 2 * len(paid) + labels[return_["rma"]]
        if return_["method"] == "keep":
            yield f"{return_['id']} was paid before its goods, and they never come"
        if kept < min(gross, due):
            yield f"{return_['id']} kept back {kept} of {gross}, and {due} is due"
