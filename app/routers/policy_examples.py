"""Examples of policies, decisions and backtests in the OpenAPI document."""

from pydantic.config import JsonDict

from app.routers.examples import AT, CUSTOMER_ID, LINE_ID, ORDER_ID, money

POLICY_ID = "pol_01m7zskg3kes4tpxfpb1m0gd10"
DECISION_ID = "dec_01m7zskg3kes4tpxfpb1m0gd11"
BACKTEST_ID = "bkt_01m7zskg3kes4tpxfpb1m0gd12"

RULING: JsonDict = {
    "outcome": "refuse",
    "code": "return_window_closed",
    "reasons": ["More than 30 days since delivery."],
    "rules": ["window"],
    "policy_version": "3",
    "approvers": 0,
    "fee": 0,
    "label_payer": "store",
    "keep_items": False,
    "lines": [],
}
DECISION: JsonDict = {
    "id": DECISION_ID,
    "livemode": False,
    "action": "return",
    "outcome": "refuse",
    "code": "return_window_closed",
    "reasons": ["More than 30 days since delivery."],
    "rules": ["window"],
    "policy_version": "3",
    "policy": POLICY_ID,
    "order": ORDER_ID,
    "subject": {"type": "order", "id": ORDER_ID},
    "message": None,
    "actor": {"type": "shopper", "id": CUSTOMER_ID, "key": "key_01m7zskg3kes4tpxfpb1m0gd13"},
    "ruling": RULING,
    "facts": {"action": "return", "actor": "shopper", "proof": 2, "now": AT, "order_status": "delivered"},
    "created_at": AT,
}
REPLAY: JsonDict = {"decision": DECISION_ID, "agrees": True, "ruling": RULING, "stored": RULING}
POLICY_IN: JsonDict = {
    "name": "Thirty days",
    "document": {
        "windows": {"default_days": 30},
        "caps": {"EUR": {"refund": 10000, "order": 20000, "customer": 30000, "day": 500000}},
        "auto_approve": {"return": True},
    },
}
POLICY: JsonDict = {
    "id": POLICY_ID,
    "livemode": False,
    "number": 3,
    "status": "active",
    "version": 2,
    "name": "Thirty days",
    "document": POLICY_IN["document"],
    "created_by": {"type": "agent", "id": "kim", "key": "key_01m7zskg3kes4tpxfpb1m0gd13"},
    "activated_by": {"type": "agent", "id": "kim", "key": "key_01m7zskg3kes4tpxfpb1m0gd13"},
    "created_at": AT,
    "updated_at": AT,
    "activated_at": AT,
    "retired_at": None,
}
RETURNABLE: JsonDict = {
    "order": ORDER_ID,
    "outcome": "allow",
    "code": None,
    "label_payer": "store",
    "policy_version": "3",
    "locale": "en",
    "reason": None,
    "depends_on_reason": False,
    "lines": [
        {
            "line_id": LINE_ID,
            "external_id": "ln-1001-1",
            "title": "Desk lamp",
            "quantity": 1,
            "returnable_quantity": 1,
            "outcome": "allow",
            "code": None,
            "reasons": ["Nothing speaks against it."],
            "rules": ["allowed"],
            "returnable_until": AT,
            "resolutions": ["refund", "store_credit", "exchange"],
            "fee": money(0),
        }
    ],
}
BACKTEST_IN: JsonDict = {
    "document": {"windows": {"default_days": 14}},
    "since": "2026-10-01T00:00:00Z",
    "actions": ["return", "refund"],
}
BACKTEST: JsonDict = {
    "id": BACKTEST_ID,
    "livemode": False,
    "status": "completed",
    "policy": POLICY_ID,
    "baseline": {"policy": None, "version": "plain-1"},
    "options": {
        "since": "2026-10-01T00:00:00Z",
        "until": None,
        "actions": ["return", "refund"],
        "limit": 100000,
        "orders": True,
        "after_days": 14,
    },
    "progress": {"done": 3, "total": 3},
    "result": {
        "decisions": 2,
        "requests": 1,
        "skipped": 0,
        "changed": 1,
        "before": {"allow": 3, "refuse": 0, "ask": 0},
        "after": {"allow": 2, "refuse": 1, "ask": 0},
        "cost": {"before": {"damaged": {"EUR": 4900}}, "after": {"damaged": {"EUR": 1000}}},
        "examples": [
            {
                "decision": DECISION_ID,
                "order": ORDER_ID,
                "action": "return",
                "before": {"outcome": "allow", "code": None, "rules": ["allowed"]},
                "after": {"outcome": "refuse", "code": "return_window_closed", "rules": ["window"]},
            }
        ],
    },
    "failure": None,
    "created_at": AT,
    "started_at": AT,
    "ended_at": AT,
}
