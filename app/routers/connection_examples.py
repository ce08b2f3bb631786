"""Examples of connections that stand in the OpenAPI document."""

from pydantic.config import JsonDict

from app.routers.examples import AT, TICKET_ID

CONNECTION_ID = "con_01m7zskg3kes4tpxfpb1m0gd30"
DELIVERY_ID = "inb_01m7zskg3kes4tpxfpb1m0gd31"
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CONNECTION_IN: JsonDict = {
    "kind": "crm",
    "name": "Help desk",
    "config": {"verification": "standard_webhooks", "scopes": ["tickets:read", "tickets:write"]},
    "credentials": {"secret": SECRET},
}
CONNECTION: JsonDict = {
    "id": CONNECTION_ID,
    "livemode": False,
    "kind": "crm",
    "name": "Help desk",
    "status": "unchecked",
    "families": [],
    "capabilities": ["answer_ticket", "mirror_ticket", "open_ticket", "run_action", "update_ticket"],
    "config": {
        "verification": "standard_webhooks",
        "header": "X-Aftersale-Secret",
        "statuses": {},
        "priorities": {},
        "scopes": ["tickets:read", "tickets:write"],
    },
    "credentials": {"secret": {"last4": "LaSw", "fingerprint": "5f0c7d1b92ae"}},
    "former_credentials_until": None,
    "inbound": f"/v1/inbound/{CONNECTION_ID}",
    "checks": [],
    "checked_at": None,
    "version": 1,
    "created_at": AT,
    "updated_at": AT,
}
CHECKED: JsonDict = {
    **CONNECTION,
    "status": "working",
    "checks": [
        {
            "name": "scopes",
            "ok": True,
            "detail": "Its commands may use: tickets:read, tickets:write.",
            "missing_permission": None,
        },
        {"name": "inbound", "ok": True, "detail": "Calls to us are known by their secret.", "missing_permission": None},
    ],
    "checked_at": AT,
}
DELETED: JsonDict = {
    **CONNECTION,
    "status": "deleted",
    "capabilities": [],
    "credentials": {},
    "inbound": None,
    "version": 2,
}
KIND: JsonDict = {
    "name": "sandbox",
    "description": "Our own shop, payment provider, carrier and mailbox to try things out.",
    "families": ["commerce", "payments", "carrier", "channel"],
    "config": {"type": "object", "properties": {"shop": {"type": "string", "default": "demo"}}},
    "credentials": {"type": "object", "properties": {}},
    "inbound": False,
}
COMMAND_IN: JsonDict = {
    "command": "open_ticket",
    "external_id": "zd-4711",
    "subject": "The lamp came broken",
    "text": "It arrived in two parts.",
    "email": "anna.keller@example.com",
    "tags": ["damaged"],
}
TAKEN: JsonDict = {"id": DELIVERY_ID, "status": "accepted"}
DELIVERY: JsonDict = {
    "id": DELIVERY_ID,
    "livemode": False,
    "connection": CONNECTION_ID,
    "topic": None,
    "resource": "external:zd-4711",
    "document": COMMAND_IN,
    "status": "done",
    "tries": 1,
    "next_try_at": None,
    "outcome": {"ticket": TICKET_ID},
    "created_at": AT,
    "ended_at": AT,
}
RETRIED: JsonDict = {**DELIVERY, "status": "pending", "tries": 0, "next_try_at": AT, "outcome": None, "ended_at": None}
