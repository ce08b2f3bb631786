"""What is left of a JSON document once the person is out of it; no I/O.

Nothing is looked for: a text stays only where its name says that it cannot be a person's, and where it looks like it.
"""

from __future__ import annotations

import re
from typing import Any, cast

from app.services.tombstones import ERASED

OURS = re.compile(r"[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}")
"""An id of our own: it tells nothing, and leads to what is kept."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?")
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
WORD = re.compile(r"[A-Za-z0-9_.:#/+-]{1,80}")
WORDS = frozenset(
    [
        "action",
        "actor",
        "algorithm",
        "api_version",
        "carrier",
        "channel",
        "code",
        "currency",
        "destination",
        "direction",
        "error_code",
        "failure_code",
        "format",
        "fulfillment_status",
        "intent",
        "intents",
        "key",
        "kind",
        "language",
        "level",
        "line_id",
        "method",
        "mode",
        "operation",
        "order_id",
        "outcome",
        "payment_id",
        "payment_kind",
        "payment_status",
        "policy",
        "policy_version",
        "presentment_currency",
        "priority",
        "product_id",
        "provider",
        "provider_key",
        "reason_code",
        "resolution",
        "rule",
        "rules",
        "sentiment",
        "shipment_id",
        "source",
        "status",
        "subject_type",
        "type",
        "variant_id",
        "version",
        "wished",
    ]
)
"""Names whose texts are words of ours, of the policy or of the books: they stay where they are one word."""


def reduced(value: Any, name: str = "") -> Any:
    """`value` with every text erased that is not an id of ours, a moment, or a word under a name of `WORDS`."""
    if isinstance(value, str):
        kept = OURS.fullmatch(value) or MOMENT.fullmatch(value) or (name in WORDS and WORD.fullmatch(value))
        return value if kept else ERASED
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        return {key: reduced(item, key) for key, item in given.items() if NAME.fullmatch(key) or OURS.fullmatch(key)}
    if isinstance(value, list | tuple):
        return [reduced(item, name) for item in cast("list[Any]", value)]
    return value
