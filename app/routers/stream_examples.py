"""Examples of streams of events for the OpenAPI document."""

import orjson
from pydantic.config import JsonDict

from app.routers.examples import EVENT, EVENT_ID

TICKET = "est_WyJzdG9fMDFtN3pza2ciLGZhbHNlXQ.kEXAMPLEkEXAMPLEkEXAMPLEkEXAMPLEkEXAMPLEkEX"
STREAM_TICKET_IN: JsonDict = {}
STREAM_TICKET: JsonDict = {
    "ticket": TICKET,
    "path": f"/v1/events/stream?ticket={TICKET}",
    "expires_at": "2026-11-21T19:11:00Z",
}
STREAM = f"retry: 1000\n\nid: {EVENT_ID}\nevent: refund.succeeded\ndata: {orjson.dumps(EVENT).decode()}\n\n: here\n\n"
