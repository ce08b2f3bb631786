"""People and teams: listed by the store, and tickets given to those on the list."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import App, Tenant

ANNA = {"Aftersale_Customer": "cust-anna"}


def test_a_person_is_listed_changed_and_found(store: Tenant) -> None:
    assert store.post("/v1/teams", {"id": "returns", "name": "Returns desk"}).status_code == 201
    fields = {"id": "kim", "name": "Kim Lee", "email": "kim@example.com", "teams": ["returns"]}
    made = store.post("/v1/agents", fields)
    assert made.status_code == 201, made.text
    assert {name: made.json()[name] for name in fields} == fields
    assert (made.json()["active"], made.json()["livemode"]) == (True, False)
    changed = store.send("PATCH", "/v1/agents/kim", {"name": "Kim", "active": False}).json()
    assert (changed["name"], changed["active"], changed["email"]) == ("Kim", False, "kim@example.com")
    assert store.get("/v1/agents/kim").json() == changed
    assert store.get("/v1/teams/returns").json()["name"] == "Returns desk"
    assert store.send("PATCH", "/v1/teams/returns", {"name": None}).json()["name"] is None
    types = [row["type"] for row in store.get("/v1/events?limit=200").json()["data"]]
    assert [one for one in types if one.startswith(("agent.", "team."))] == [
        "team.created", "agent.created", "agent.updated", "team.updated",
    ]  # fmt: skip


def test_people_are_paged_newest_first(store: Tenant) -> None:
    names = [f"agent-{number}" for number in range(5)]
    for path in ("agents", "teams"):
        for name in names:
            assert store.post(f"/v1/{path}", {"id": name}).status_code == 201
        seen: list[str] = []
        cursor = ""
        while True:
            page = store.get(f"/v1/{path}?limit=2{cursor}").json()
            seen += [row["id"] for row in page["data"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert seen == names[::-1]


def test_an_id_is_taken_once_in_a_store_and_mode(app: App, store: Tenant, other: Tenant) -> None:
    for path, code in (("agents", "agent_exists"), ("teams", "team_exists")):
        assert store.post(f"/v1/{path}", {"id": "kim"}, key=f"once-{path}").status_code == 201
        assert store.post(f"/v1/{path}", {"id": "kim"}, key=f"once-{path}").json()["id"] == "kim"
        again = store.post(f"/v1/{path}", {"id": "kim"})
        assert (again.status_code, again.json()["code"]) == (409, code)
        assert other.post(f"/v1/{path}", {"id": "kim"}).status_code == 201
        live = app.client(store.live_key)
        assert live.get(f"/v1/{path}/kim").status_code == 404
        assert live.post(f"/v1/{path}", json={"id": "kim"}).json()["livemode"] is True


def test_a_ticket_is_given_to_people_and_teams_on_the_list(store: Tenant) -> None:
    path = f"/v1/tickets/{store.post('/v1/tickets', {'text': 'Hello'}).json()['id']}"
    free = store.send("PATCH", path, {"assignee": "anybody", "team": "anywhere"})
    assert free.status_code == 200, "a store that lists nobody takes any id"
    for kind, handle in (("agents", "kim"), ("agents", "lee"), ("teams", "returns")):
        assert store.post(f"/v1/{kind}", {"id": handle}).status_code == 201
    given = store.send("PATCH", path, {"assignee": "kim", "team": "returns"}).json()
    assert (given["assignee"], given["team"]) == ("kim", "returns")
    assert store.send("PATCH", "/v1/agents/lee", {"active": False}).status_code == 200
    for body, code in (
        ({"assignee": "nobody"}, "unknown_agent"),
        ({"assignee": "lee"}, "unknown_agent"),
        ({"assignee": "returns"}, "unknown_agent"),
        ({"team": "kim"}, "unknown_team"),
    ):
        refused = store.send("PATCH", path, body)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
        opened = store.post("/v1/tickets", {"text": "Hello", **body})
        assert (opened.status_code, opened.json()["errors"][0]["code"]) == (422, code)
    handed = store.post(f"{path}/handoff", {"reason": "goodwill", "team": "nowhere"})
    assert (handed.status_code, handed.json()["errors"][0]["code"]) == (422, "unknown_team")
    assert store.send("PATCH", "/v1/agents/kim", {"active": False}).status_code == 200
    kept = store.send("PATCH", path, {"assignee": "kim", "priority": "high"})
    assert (kept.status_code, kept.json()["assignee"]) == (200, "kim"), "who has it keeps it"
    assert store.send("PATCH", path, {"assignee": None}).json()["assignee"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"id": "kim", "teams": ["nowhere"]},
        {"id": "kim lee"},
        {"id": ""},
        {"id": "k" * 65},
        {"id": "4111111111111111"},
        {"id": "../kim"},
        {"id": "kim\n"},
        {"id": "kim", "email": "kim"},
        {"id": "kim", "name": " "},
        {"id": "kim", "role": "owner"},
        {},
    ],
)
def test_a_person_that_cannot_be_is_not_listed(store: Tenant, body: dict[str, Any]) -> None:
    refused = store.post("/v1/agents", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")
    assert store.get("/v1/agents").json()["data"] == []


def test_the_list_is_the_store_s_own(store: Tenant, other: Tenant) -> None:
    assert store.post("/v1/agents", {"id": "kim"}).status_code == 201
    for answer in (
        store.get("/v1/agents", **ANNA),
        store.get("/v1/agents/kim", **ANNA),
        store.post("/v1/agents", {"id": "lee"}, **ANNA),
        store.send("PATCH", "/v1/agents/kim", {"name": "x"}, **ANNA),
    ):
        assert answer.status_code == 403
    assert other.get("/v1/agents").json()["data"] == []
    assert other.get("/v1/agents/kim").json()["code"] == "agent_not_found"
    assert other.send("PATCH", "/v1/agents/kim", {"name": "x"}).json()["code"] == "agent_not_found"
    for name in ("active", "teams"):
        assert store.send("PATCH", "/v1/agents/kim", {name: None}).status_code == 422
