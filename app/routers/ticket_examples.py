"""Examples of what hangs on tickets: people, teams, ratings, updates of many."""

from app.routers.examples import AT, OPERATION_ID, REFUND_ID, TICKET_ID, JsonDict

AGENT_IN: JsonDict = {"id": "kim", "name": "Kim Lee", "email": "kim@example.com"}
AGENT: JsonDict = {
    "id": "kim",
    "livemode": False,
    "name": "Kim Lee",
    "email": "kim@example.com",
    "teams": ["returns"],
    "active": True,
    "created_at": AT,
    "updated_at": AT,
}
TEAM_IN: JsonDict = {"id": "returns", "name": "Returns desk"}
TEAM: JsonDict = {
    "id": "returns",
    "livemode": False,
    "name": "Returns desk",
    "active": True,
    "created_at": AT,
    "updated_at": AT,
}
OTHER_TICKET_ID = "tkt_01m7zskg3kes4tpxfpb1m0gd31"
MERGE_IN: JsonDict = {"into": OTHER_TICKET_ID}
RATING_IN: JsonDict = {"csat": 5, "effort": 6, "comment": "That was quick."}
RATING: JsonDict = {"ticket": TICKET_ID, "livemode": False, "csat": 5, "effort": 6, "comment": "That was quick."}
TOKEN = "01m7zskg3kes4tpxfpb1m0gd00.1795462000.mFwqZ2b8nN0sJr1xXo4cSg"  # noqa: S105  an example
RATING_LINK: JsonDict = {"token": TOKEN, "path": f"/v1/ratings/{TOKEN}", "expires_at": AT}
RATING_ASKED: JsonDict = {
    "store": "Nordlicht",
    "language": "en",
    "csat": 5,
    "effort": None,
    "comment": None,
    "expires_at": AT,
}
HAPPENING: JsonDict = {
    "id": OPERATION_ID,
    "what": "operation",
    "type": "operation.succeeded",
    "at": AT,
    "resource": {"type": "refund", "id": REFUND_ID},
    "sequence": None,
    "details": {"kind": "refund", "provider": "sandbox", "status": "succeeded"},
}
UPDATE_IN: JsonDict = {"tickets": [TICKET_ID, OTHER_TICKET_ID], "changes": {"status": "solved"}}
UPDATE: JsonDict = {
    "id": "tup_01m7zskg3kes4tpxfpb1m0gd32",
    "livemode": False,
    "status": "completed",
    "changes": {"status": "solved"},
    "progress": {"done": 2, "total": 2, "failed": 1},
    "outcomes": [
        {"ticket": TICKET_ID, "status": "changed", "code": None},
        {"ticket": OTHER_TICKET_ID, "status": "failed", "code": "status_not_allowed"},
    ],
    "failure": None,
    "created_at": AT,
    "started_at": AT,
    "ended_at": AT,
}
