"""Examples of webhooks that stand in the OpenAPI document."""

from pydantic.config import JsonDict

from app.routers.examples import AT, EVENT, EVENT_ID, REFUND_ID

ENDPOINT_ID = "whe_01m7zskg3kes4tpxfpb1m0gd50"
DELIVERY_ID = "dlv_01m7zskg3kes4tpxfpb1m0gd51"
REPLAY_ID = "whr_01m7zskg3kes4tpxfpb1m0gd52"
URL = "https://crm.example.com/hooks/aftersale"
SECRET = "whsec_" + "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ENDPOINT_IN: JsonDict = {"url": URL, "description": "Our CRM", "types": ["ticket.*", "refund.succeeded"]}
ENDPOINT: JsonDict = {
    "id": ENDPOINT_ID,
    "livemode": False,
    "url": URL,
    "description": "Our CRM",
    "types": ["ticket.*", "refund.succeeded"],
    "connection": None,
    "status": "enabled",
    "disabled_reason": None,
    "failing_since": None,
    "former_secret_until": None,
    "version": 1,
    "created_at": AT,
    "updated_at": AT,
}
MADE: JsonDict = {**ENDPOINT, "secret": SECRET}
ROTATED: JsonDict = {**MADE, "former_secret_until": "2026-11-22T09:30:00Z", "version": 2}
DELETED: JsonDict = {**ENDPOINT, "status": "deleted", "version": 2}
DELIVERY: JsonDict = {
    "id": DELIVERY_ID,
    "livemode": False,
    "endpoint": ENDPOINT_ID,
    "event": EVENT_ID,
    "type": "refund.succeeded",
    "resource": REFUND_ID,
    "sequence": 2,
    "status": "succeeded",
    "next_attempt_at": None,
    "delivered_at": AT,
    "request": EVENT,
    "attempts": [
        {
            "number": 1,
            "at": AT,
            "url": URL,
            "status": 200,
            "error": None,
            "response": "ok",
            "milliseconds": 41,
        }
    ],
    "created_at": AT,
}
WAITING: JsonDict = {
    **DELIVERY,
    "type": "webhook_endpoint.tested",
    "resource": ENDPOINT_ID,
    "status": "pending",
    "next_attempt_at": AT,
    "delivered_at": None,
    "attempts": [],
}
REPLAY_IN: JsonDict = {"failed": True}
REPLAY: JsonDict = {
    "id": REPLAY_ID,
    "livemode": False,
    "endpoint": ENDPOINT_ID,
    "status": "pending",
    "replayed": 0,
    "created_at": AT,
    "ended_at": None,
}
