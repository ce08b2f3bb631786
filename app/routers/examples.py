"""Examples that stand in the OpenAPI document: what these requests really answer on the sandbox's demo shop."""

from pydantic.config import JsonDict

EUR: JsonDict = {"currency": "EUR"}
ORDER_ID = "ord_01m7zskg3kes4tpxfpb1m0gczt"
LINE_ID = "lin_01m7zskg3kes4tpxfpb1m0gczu"
PAYMENT_ID = "pay_01m7zskg3kes4tpxfpb1m0gczv"
REFUND_ID = "rfd_01m7zskg3kes4tpxfpb1m0gczw"
OPERATION_ID = "opr_01m7zskg3kes4tpxfpb1m0gczx"
RETURN_ID = "ret_01m7zskg3kes4tpxfpb1m0gczy"
LABEL_ID = "lbl_01m7zskg3kes4tpxfpb1m0gczz"
TICKET_ID = "tkt_01m7zskg3kes4tpxfpb1m0gd00"
MESSAGE_ID = "msg_01m7zskg3kes4tpxfpb1m0gd01"
CUSTOMER_ID = "cus_01m7zskg3kes4tpxfpb1m0gd02"
EVENT_ID = "evt_01m7zskg3kes4tpxfpb1m0gd03"
CLAIM_ID = "clm_01m7zskg3kes4tpxfpb1m0gd17"
WITHDRAWAL_ID = "wdr_01m7zskg3kes4tpxfpb1m0gd18"
FILE_ID = "fil_01m7zskg3kes4tpxfpb1m0gd20"
CREDIT_ID = "crd_01m7zskg3kes4tpxfpb1m0gd19"
AT = "2026-11-21T19:26:00Z"


def money(amount: int) -> JsonDict:
    """An example amount in euros."""
    return {"amount": amount, **EUR}


REFUND_IN: JsonDict = {"order": "#1001", "amount": money(1000), "reason": "damaged"}
BREAKDOWN: JsonDict = {
    "items": money(1000),
    "tax": money(0),
    "discount": money(0),
    "shipping": money(0),
    "fee": money(0),
}
OPERATION: JsonDict = {
    "id": OPERATION_ID,
    "livemode": False,
    "kind": "refund",
    "provider": "sandbox",
    "key": OPERATION_ID,
    "subject": {"type": "refund", "id": REFUND_ID},
    "status": "succeeded",
    "tries": 1,
    "needs_person": False,
    "external_id": "re_1",
    "error": None,
    "evidence": {"status": "succeeded"},
    "next_try_at": None,
    "created_at": AT,
    "settled_at": AT,
}
REFUND: JsonDict = {
    "id": REFUND_ID,
    "livemode": False,
    "order": ORDER_ID,
    "customer": CUSTOMER_ID,
    "return": None,
    "status": "succeeded",
    "amount": money(1000),
    "amount_refunded": money(1000),
    "breakdown": BREAKDOWN,
    "lines": [],
    "allocations": [
        {
            "id": "alc_01m7zskg3kes4tpxfpb1m0gd04",
            "payment_id": PAYMENT_ID,
            "amount": money(1000),
            "status": "succeeded",
            "operation_id": OPERATION_ID,
            "failure_code": None,
        }
    ],
    "destination": {"type": "original", "payment_method_id": None},
    "reason": "damaged",
    "note": None,
    "failure_code": None,
    "summary": "€10.00 went back.",
    "explanation": "Your refund of €10.00 for order #1001 has been paid back the way you paid.",
    "operation": OPERATION,
    "operations": [OPERATION_ID],
    "approval": None,
    "created_at": AT,
    "settled_at": AT,
    "reversed_at": None,
}
QUOTE: JsonDict = {
    "order": ORDER_ID,
    "amount": money(1000),
    "breakdown": BREAKDOWN,
    "lines": [],
    "allocations": [{"payment_id": PAYMENT_ID, "amount": money(1000)}],
}
APPROVAL: JsonDict = {
    "id": "apr_01m7zskg3kes4tpxfpb1m0gd05",
    "livemode": False,
    "status": "pending",
    "action": "refund_order",
    "order": ORDER_ID,
    "subject": {"type": "refund", "id": REFUND_ID},
    "parameters": {"order": ORDER_ID, "lines": [], "amount": money(1000), "shipping": False},
    "requested_by": {"type": "shopper", "id": CUSTOMER_ID, "key": "key_01m7zskg3kes4tpxfpb1m0gd06"},
    "approvers": 1,
    "votes": [],
    "code": None,
    "reasons": ["Above the cap of one refund."],
    "rules": ["caps.refund"],
    "policy_version": "3",
    "decision_id": "dec_01m7zskg3kes4tpxfpb1m0gd07",
    "result": None,
    "created_at": AT,
    "expires_at": AT,
    "settled_at": None,
}
ACTION: JsonDict = {
    "name": "refund_order",
    "description": "Refund lines, an amount or shipping of an order.",
    "parameters": {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]},
    "proof": 2,
    "cost": "money",
    "scope": "refunds:write",
    "route": "POST /v1/refunds",
    "supported": True,
}
WAITING: JsonDict = {
    "status": "awaiting_approval",
    "operation": None,
    "approval": {
        "id": "apr_01m7zskg3kes4tpxfpb1m0gd05",
        "status": "pending",
        "code": None,
        "reasons": ["A person must say yes."],
        "expires_at": AT,
    },
}
PREVIEW: JsonDict = {
    "preview": True,
    "decision": {
        "id": None,
        "action": "refund",
        "outcome": "allow",
        "code": None,
        "reasons": ["Nothing speaks against it."],
        "rules": ["allowed"],
        "policy_version": "plain-1",
        "created_at": AT,
    },
    "effects": [
        {
            "kind": "refund",
            "amount": money(1000),
            "lines": [],
            "destination": {"type": "original", "payment_method_id": None},
            "needs_approval": False,
            "allocations": [{"payment_id": PAYMENT_ID, "amount": money(1000)}],
        }
    ],
    "confirmation_token": "cft_…",
    "expires_at": AT,
}

ADDRESS: JsonDict = {
    "name": "Anna Keller",
    "address1": "Lindenweg 4",
    "address2": None,
    "city": "Hamburg",
    "province": None,
    "country_code": "DE",
    "postal_code": "20095",
    "phone": None,
}
SHIPMENT: JsonDict = {
    "id": "shp-1001",
    "carrier": "sandbox",
    "tracking_number": "SBX100100001DE",
    "tracking_url": None,
    "service": "standard",
    "status": "delivered",
    "eta": None,
    "promised_by": "2026-11-23",
    "delayed": False,
    "delay_reason": None,
    "lines": [LINE_ID],
    "events": [{"at": AT, "status": "delivered", "description": "Delivered", "location": "Hamburg"}],
}
ORDER: JsonDict = {
    "id": ORDER_ID,
    "livemode": False,
    "external_id": "ord-1001",
    "number": "#1001",
    "status": "delivered",
    "payment_status": "paid",
    "fulfillment_status": "fulfilled",
    "placed_at": AT,
    "delivered_at": AT,
    "canceled_at": None,
    "customer": {
        "id": CUSTOMER_ID,
        "external_id": "cust-anna",
        "email": "anna.keller@example.com",
        "phone": None,
        "name": "Anna Keller",
        "locale": "de-DE",
    },
    "shipping_address": ADDRESS,
    "lines": [
        {
            "id": LINE_ID,
            "external_id": "ln-1001-1",
            "product_id": "prd-rain-jacket",
            "variant_id": "var-jacket-navy-m",
            "title": "Rain jacket Fjord",
            "options": {"color": "navy", "size": "M"},
            "quantity": 1,
            "unit_price": money(8900),
            "discount": money(0),
            "tax": money(1421),
            "total": money(8900),
            "fulfilled_quantity": 1,
            "returnable_quantity": 1,
            "refunded_quantity": 0,
        }
    ],
    "payments": [
        {
            "id": PAYMENT_ID,
            "external_id": "pay-1001",
            "kind": "card",
            "label": "Visa 4242",
            "captured": money(8900),
            "refunded": money(0),
            "reserved": money(0),
            "refundable": money(8900),
        }
    ],
    "shipments": [SHIPMENT],
    "totals": {
        "items": money(8900),
        "discount": money(0),
        "tax": money(1421),
        "shipping": money(0),
        "duties": money(0),
        "total": money(8900),
        "refunded": money(0),
    },
    "currency": "EUR",
    "presentment_currency": "EUR",
    "returns": [],
    "refunds": [],
    "tags": [],
    "mirror": {"age_seconds": 3, "source": "shop"},
}
CANCELED: JsonDict = {
    **ORDER,
    "status": "canceled",
    "payment_status": "refunded",
    "fulfillment_status": "unfulfilled",
    "delivered_at": None,
    "canceled_at": AT,
    "shipments": [],
    "refunds": [REFUND_ID],
    "operation": {
        **OPERATION,
        "kind": "order_cancel",
        "subject": {"type": "cancellation", "id": "can_01m7zskg3kes4tpxfpb1m0gd06"},
    },
    "refund": REFUND_ID,
    "approval": None,
}
STATUS: JsonDict = {
    "order": {
        "id": ORDER_ID,
        "external_id": "ord-1001",
        "number": "#1001",
        "status": "delivered",
        "placed_at": AT,
        "delivered_at": AT,
        "canceled_at": None,
        "mirror": {"age_seconds": 3, "source": "shop"},
    },
    "payment": "paid",
    "fulfillment": "fulfilled",
    "shipments": [SHIPMENT],
    "returns": [],
    "refunds": [],
    "complaints": [],
    "delayed": False,
    "delay_reason": None,
    "summary": "Order #1001 was delivered on November 21, 2026.",
    "locale": "en",
}
RETURN_IN: JsonDict = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1, "reason": "too small"}]}
RETURN: JsonDict = {
    "id": RETURN_ID,
    "livemode": False,
    "rma": "RMA-7Q2M9K4T",
    "order": ORDER_ID,
    "customer": CUSTOMER_ID,
    "ticket": None,
    "status": "approved",
    "method": "label",
    "destination": {"type": "original", "payment_method_id": None},
    "lines": [
        {
            "line_id": LINE_ID,
            "quantity": 1,
            "received_quantity": 0,
            "reason": "too small",
            "note": None,
            "resolution": "refund",
            "condition": None,
            "files": [],
        }
    ],
    "fee": {"amount": 0, "currency": "EUR"},
    "label_payer": "store",
    "label": None,
    "labels": [],
    "refund": None,
    "credit_refund": None,
    "refunds": [],
    "exchange": None,
    "approval": None,
    "operation": None,
    "created_at": AT,
    "approved_at": AT,
    "expires_at": AT,
    "due_at": AT,
    "overdue_at": None,
    "overdue_reason": None,
    "received_at": None,
    "inspected_at": None,
    "completed_at": None,
}
EXCHANGE_ID = "exc_01m7zskg3kes4tpxfpb1m0gczt"
EXCHANGE_IN: JsonDict = {
    "order": "#1001",
    "lines": [{"line_id": "ln-1001-1", "variant_id": "var-jacket-navy-l", "quantity": 1}],
    "payment_method_id": "pm-anna-visa",
}
RETRY_IN: JsonDict = {"payment_method_id": "pm-anna-visa"}
EXCHANGE: JsonDict = {
    "id": EXCHANGE_ID,
    "livemode": False,
    "order": ORDER_ID,
    "return": RETURN_ID,
    "customer": CUSTOMER_ID,
    "status": "approved",
    "lines": [
        {
            "line_id": LINE_ID,
            "quantity": 1,
            "received_quantity": None,
            "variant_id": "var-jacket-navy-l",
            "title": "Rain jacket Fjord",
            "options": {"color": "navy", "size": "L"},
            "paid": {"amount": 8900, "currency": "EUR"},
            "price": {"amount": 8900, "currency": "EUR"},
            "difference": {"amount": 0, "currency": "EUR"},
        }
    ],
    "fee": {"amount": 0, "currency": "EUR"},
    "difference": {"amount": 0, "currency": "EUR"},
    "due": None,
    "charged": {"amount": 0, "currency": "EUR"},
    "payment_method_id": "pm-anna-visa",
    "instant": False,
    "refund": None,
    "refunds": [],
    "approval": None,
    "operation": None,
    "operations": [],
    "created_at": AT,
    "approved_at": AT,
    "sent_at": None,
    "completed_at": None,
}
RECEIVE_IN: JsonDict = {"lines": [{"line_id": "ln-1001-1", "quantity": 1}]}
INSPECT_IN: JsonDict = {"lines": [{"line_id": "ln-1001-1", "condition": "as_described"}]}
LABEL_IN: JsonDict = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}], "format": "pdf"}
LABEL: JsonDict = {
    "id": LABEL_ID,
    "livemode": False,
    "return_id": RETURN_ID,
    "rma": "RMA-7Q2M9K4T",
    "order": ORDER_ID,
    "customer": CUSTOMER_ID,
    "status": "active",
    "carrier": "sandbox",
    "service": "return_standard",
    "tracking_number": "SBX000000000001DE",
    "tracking_url": None,
    "format": "pdf",
    "qr": False,
    "parcel_number": 1,
    "parcel": {"weight_grams": None, "length_mm": None, "width_mm": None, "height_mm": None},
    "cost": money(490),
    "cost_credited": None,
    "enclosed": False,
    "file": f"/v1/return-labels/{LABEL_ID}/file",
    "failure_code": None,
    "operation": {**OPERATION, "kind": "return_label", "subject": {"type": "label", "id": LABEL_ID}},
    "expires_at": None,
    "used_at": None,
    "created_at": AT,
    "settled_at": AT,
}
RESOLVE_IN: JsonDict = {"outcome": "succeeded", "note": "Seen in the provider's dashboard.", "external_id": "re_1"}
EVENT: JsonDict = {
    "id": EVENT_ID,
    "type": "refund.succeeded",
    "timestamp": AT,
    "api_version": "2026-11-01",
    "livemode": False,
    "sequence": 2,
    "origin": None,
    "data": {"object": REFUND, "previous": {"status": "pending"}},
}
EVENTS: JsonDict = {"data": [EVENT], "next_cursor": "kq3Vd0nWl8mTqR5hXbY2pVsxMCwiZXZ0XzAxbTd6c2tnIl0"}
CUSTOMER: JsonDict = {
    "id": CUSTOMER_ID,
    "livemode": False,
    "external_id": "cust-anna",
    "email": "anna.keller@example.com",
    "phone": None,
    "name": "Anna Keller",
    "locale": "de-DE",
    "addresses": [ADDRESS],
    "payment_methods": [{"id": "pm-anna-visa", "kind": "card", "label": "Visa 4242", "balance": None}],
    "merged_into": None,
}
CUSTOMER_FOUND: JsonDict = {
    **CUSTOMER,
    "subscriptions": [
        {
            "id": "sub-anna-socks",
            "status": "active",
            "interval": {"unit": "month", "count": 3},
            "next_billing_at": AT,
            "paused_until": None,
            "cancel_at": None,
            "canceled_at": None,
            "lines": [
                {
                    "id": "sl-socks",
                    "product_id": "prd-wool-socks",
                    "variant_id": "var-socks-grey-39",
                    "title": "Merino socks",
                    "options": {"color": "grey", "size": "39-42"},
                    "quantity": 2,
                    "unit_price": money(1450),
                }
            ],
        }
    ],
}
MESSAGE_IN: JsonDict = {
    "channel": "chat",
    "text": "Where is my order #1002?",
    "customer": {"email": "luc.moreau@example.com"},
}
MESSAGE: JsonDict = {
    "id": MESSAGE_ID,
    "livemode": False,
    "ticket": TICKET_ID,
    "direction": "inbound",
    "channel": "chat",
    "author": {"type": "shopper", "id": CUSTOMER_ID, "proof": 1, "email": "luc.moreau@example.com"},
    "text": "Where is my order #1002?",
    "language": "en",
    "external_id": None,
    "in_reply_to": None,
    "outcome": "answered",
    "buttons": [],
    "cards": [],
    "files": [],
    "delivery": None,
    "occurred_at": AT,
    "created_at": AT,
}
TICKET_IN: JsonDict = {
    "subject": "Broken lamp",
    "text": "My lamp arrived broken.",
    "channel": "web",
    "order": "#1004",
}
TICKET: JsonDict = {
    "id": TICKET_ID,
    "livemode": False,
    "subject": None,
    "status": "pending_customer",
    "priority": "normal",
    "priority_reasons": [],
    "channel": "chat",
    "intent": "order.status",
    "sentiment": "neutral",
    "language": "en",
    "department": None,
    "assignee": None,
    "team": None,
    "customer": CUSTOMER_ID,
    "order": ORDER_ID,
    "contact": {"email": "luc.moreau@example.com"},
    "proof": 1,
    "tags": [],
    "handoff": None,
    "snoozed_until": None,
    "merged_into": None,
    "external_ids": {},
    "due_at": AT,
    "breached": False,
    "clocks": {"first_answer": {"status": "stopped", "due_at": AT, "stopped_at": AT, "breached": False}},
    "version": 2,
    "created_at": AT,
    "updated_at": AT,
    "last_message_at": AT,
}
WHOLE_TICKET: JsonDict = {
    **TICKET,
    "messages": [MESSAGE],
    "timeline": [
        {
            "id": EVENT_ID,
            "what": "event",
            "type": "ticket.created",
            "at": AT,
            "resource": {"type": "ticket", "id": TICKET_ID},
            "sequence": 1,
            "details": {},
        }
    ],
    "ratings": {"csat": None, "effort": None, "comment": None},
}
TRIAGE_IN: JsonDict = {"text": "Where is my order #1002?"}
TRIAGE: JsonDict = {
    "language": {"code": "en", "confidence": 0.99},
    "intent": {"name": "order.status", "confidence": 0.95},
    "intents": [{"name": "order.status", "confidence": 0.95}],
    "sentiment": {"label": "neutral", "score": 0.0, "anger": False},
    "urgency": {"level": "normal", "reasons": []},
    "entities": {
        "order_numbers": ["1002"],
        "tracking_numbers": [],
        "emails": [],
        "phones": [],
        "amounts": [],
        "dates": [],
        "items": [],
    },
}
ANSWER: JsonDict = {
    "message": MESSAGE,
    "ticket": TICKET,
    "triage": TRIAGE,
    "outcome": "answered",
    "reply": {
        "id": "msg_01m7zskg3kes4tpxfpb1m0gd05",
        "text": "Order #1002 is on its way.",
        "language": "en",
        "buttons": [],
        "cards": [{"type": "order", "id": ORDER_ID}],
    },
    "operations": [],
    "decisions": [],
}
ADDRESS_IN: JsonDict = {
    "name": "Anna Keller",
    "address1": "Lindenweg 4",
    "city": "Hamburg",
    "country_code": "DE",
    "postal_code": "20095",
}
ITEMS_IN: JsonDict = {
    "lines": [{"line_id": "ln-1003-1", "variant_id": "var-lamp-black"}],
    "payment_method_id": "pm-emma-mc",
}
CHANGE_ID = "chg_01m7zskg3kes4tpxfpb1m0gd07"
CHANGE: JsonDict = {
    "id": CHANGE_ID,
    "livemode": False,
    "kind": "address",
    "order": ORDER_ID,
    "customer": CUSTOMER_ID,
    "status": "succeeded",
    "difference": None,
    "payment_method_id": None,
    "subscription": None,
    "refund": None,
    "operations": [OPERATION_ID],
    "failure_code": None,
    "failure_detail": None,
    "created_at": AT,
    "settled_at": AT,
}
_CHANGING: JsonDict = {**OPERATION, "kind": "change_address", "subject": {"type": "change", "id": CHANGE_ID}}
CHANGED: JsonDict = {
    **ORDER,
    "status": "pending",
    "fulfillment_status": "unfulfilled",
    "delivered_at": None,
    "shipments": [],
    "operation": _CHANGING,
    "operations": [OPERATION_ID],
    "refund": None,
    "change": CHANGE,
    "approval": None,
}
CUSTOMER_CHANGED: JsonDict = {
    **CUSTOMER,
    "operation": {**_CHANGING, "kind": "change_customer"},
    "operations": [OPERATION_ID],
    "refund": None,
    "change": {**CHANGE, "kind": "customer", "order": None},
    "approval": None,
}
VARIANT: JsonDict = {
    "id": "var-jacket-navy-l",
    "product_id": "prd-rain-jacket",
    "title": "Rain jacket Fjord",
    "options": {"color": "navy", "size": "L"},
    "price": money(8900),
    "available": True,
}
CREDIT: JsonDict = {
    "id": CREDIT_ID,
    "livemode": False,
    "customer": CUSTOMER_ID,
    "order": ORDER_ID,
    "refund": None,
    "status": "succeeded",
    "amount": money(500),
    "reason": "late delivery",
    "failure_code": None,
    "operation": {**OPERATION, "kind": "credit", "subject": {"type": "credit", "id": CREDIT_ID}},
    "created_at": AT,
    "settled_at": AT,
}
CLAIM_IN: JsonDict = {
    "order": "#1001",
    "lines": [{"line_id": "ln-1001-1", "quantity": 1, "kind": "damaged", "note": "The handle is off.", "files": []}],
    "resolution": "refund",
}
CLAIM: JsonDict = {
    "id": CLAIM_ID,
    "livemode": False,
    "order": ORDER_ID,
    "customer": CUSTOMER_ID,
    "status": "awaiting_approval",
    "wished": "refund",
    "resolution": None,
    "currency": "EUR",
    "lines": [
        {
            "line_id": LINE_ID,
            "quantity": 1,
            "kind": "damaged",
            "note": "The handle is off.",
            "files": [],
            "amount": None,
        }
    ],
    "refund": None,
    "payment_status": None,
    "operations": [],
    "failure_code": None,
    "reason": None,
    "approval": {"status": "pending"},
    "created_at": AT,
    "decided_at": None,
    "completed_at": None,
}
WITHDRAWAL: JsonDict = {
    "id": WITHDRAWAL_ID,
    "livemode": False,
    "order": ORDER_ID,
    "customer": CUSTOMER_ID,
    "status": "requested",
    "lines": [{"line_id": LINE_ID, "quantity": 1}],
    "effects": [{"kind": "return", "lines": [{"line_id": LINE_ID, "quantity": 1}]}],
    "text": "You send the items back. Please confirm to make your withdrawal binding.",
    "language": "en",
    "confirmation": {"method": "POST", "path": f"/v1/withdrawals/{WITHDRAWAL_ID}/confirm"},
    "deadline_at": AT,
    "declared_at": None,
    "refund_due_at": None,
    "refund_overdue": False,
    "acknowledgement": None,
    "cancellation": None,
    "refund": None,
    "return": None,
    "approval": None,
    "operations": [],
    "settled": True,
    "created_at": AT,
    "completed_at": None,
}
FILE: JsonDict = {
    "id": FILE_ID,
    "livemode": False,
    "customer": CUSTOMER_ID,
    "name": "damaged.jpg",
    "type": "image/jpeg",
    "size": 184_220,
    "width": 1200,
    "height": 1600,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "purpose": "claim",
    "content": f"/v1/files/{FILE_ID}/content",
    "used_by": [{"type": "claim", "id": CLAIM_ID}],
    "created_at": AT,
}
