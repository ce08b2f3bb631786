"""Examples of a person's export and erasure."""

from app.routers.examples import AT, CUSTOMER_ID, JsonDict

EXPORT: JsonDict = {
    "customer": CUSTOMER_ID,
    "livemode": False,
    "exported_at": AT,
    "data": {"customers": [{"id": CUSTOMER_ID, "email": "anna.keller@example.com", "name": "Anna Keller"}]},
    "files": ["/v1/files/fil_01m7zskg3kes4tpxfpb1m0gd20/content"],
    "left_out": {"file_usage": "How many bytes a store keeps."},
}
ERASURE: JsonDict = {
    "id": CUSTOMER_ID,
    "livemode": False,
    "erased_at": AT,
    "erased": {"customers": 1, "orders": 2, "messages": 5},
    "kept": [
        {
            "what": "refunds",
            "rows": 1,
            "why": "Amounts, ids and dates are what a merchant must be able to show of their books "
            "(in the EU 6 to 10 years).",
        }
    ],
}
REQUEST: JsonDict = {
    "id": "prv_01m7zskg3kes4tpxfpb1m0gd2a",
    "livemode": False,
    "connection": "con_01m7zskg3kes4tpxfpb1m0gd2b",
    "asked": "shop_redact",
    "status": "waiting",
    "customer": None,
    "ticket": "tkt_01m7zskg3kes4tpxfpb1m0gd2c",
    "erased": 0,
    "outcome": {},
    "decided_by": None,
    "due_at": "2026-12-21T09:30:00Z",
    "starts_at": "2026-12-05T09:30:00Z",
    "created_at": AT,
    "ended_at": None,
}
