"""Ratings: one answer of each kind, by a caller or by a signed link that ends."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from app import clock
from tests.support.app import App, Tenant

EMMA = {"Aftersale_Customer": "cust-emma"}


def ticket(store: Tenant) -> str:
    return store.post("/v1/tickets", {"text": "The lamp hums", "customer": "cust-emma"}).json()["id"]


def link(store: Tenant, ticket_id: str, days: int = 14) -> dict[str, Any]:
    made = store.post(f"/v1/tickets/{ticket_id}/rating-links", {"days": days})
    assert made.status_code == 201, made.text
    return made.json()


def test_a_ticket_is_rated_once_of_each_kind(store: Tenant) -> None:
    mine = ticket(store)
    path = f"/v1/tickets/{mine}/ratings"
    first = store.post(path, {"csat": 4, "comment": "Quick"}, **EMMA)
    assert first.status_code == 201, first.text
    assert first.json() == {"ticket": mine, "livemode": False, "csat": 4, "effort": None, "comment": "Quick"}
    for body in ({"csat": 5}, {"csat": 5, "effort": 2}):
        refused = store.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "already_rated")
    assert store.get(f"/v1/tickets/{mine}").json()["ratings"] == {"csat": 4, "effort": None, "comment": "Quick"}
    second = store.post(path, {"effort": 7}, key="once")
    assert (second.json()["csat"], second.json()["effort"]) == (4, 7)
    assert store.post(path, {"effort": 7}, key="once").headers["idempotent-replayed"] == "true"
    events = [row for row in store.get(f"/v1/events?resource={mine}").json()["data"] if row["type"] == "ticket.rated"]
    assert [row["data"]["object"]["ratings"]["effort"] for row in events] == [None, 7]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"csat": 0}, {"csat": 6}, {"effort": 0}, {"effort": 8}, {"csat": 4.5}, {"csat": "5"}, {"csat": True},
        {"comment": "Nice"}, {"csat": None, "effort": None}, {"csat": 5, "nps": 9}, {"csat": 5, "comment": "x" * 2001},
    ],
)  # fmt: skip
def test_a_rating_that_cannot_be_meant_is_refused(app: App, store: Tenant, body: dict[str, Any]) -> None:
    mine = ticket(store)
    path = link(store, mine)["path"]
    assert store.post(f"/v1/tickets/{mine}/ratings", body).json()["code"] == "validation_failed"
    assert app.client().post(path, json=body).json()["code"] == "validation_failed"
    assert store.get(f"/v1/tickets/{mine}").json()["ratings"]["csat"] is None


def test_another_s_ticket_is_not_rated(store: Tenant, other: Tenant) -> None:
    path = f"/v1/tickets/{ticket(store)}/ratings"
    assert store.post(path, {"csat": 1}, Aftersale_Customer="cust-luc").json()["code"] == "ticket_not_found"
    assert other.post(path, {"csat": 1}).json()["code"] == "ticket_not_found"
    made = store.post(path.replace("ratings", "rating-links"), {}, **EMMA)
    assert made.status_code == 403
    assert other.post(path.replace("ratings", "rating-links"), {}).json()["code"] == "ticket_not_found"


def test_whoever_holds_the_link_rates_that_ticket_without_a_key(app: App, store: Tenant) -> None:
    mine = ticket(store)
    made = link(store, mine)
    assert made["path"] == f"/v1/ratings/{made['token']}"
    anybody = app.client()
    for _ in range(2):  # a mail program opens it first
        asked = anybody.get(made["path"])
        assert (asked.status_code, asked.json()["csat"], asked.json()["effort"]) == (200, None, None)
    assert mine not in asked.text
    assert store.id not in asked.text
    given = anybody.post(made["path"], json={"csat": 5, "comment": "My card is 4111 1111 1111 1111"})
    assert (given.status_code, given.json()["csat"]) == (201, 5)
    assert "4111" not in given.text
    again = anybody.post(made["path"], json={"csat": 1})
    assert (again.status_code, again.json()["code"]) == (409, "already_rated")
    assert anybody.get(made["path"]).json()["csat"] == 5
    assert anybody.post(made["path"], json={"effort": 3}).json()["effort"] == 3
    assert store.get(f"/v1/tickets/{mine}").json()["ratings"]["csat"] == 5


def test_a_link_that_was_changed_or_made_by_nobody_leads_to_nothing(app: App, store: Tenant, other: Tenant) -> None:
    mine, second = ticket(store), ticket(store)
    token = link(store, mine)["token"]
    suffix, ends, mark = token.split(".")
    other_suffix = second.removeprefix("tkt_")
    foreign = link(other, ticket(other))["token"].split(".")
    forged = [
        f"{other_suffix}.{ends}.{mark}",
        f"{suffix}.{int(ends) + 1}.{mark}",
        f"{suffix}.{ends}.{mark[:-1]}{'A' if mark[-1] != 'A' else 'B'}",
        f"{suffix}.{ends}.{foreign[2]}",
        f"01m7zskg3kes4tpxfpb1m0gd00.{ends}.{mark}",
        f"{suffix}.{ends}",
        token + "x",
        token.upper(),
        "x" * 3000,
        "%00",
        "..%2f..",
    ]
    anybody = app.client()
    for one in forged:
        for answer in (anybody.get(f"/v1/ratings/{one}"), anybody.post(f"/v1/ratings/{one}", json={"csat": 1})):
            assert answer.status_code in {400, 404}, one
            assert answer.json()["code"] in {"rating_link_not_found", "bad_request", "not_found"}, one
    assert store.get(f"/v1/tickets/{mine}").json()["ratings"]["csat"] is None


def test_a_link_has_its_time(app: App, store: Tenant) -> None:
    mine = ticket(store)
    made = link(store, mine, days=1)
    anybody = app.client()
    with time_machine.travel(clock.now() + timedelta(hours=23, minutes=59)):
        assert anybody.get(made["path"]).status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=1, seconds=2)):
        for answer in (anybody.get(made["path"]), anybody.post(made["path"], json={"csat": 1})):
            assert (answer.status_code, answer.json()["code"]) == (404, "rating_link_expired")
    for days in (0, 91, "7", 1.5):
        assert store.post(f"/v1/tickets/{mine}/rating-links", {"days": days}).status_code == 422


def test_of_answers_at_the_same_moment_one_counts(app: App, store: Tenant) -> None:
    made = link(store, ticket(store))
    answers: list[tuple[int, int]] = []

    def rate(score: int) -> None:
        answers.append((app.client().post(made["path"], json={"csat": score}).status_code, score))

    threads = [threading.Thread(target=rate, args=(score,)) for score in (1, 2, 3, 4, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [score for status, score in answers if status == 201]
    assert sorted(status for status, _ in answers) == [201, 409, 409, 409, 409]
    assert app.client().get(made["path"]).json()["csat"] == won[0]
