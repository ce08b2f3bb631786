"""Facts of every kind, sound and absurd, and documents that `check` accepts."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from app.errors import Invalid
from app.services.policy.contract import CustomerFacts, Facts, LineFacts
from app.services.policy.document import check
from app.services.policy.names import ACTIONS, NAMES
from app.services.wording import LANGUAGES

TAGS = ["sale", "hygiene", "vip", "gift"]
REASONS = ["damaged", "too small", "other"]
CURRENCIES = ["EUR", "USD", "JPY"]
STATUSES = ["pending", "processing", "shipped", "delivered", "canceled"]


def mostly(value, *others):
    return st.sampled_from([value] * 3 + list(others))


sane = st.integers(0, 366 * 24).map(lambda hours: datetime(2025, 6, 1, tzinfo=UTC) + timedelta(hours=hours))
moments = sane | sane | st.datetimes() | st.datetimes(timezones=st.just(UTC))
counts = st.integers(0, 5) | st.integers(-(10**20), 10**20)
amounts = st.integers(0, 30_000) | st.integers(-(10**20), 10**20)
tags = st.lists(st.sampled_from(TAGS), max_size=3).map(tuple)
words = st.text(max_size=5)

lines = st.builds(
    LineFacts,
    line_id=words,
    product_id=st.none() | words,
    title=words,
    tags=tags,
    quantity=mostly(1, 2, 0, -1),
    free=mostly(1, 2, 0),
    value=amounts,
    final_sale=mostly(False, True),
    delivered_at=st.none() | moments,
    reason=st.none() | st.sampled_from(REASONS) | words,
    resolution=mostly("refund", "store_credit", "exchange", "nonsense"),
    photos=counts,
    paid_back=mostly(False, True),
    extended_until=st.none() | moments,
)
customers = st.builds(
    CustomerFacts, orders=counts, returns=counts, return_rate=counts, claims=counts, accounts_on_address=counts
)
facts = st.builds(
    Facts,
    action=st.sampled_from(ACTIONS) | words,
    actor=mostly("shopper", "merchant", "automation"),
    proof=mostly(2, 1, 0, -5),
    now=moments,
    owner=mostly(True, False),
    language=st.sampled_from(LANGUAGES) | words,
    order_status=mostly("delivered", *STATUSES, None, "odd"),
    placed_at=st.none() | moments,
    delivered_at=st.none() | moments,
    market=st.sampled_from([None, "DE", "US", ""]),
    order_tags=tags,
    order_total=st.none() | amounts,
    items_changed=mostly(False, True),
    payment_changed=mostly(False, True),
    standing_returns=mostly(0, 1),
    standing_exchanges=st.sampled_from([None, 0, 1]),
    line_final_sale=mostly(False, True),
    quantity_free=mostly(True, False),
    lines=st.lists(lines, max_size=3).map(tuple),
    amount=st.none() | amounts,
    currency=st.none() | st.sampled_from(CURRENCIES) | words,
    reason=st.none() | st.sampled_from(REASONS) | words,
    destination=mostly("original", "store_credit", "payment_method"),
    destination_kind=st.sampled_from([None, "card", "gift_card", "odd"]),
    method=mostly(None, "keep"),
    instant=st.booleans(),
    follows=mostly(None, "return", "withdrawal", "cancel"),
    spent=st.dictionaries(st.sampled_from(["order", "customer", "day"]), amounts),
    customer=customers,
)

# ---- documents ----

stamps = sane.map(lambda moment: moment.isoformat())
money = st.fixed_dictionaries({"amount": st.integers(0, 30_000), "currency": st.sampled_from(CURRENCIES)})
VALUES = {
    "number": st.integers(-3, 40),
    "flag": st.booleans(),
    "moment": stamps,
    "money": money,
    "words": st.sampled_from(TAGS),
}
ORDER = ["lt", "lte", "gt", "gte"]
OPS = {
    "text": ["eq", "ne", "in", "not_in", "contains", "starts_with"],
    "number": ["eq", "ne", "in", "not_in", *ORDER],
    "money": ["eq", "ne", *ORDER],
    "flag": ["eq", "ne"],
    "moment": ["eq", "ne", *ORDER],
    "words": ["contains", "in", "not_in"],
}


@st.composite
def comparisons(draw):
    name = draw(st.sampled_from(sorted(NAMES)))
    known = NAMES[name]
    if draw(st.integers(0, 9)) == 0:
        return {"fact": name, "op": "exists", "value": draw(st.booleans())}
    op = draw(st.sampled_from(OPS[known.kind]))
    texts = ["DE", "US"] if name == "market" else known.words or REASONS
    one = VALUES.get(known.kind, st.sampled_from(texts))
    value = draw(st.lists(one, min_size=1, max_size=3) if op in {"in", "not_in"} else one)
    return {"fact": name, "op": op, "value": value}


conditions = st.recursive(
    comparisons(),
    lambda parts: (
        st.fixed_dictionaries({"all": st.lists(parts, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(parts, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"not": parts})
    ),
    max_leaves=6,
)
actions = st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=4, unique=True)


def listed(**fields):
    """Up to three rules with a condition each and ids of their own."""
    rule = st.fixed_dictionaries({"when": conditions, **fields})
    return st.lists(rule, max_size=3).map(lambda rules: [{"id": f"r{i}", **rule} for i, rule in enumerate(rules)])


per_currency = st.dictionaries(st.sampled_from(CURRENCIES), st.integers(0, 30_000))
days = st.none() | st.integers(0, 400)
CODES = ["item_not_returnable", "limit_reached", "order_not_pending"]
refusals = st.fixed_dictionaries(
    {"when": conditions, "actions": actions, "outcome": st.just("refuse"), "code": st.sampled_from(CODES)},
    optional={"before_state": st.booleans(), "reason": st.just({"en": "No.", "de": "Nein."})},
)
others = st.fixed_dictionaries({"when": conditions, "actions": actions, "outcome": st.sampled_from(["ask", "allow"])})
rules = st.lists(refusals | others, max_size=4).map(
    lambda some: [{"id": f"own.{i}", **rule} for i, rule in enumerate(some)]
)
signals = st.fixed_dictionaries({"above": st.integers(0, 50), "outcome": st.sampled_from(["ask", "refuse"])})
caps = st.integers(0, 30_000).flatmap(
    lambda cap: st.fixed_dictionaries(
        {"refund": st.just(cap), **dict.fromkeys(("order", "customer", "day"), st.integers(cap, 60_000))}
    )
)
fees = listed(percent=st.integers(1, 100), fixed=per_currency, actions=st.just(["return", "exchange"]))


def accepted(document):
    """Whether it can be saved."""
    try:
        check(document)
    except Invalid:
        return False
    return True


def sound(document):
    """The document without those of its parts that contradict something."""
    while True:
        try:
            check(document)
        except Invalid as refused:
            faulty = {error["pointer"].split("/")[1] for error in refused.errors}
            document = {name: part for name, part in document.items() if name not in faulty}
        else:
            return document


documents = st.fixed_dictionaries(
    {},
    optional={
        "windows": st.fixed_dictionaries(
            {"default_days": days, "rules": listed(days=days)},
            optional={
                "actions": st.just(["return", "exchange", "claim"]),
                "extensions": st.just(
                    [
                        {
                            "placed_from": "2025-11-01T00:00:00Z",
                            "placed_to": "2025-12-25T00:00:00Z",
                            "open_until": "2026-01-31T00:00:00Z",
                        }
                    ]
                ),
                "earlier": st.fixed_dictionaries(
                    {"until": stamps, "default_days": days, "rules": listed(days=days)}
                ).map(lambda part: [part]),
            },
        ),
        "final_sale": st.fixed_dictionaries({"tags": st.just(["sale"]), "when": st.none() | conditions}),
        "hygiene": st.fixed_dictionaries({"tags": st.just(["hygiene"])}),
        "one_return_per_order": st.booleans(),
        "exchange_once": st.booleans(),
        "resolutions": st.sampled_from([["refund"], ["store_credit", "exchange"]]),
        "resolution_rules": listed(allowed=st.just(["store_credit", "exchange"])),
        "destinations": st.sampled_from([["original"], ["gift_card"], []]),
        "fees": fees,
        "label": st.fixed_dictionaries({"payer": st.just("store"), "rules": listed(payer=st.just("shopper"))}),
        "reasons": st.dictionaries(
            st.sampled_from(["*", "return", "cancel"]),
            st.fixed_dictionaries({"accepted": st.none() | st.just(["damaged"]), "required": st.booleans()}),
        ),
        "photos": listed(outcome=st.sampled_from(["ask", "refuse"])),
        "auto_approve": st.dictionaries(st.sampled_from(ACTIONS), st.booleans() | conditions),
        "keep_items": st.fixed_dictionaries({"below": st.just({"EUR": 500}), "when": st.none() | conditions}),
        "caps": st.dictionaries(st.sampled_from(CURRENCIES), caps),
        "two_persons_above": per_currency,
        "proof": st.dictionaries(st.sampled_from(ACTIONS), st.integers(0, 2)),
        "changes": st.fixed_dictionaries(
            {},
            optional={
                "address": st.sampled_from(["allow", "ask", "refuse"]),
                "items_once": st.booleans(),
                "items_lock": st.booleans(),
                "payment_method_once": st.booleans(),
            },
        ),
        "abuse": st.fixed_dictionaries({"return_rate": signals, "claims": signals, "accounts_on_address": signals}),
        "withdrawal": st.fixed_dictionaries(
            {"days": st.integers(14, 40), "before_delivery": st.booleans(), "holidays": st.just(["2026-12-25"])}
        ),
        "rules": rules,
    },
).map(sound)
