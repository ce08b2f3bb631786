"""Browsers: preflights are answered, and an answer can be read on the origins that its own key lists, nowhere else."""

from __future__ import annotations

import httpx
import pytest

from app.services import stores
from app.services.origins import normalized
from tests.http.storefront import ANNAS, SHOP, Page, vouched
from tests.support.app import App, Tenant

ELSEWHERE = "https://evil.example"
READ = "access-control-allow-origin"
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


def preflight(app: App, origin: str, path: str = "/v1/shopper-sessions") -> httpx.Response:
    return app.client(checked=False).options(path, headers={"Origin": origin, **ASKS})


def test_a_preflight_is_answered_for_origins_that_a_key_lists(app: App, store: Tenant) -> None:
    mine = "https://preflight.example"
    assert preflight(app, mine).status_code == 403
    page = Page.of(store, mine)
    answer = preflight(app, mine)
    assert (answer.status_code, answer.headers[READ], answer.content) == (204, mine, b"")
    assert "Origin" in answer.headers["vary"]
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "idempotency-key"} <= set(allowed)
    assert "access-control-allow-credentials" not in answer.headers
    for origin in (ELSEWHERE, "null", "*", mine + ".evil.example", "http://preflight.example", mine + "/", ""):
        refused = preflight(app, origin)
        assert refused.json()["code"] == "origin_not_allowed", origin
        assert READ not in refused.headers
    store.change_key(page.key_id, revoked_at=page.store.app.read(lambda session: _made(session, page.key_id)))
    assert preflight(app, mine).status_code == 403


def _made(session, key_id):  # type: ignore[no-untyped-def]
    from app.models.stores import ApiKey

    return session.get_one(ApiKey, key_id).created_at


def test_options_without_a_browser_s_question_is_what_it_was(app: App) -> None:
    assert app.client().options("/v1/refunds", headers={"Origin": SHOP}).json()["code"] == "method_not_allowed"
    assert preflight(app, SHOP, "/healthz").status_code == 405


def test_a_publishable_key_works_on_its_own_origins_only(store: Tenant, other: Tenant) -> None:
    page, theirs = Page.of(store), Page.of(other, "https://other.example")
    answer = page.post("/v1/shopper-sessions", ANNAS)
    assert (answer.status_code, answer.headers[READ]) == (201, SHOP)
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    for origin in (ELSEWHERE, "null", "https://other.example", "https://SHOP.example", SHOP + ":8443", f"{SHOP},x"):
        page.origin = origin
        refused = page.post("/v1/shopper-sessions", ANNAS)
        assert (refused.status_code, refused.json()["code"]) == (403, "origin_not_allowed"), origin
        assert READ not in refused.headers
    page.origin = None  # an app that is no browser has none
    answer = page.post("/v1/shopper-sessions", ANNAS)
    assert (answer.status_code, READ in answer.headers) == (201, False)
    assert theirs.post("/v1/shopper-sessions", ANNAS).headers[READ] == "https://other.example"


def test_a_page_reads_refusals_too(store: Tenant) -> None:
    page = Page.of(store)
    for answer, status in (
        (page.post("/v1/shopper-sessions", {}), 422),
        (page.send("GET", "/v1/orders"), 403),
        (page.post("/v1/shopper-sessions/ses_1/verify", {"code": "000000"}), 404),
    ):
        assert (answer.status_code, answer.headers[READ]) == (status, SHOP)


def test_a_shopper_s_token_is_used_where_the_key_that_opened_it_may_be(store: Tenant, other: Tenant) -> None:
    page, second = Page.of(store), Page.of(store, "https://second.example")
    token = page.token(ANNAS)
    assert page.send("GET", "/v1/orders", token=token).headers[READ] == SHOP
    refused = second.send("GET", "/v1/orders", token=token)
    assert (refused.status_code, refused.json()["code"], READ in refused.headers) == (403, "origin_not_allowed", False)
    opened = vouched(store, "cust-anna")  # by the store's server: on the pages of any of its keys
    for which in (page, second):
        assert which.send("GET", "/v1/orders", token=opened).headers[READ] == which.origin
    assert Page.of(other, ELSEWHERE).send("GET", "/v1/orders", token=opened).json()["code"] == "origin_not_allowed"
    unknown = page.send("GET", "/v1/orders", token="st_" + "x" * 43)
    assert (unknown.status_code, READ in unknown.headers) == (401, False)


def test_a_secret_key_is_never_for_a_browser_to_read(store: Tenant) -> None:
    Page.of(store)
    answer = store.get("/v1/orders", Origin=SHOP)
    assert (answer.status_code, READ in answer.headers) == (200, False)
    assert answer.headers["vary"] == "Origin"


def test_two_origins_are_none(app: App, store: Tenant) -> None:
    page = Page.of(store)
    headers = [("Authorization", f"Bearer {page.key}"), ("Origin", SHOP), ("Origin", ELSEWHERE)]
    answer = app.client(checked=False).post("/v1/shopper-sessions", json=ANNAS, headers=httpx.Headers(headers))
    assert (answer.status_code, answer.json()["code"], READ in answer.headers) == (400, "invalid_header", False)


def test_the_list_of_a_key_can_be_changed(app: App, store: Tenant) -> None:
    page = Page.of(store)

    def change(session) -> None:  # type: ignore[no-untyped-def]
        from app.models.stores import ApiKey

        stores.set_origins(session, session.get_one(ApiKey, page.key_id), ["https://new.example"])

    app.write(change)
    assert page.post("/v1/shopper-sessions", ANNAS).json()["code"] == "origin_not_allowed"
    page.origin = "https://new.example"
    assert page.post("/v1/shopper-sessions", ANNAS).status_code == 201


def test_a_publishable_key_is_counted_for_each_address_and_sessions_more_closely(app: App, store: Tenant) -> None:
    page = Page.of(store)
    with app.other_edge(session_rate_limit="3/minute") as url:
        client = app.client(page.key, url)
        answers = [client.post("/v1/shopper-sessions", json=ANNAS, headers={"Origin": SHOP}) for _ in range(2)]
        verify = f"/v1/shopper-sessions/{answers[0].json()['id']}/verify"
        answers += [client.post(verify, json={"code": "000000"}, headers={"Origin": SHOP}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 403, 429, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
        assert answers[-1].headers[READ] == SHOP, "the page must be able to read how long it has to wait"
        assert client.post("/v1/messages", json={"channel": "chat", "text": "Hi"}).status_code == 201
        elsewhere = {"Origin": SHOP, "X-Forwarded-For": "203.0.113.7"}  # as a balancer on this machine tells it
        assert client.post("/v1/shopper-sessions", json=ANNAS, headers=elsewhere).status_code == 201
        secret = app.client(store.key, url)
        for _ in range(4):  # the store's server opens sessions for all shoppers
            assert secret.post("/v1/shopper-sessions", json={"customer": "cust-anna"}).status_code == 201


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(given: str, kept: str) -> None:
    assert normalized(given) == kept


@pytest.mark.parametrize(
    "given",
    ["", "*", "null", "shop.example", "https://*", "https://*.shop.example", "http://shop.example", "ftp://shop.example",
     "https://shop.example/path", "https://shop.example?x", "https://u:p@shop.example", "https://münze.example",
     "https://shop.example:port", "https://a b", "https://shop.example#x", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_origin_is_not_listed(given: str) -> None:
    with pytest.raises(ValueError, match=r"origin|encrypted"):
        normalized(given)
