"""Headers in and out: request ids, traces, versions, rates, and what keeps an answer from being misread."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.support.app import App, Tenant

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # the edge knows no database
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
REFUND = {"order": "#1001", "amount": {"amount": 1, "currency": "EUR"}}
ANSWERS = {
    "a success": ("GET", "/v1/refunds", {}),
    "a refusal of the app": ("GET", "/v1/refunds/rfd_1", {}),
    "a refusal of the edge": ("POST", "/v1/refunds", {"Content-Type": "text/plain"}),
    "no key": ("GET", "/v1/refunds", {"Authorization": ""}),
    "an unknown path": ("GET", "/v1/nothing", {}),
    "health": ("GET", "/healthz", {"Authorization": ""}),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_every_answer_carries_what_the_contract_promises(store: Tenant, what: str) -> None:
    method, path, headers = ANSWERS[what]
    answer = store.client.request(method, path, headers=headers, content=b"x" if method == "POST" else None)
    assert re.fullmatch(r"req_[0-7][0-9a-z]{25}", answer.headers["x-request-id"])
    assert answer.headers["aftersale-version"] == "2026-11-01"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "strict-transport-security" not in answer.headers, "over plain HTTP a browser does not heed it"
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers
    limited = path != "/healthz"
    for name in ("limit", "remaining", "reset"):
        assert (f"ratelimit-{name}" in answer.headers) is limited, name
    kind = "application/json" if answer.is_success else "application/problem+json"
    assert answer.headers["content-type"] == kind


def test_over_tls_the_browser_is_told_to_stay_there(store: Tenant) -> None:
    answer = store.get("/v1/refunds", X_Forwarded_Proto="https")
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_pages_of_the_document_load_nothing_from_elsewhere(app: App, page: str) -> None:
    policy = app.client().get(page).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


@pytest.mark.parametrize("mine", ["a", "req-1", "A.b_c:d-9", "x" * 128, "0f8fad5b-d9cb-469f-a165-70867728950e"])
def test_a_request_id_comes_back_and_stands_in_the_problem(store: Tenant, mine: str) -> None:
    answer = store.get("/v1/refunds/rfd_1", X_Request_Id=mine)
    assert answer.headers["x-request-id"] == mine
    assert answer.json()["request_id"] == mine


@pytest.mark.parametrize(
    "bad", ["", "a b", "x" * 129, "a/b", "a;b", "<script>", '"', "{{7*7}}", "${jndi:x}", "4" + "1" * 15]
)
def test_a_request_id_that_could_do_harm_is_replaced(store: Tenant, bad: str) -> None:
    answer = store.get("/v1/refunds/rfd_1", X_Request_Id=bad)
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_two_requests_have_two_ids(store: Tenant) -> None:
    assert len({store.get("/v1/refunds").headers["x-request-id"] for _ in range(20)}) == 20


def test_the_request_s_id_stands_in_the_audit_trail(app: App, store: Tenant) -> None:
    from app.models.records import AuditRow

    made = store.post("/v1/refunds", REFUND, X_Request_Id="mine-42").json()
    rows = app.read(lambda session: list(session.query(AuditRow).filter_by(subject_id=made["id"])))
    assert [row.request_id for row in rows if row.action == "refund.requested"] == ["mine-42"]


@pytest.mark.parametrize("trace", [TRACE, "garbage", "00-x-y-z", TRACE.upper(), TRACE + "\u00e9"])
def test_a_trace_is_no_reason_to_refuse(store: Tenant, trace: str) -> None:
    assert store.client.get("/v1/orders/1001", headers={b"traceparent": trace.encode("latin-1")}).status_code == 200


def test_a_limit_of_requests_is_told_and_kept_per_key(app: App, store: Tenant, other: Tenant) -> None:
    with app.other_edge(rate_limit="3/minute") as url:
        mine, theirs = app.client(store.key, url), app.client(other.key, url)
        answers = [mine.get("/v1/refunds") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
        assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
        for answer in answers:
            assert 0 < int(answer.headers["ratelimit-reset"]) <= 61
        refused = answers[-1]
        assert refused.json()["code"] == "rate_limited"
        assert 0 < int(refused.headers["retry-after"]) <= 61
        assert theirs.get("/v1/refunds").status_code == 200
        assert mine.post("/v1/refunds", json=REFUND, headers={"Idempotency-Key": "k"}).status_code == 429
        for path in ("/healthz", "/readyz", "/metrics"):
            assert mine.get(path).status_code == 200
    assert store.get("/v1/refunds").json()["data"] == []


def test_an_answer_that_was_refused_for_its_rate_is_not_kept(app: App, store: Tenant) -> None:
    with app.other_edge(rate_limit="1/minute") as url:
        client = app.client(store.key, url)
        assert client.get("/v1/refunds").status_code == 200
        assert client.post("/v1/refunds", json=REFUND, headers={"Idempotency-Key": "k"}).status_code == 429
    assert store.post("/v1/refunds", REFUND, key="k").status_code == 201


def test_a_second_credential_does_not_escape_the_limit(app: App, store: Tenant) -> None:
    with app.other_edge(rate_limit="2/minute") as url:
        statuses = [
            app.client(url=url, checked=False)
            .get("/v1/refunds", headers=httpx.Headers([("Authorization", f"Bearer {store.key}"), ("Authorization", x)]))
            .status_code
            for x in ("a", "b", "c")
        ]
    assert set(statuses) == {400}


def test_without_a_limit_nothing_is_told_of_one(app: App, store: Tenant) -> None:
    with app.other_edge(rate_limit="") as url:
        answer = app.client(store.key, url).get("/v1/refunds")
    assert answer.status_code == 200
    assert "ratelimit-limit" not in answer.headers


def test_a_label_s_file_is_named_and_typed(store: Tenant) -> None:
    body = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}]}
    made = store.post("/v1/return-labels", body).json()
    for form, kind, magic in (("pdf", "application/pdf", b"%PDF-"), ("png", "image/png", b"\x89PNG")):
        file = store.get(f"{made['file']}?format={form}")
        assert (file.status_code, file.headers["content-type"]) == (200, kind)
        assert file.content.startswith(magic)
        assert file.headers["content-disposition"] == f'inline; filename="{made["id"]}.{form}"'
        assert file.headers["x-content-type-options"] == "nosniff"


def test_a_key_is_taken_in_any_case_of_its_scheme_and_in_no_other_place(app: App, store: Tenant) -> None:
    client = app.client()
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert client.get("/v1/refunds", headers={"Authorization": f"{scheme} {store.key}"}).status_code == 200
    for headers, path in (
        ({"X-Api-Key": store.key}, "/v1/refunds"),
        ({"Cookie": f"key={store.key}"}, "/v1/refunds"),
        ({}, f"/v1/refunds?key={store.key}"),
        ({}, f"/v1/refunds?access_token={store.key}"),
        ({"Authorization": store.key}, "/v1/refunds"),
    ):
        assert client.get(path, headers=headers).status_code == 401


SAID = {
    "aftersale-actor": (
        ["agent:kim", "agent:K_i.m-1", "agent:" + "x" * 64],
        ["kim", "agent:", "agent:a b", "user:kim"],
    ),
    "aftersale-customer": (["cust-anna", "cus_01"], ["a b", "x" * 256, "a;b", "a%b"]),
    "idempotency-key": (["k", "a b", "~" * 255], ["", "k" * 256, "a\tb"]),
    "if-match": (["1", '"1"', 'W/"1"', "*"], ["abc", "-1", "1.5", "1" * 10]),
}


@pytest.mark.parametrize("name", SAID)
def test_the_document_says_which_headers_are_taken(app: App, store: Tenant, name: str) -> None:
    ticket = store.post("/v1/tickets", {"text": "Hello"}).json()["id"]
    method, path = ("PATCH", f"/v1/tickets/{ticket}") if name == "if-match" else ("POST", "/v1/refunds/quote")
    path = "/v1/refunds" if name == "idempotency-key" else path
    _, operation = app.promised.find(method, path)
    assert operation is not None
    shape = next(row["schema"] for row in operation["parameters"] if row["name"].lower() == name)
    for values, taken in zip(SAID[name], (True, False), strict=True):
        for value in values:
            answer = store.send(method, path, {}, key=None, **{name: value})
            said = answer.json().get("code") not in {"invalid_header", "idempotency_key_required"}
            assert (said, bool(re.search(shape["pattern"], value))) == (taken, taken), (value, answer.text)
