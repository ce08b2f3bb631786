"""Examples of shopper sessions for the OpenAPI document."""

from pydantic.config import JsonDict

from app.routers.examples import CUSTOMER_ID

SESSION_ID = "ses_01m7zskg3kes4tpxfpb1m0gd20"
SESSION_IN: JsonDict = {"order_number": "#1002", "email": "luc.moreau@example.com"}
CODE_IN: JsonDict = {"code": "123456"}
PENDING: JsonDict = {"id": SESSION_ID, "status": "pending_verification"}
ACTIVE: JsonDict = {
    "id": SESSION_ID,
    "status": "active",
    "token": "st_kEXAMPLEkEXAMPLEkEXAMPLEkEXAMPLEkEXAMPLEkEX",
    "customer": CUSTOMER_ID,
    "expires_at": "2026-11-21T19:56:00Z",
}
