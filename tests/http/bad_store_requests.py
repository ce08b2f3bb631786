"""More of the table of bad requests: what a store does about people, systems and whatever else stands in no cart."""

from __future__ import annotations

from typing import Any

from tests.http.bad_requests import AWAY, LONG, NO_CLAIM, TYPE, Bad, get, ticket

ANNA, THEIRS = "/v1/customers/cust-anna", "/v1/customers/@foreign_customer@"
KIM: dict[str, Any] = {"Aftersale_Actor": "agent:kim"}
NO_APPROVAL, NO_DECISION = "apr_01m7zskg3kes4tpxfpb1m0gd05", "dec_01m7zskg3kes4tpxfpb1m0gd05"
NO_CONNECTION, NO_DELIVERY = "con_01m7zskg3kes4tpxfpb1m0gd05", "ibd_01m7zskg3kes4tpxfpb1m0gd05"
CRM: dict[str, Any] = {"kind": "crm", "name": "Desk"}
HOOK: dict[str, Any] = {"url": "https://crm.example.com/hook"}
LINK = "/v1/connections/@connection@"
ENDPOINT, THEIR_ENDPOINT = "/v1/webhook-endpoints/@endpoint@", "/v1/webhook-endpoints/@foreign_endpoint@"
FORM = {TYPE: "multipart/form-data; boundary=b"}


def post(says: str, path: str, body: Any = None, status: int = 422, code: str = "validation_failed", /, *,
         method: str = "POST", **headers: Any) -> Bad:  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Bad(says, status, code, method, path, body, headers=named)


def delete(says: str, path: str, status: int = 404, code: str = "not_found", /, **headers: Any) -> Bad:
    return post(says, path, None, status, code, method="DELETE", **headers)


def form(says: str, content: bytes, status: int, code: str, **headers: Any) -> Bad:
    return Bad(says, status, code, path="/v1/files", raw=content, headers={**FORM, **headers})


def part(head: str, content: bytes = b"x", end: bytes = b"\r\n--b--\r\n") -> bytes:
    return b"--b\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + end


ROWS: list[Bad] = [
    # ---- a person's data: handed out, erased, merged -----------------------------------------------------------
    get("the data of nobody", "/v1/customers/cust-nobody/export", 404, "customer_not_found"),
    get("the data of another store's customer", f"{THEIRS}/export", 404, "customer_not_found"),
    get("the data of an id of another kind", "/v1/customers/@order@/export", 404, "customer_not_found"),
    get("a shopper's own data, by themselves", f"{ANNA}/export", 403, "forbidden", Aftersale_Customer="cust-anna"),
    get("another shopper's data", f"{ANNA}/export", 403, "forbidden", Aftersale_Customer="cust-luc"),
    get("the data of NUL", "/v1/customers/a%00b/export", 400, "bad_request"),
    get("the data behind a path", "/v1/customers/..%2fcust-anna/export", 404, "not_found"),
    get("the data of SQL", "/v1/customers/'%20OR%20'1'='1/export", 404, "customer_not_found"),
    get("the data of 5 kB", "/v1/customers/" + "x" * 5000 + "/export", 404, "customer_not_found"),
    get("the data by nobody's key", f"{ANNA}/export", 401, "unauthorized", Authorization="Bearer sk_test_x"),
    delete("nobody erased", "/v1/customers/cust-nobody", 404, "customer_not_found"),
    delete("another store's customer erased", THEIRS, 404, "customer_not_found"),
    delete("an order erased as a person", "/v1/customers/@order@", 404, "customer_not_found"),
    delete("a shopper erased by themselves", ANNA, 403, "forbidden", Aftersale_Customer="cust-anna"),
    delete("a shopper erased by another", ANNA, 403, "forbidden", Aftersale_Customer="cust-luc"),
    delete("a person erased whose return is on its way", "/v1/customers/@busy@", 409, "erasure_too_early"),
    delete("NUL erased", "/v1/customers/a%00b", 400, "bad_request"),
    delete("everybody erased", "/v1/customers", 405, "method_not_allowed"),
    delete("SQL erased", "/v1/customers/'%20OR%20'1'='1", 404, "customer_not_found"),
    delete("a person erased by nobody's key", ANNA, 401, "unauthorized", Authorization="Bearer sk_test_x"),
    post("a customer merged into a number", f"{ANNA}/merge", {"into": 1}),
    post("a customer merged into null", f"{ANNA}/merge", {"into": None}),
    post("a customer merged into blanks", f"{ANNA}/merge", {"into": " "}),
    post("a customer merged into 10 kB", f"{ANNA}/merge", {"into": LONG}),
    post("a customer merged into an order", f"{ANNA}/merge", {"into": "@order@"}, 404, "customer_not_found"),
    post("a customer merged into one nobody knows", f"{ANNA}/merge", {"into": "cust-nobody"}, 404,
         "customer_not_found"),
    post("nobody merged into a customer", "/v1/customers/cust-nobody/merge", {"into": "cust-anna"}, 404,
         "customer_not_found"),
    post("a customer merged by a shopper", f"{ANNA}/merge", {"into": "cust-luc"}, 403, "forbidden",
         Aftersale_Customer="cust-anna"),
    # ---- connections and what they send ------------------------------------------------------------------------
    post("a connection of a kind nobody knows", "/v1/connections", {**CRM, "kind": "abacus"}, 422, "kind_unknown"),
    post("a connection without a name", "/v1/connections", {"kind": "crm"}),
    post("a connection named over two lines", "/v1/connections", {**CRM, "name": "a\nb"}),
    post("a connection with a status", "/v1/connections", {**CRM, "status": "working"}),
    post("a connection configured with a word", "/v1/connections", {**CRM, "config": "x"}),
    post("a connection with a setting nobody knows", "/v1/connections", {**CRM, "config": {"url": "https://x.de"}}),
    post("a connection with a short secret", "/v1/connections", {**CRM, "credentials": {"secret": "short"}}),
    post("a connection with a secret that is a list", "/v1/connections", {**CRM, "credentials": {"secret": ["x"]}}),
    post("a connection that passes for Stripe", "/v1/connections",
         {"kind": "stripe", "name": "x", "config": {"api_base": "https://api.stripe.com.evil.example"}}),
    post("a connection to a shop elsewhere", "/v1/connections",
         {"kind": "shopify", "name": "x", "config": {"shop": "a.example.com"}}),
    post("a connection of a family nobody knows", "/v1/connections", {**CRM, "families": ["bank"]}),
    post("a connection by a shopper", "/v1/connections", CRM, 403, "forbidden", Aftersale_Customer="cust-anna"),
    post("nobody's connection changed", f"/v1/connections/{NO_CONNECTION}", {"name": "x"}, 404, "connection_not_found",
         method="PATCH"),
    post("another store's connection changed", "/v1/connections/@foreign_connection@", {"name": "x"}, 404,
         "connection_not_found", method="PATCH"),
    post("a connection of another kind", LINK, {"kind": "stripe"}, method="PATCH"),
    post("a connection that overlaps backwards", LINK, {"overlap_seconds": -1}, method="PATCH"),
    post("a connection without its name", LINK, {"name": ""}, method="PATCH"),
    delete("another store's connection deleted", "/v1/connections/@foreign_connection@", 404, "connection_not_found"),
    delete("a connection deleted by a shopper", LINK, 403, "forbidden", Aftersale_Customer="cust-anna"),
    post("another store's connection checked", "/v1/connections/@foreign_connection@/check", None, 404,
         "connection_not_found"),
    post("a check of NUL", "/v1/connections/a%00b/check", None, 400, "bad_request"),
    post("a call of nobody's connection", f"/v1/inbound/{NO_CONNECTION}", {"command": "open_ticket"}, 404,
         "connection_not_found", Authorization=None),
    post("a call of a connection, unsigned", "/v1/inbound/@connection@", {"command": "open_ticket"}, 401,
         "signature_invalid", Authorization=None),
    post("a call signed by nobody", "/v1/inbound/@connection@", {"command": "open_ticket"}, 401, "signature_invalid",
         Authorization=None, webhook_id="msg_1", webhook_timestamp="1", webhook_signature="v1,AAAA"),
    post("nobody's delivery tried again", f"{LINK}/deliveries/{NO_DELIVERY}/retry", None, 404, "delivery_not_found"),
    post("a delivery of another store's tried again",
         f"/v1/connections/@foreign_connection@/deliveries/{NO_DELIVERY}/retry", None, 404, "connection_not_found"),
    # ---- webhook endpoints -------------------------------------------------------------------------------------
    *(
        post(f"a webhook to {url[:40]}", "/v1/webhook-endpoints", {"url": url})
        for url in ("http://crm.example.com/", "https://127.0.0.1/", "https://user@crm.example.com/",
                    "https://2130706433/", "https://crm.example.com/#x", "nowhere", "", "https://crm.example.com:22/")
    ),
    post("a webhook without address", "/v1/webhook-endpoints", {}),
    post("a webhook for a type that is none", "/v1/webhook-endpoints", {**HOOK, "types": ["*.created"]}),
    post("a webhook for 101 types", "/v1/webhook-endpoints", {**HOOK, "types": ["ticket.*"] * 101}),
    post("a webhook with a secret of one's own", "/v1/webhook-endpoints", {**HOOK, "secret": "whsec_x"}),
    post("a webhook of another store's connection", "/v1/webhook-endpoints",
         {**HOOK, "connection": "@foreign_connection@"}),
    post("a webhook by a shopper", "/v1/webhook-endpoints", HOOK, 403, "forbidden", Aftersale_Customer="cust-anna"),
    post("a webhook moved inside", ENDPOINT, {"url": "https://169.254.169.254/"}, method="PATCH"),
    post("a webhook of a status nobody knows", ENDPOINT, {"status": "deleted"}, method="PATCH"),
    post("another store's webhook moved", THEIR_ENDPOINT, HOOK, 404, "webhook_endpoint_not_found", method="PATCH"),
    delete("another store's webhook deleted", THEIR_ENDPOINT, 404, "webhook_endpoint_not_found"),
    post("a secret that overlaps for a month", f"{ENDPOINT}/rotate-secret", {"overlap_seconds": 2_592_000}),
    post("another store's secret rotated", f"{THEIR_ENDPOINT}/rotate-secret", {}, 404, "webhook_endpoint_not_found"),
    post("another store's webhook tested", f"{THEIR_ENDPOINT}/test", {}, 404, "webhook_endpoint_not_found"),
    post("a test with fields", f"{ENDPOINT}/test", {"url": "https://x.example"}),
    post("a replay of nothing", f"{ENDPOINT}/replay", {}),
    post("a replay that ends before it begins", f"{ENDPOINT}/replay",
         {"since": "2026-11-20T00:00:00Z", "until": "2026-11-19T00:00:00Z"}),
    post("another store's events replayed", f"{THEIR_ENDPOINT}/replay", {"failed": True}, 404,
         "webhook_endpoint_not_found"),
    # ---- files -------------------------------------------------------------------------------------------------
    form("a form without a file", part('name="purpose"', b"return"), 422, "validation_failed"),
    form("a form that ends in the middle", part('name="file"; filename="a.png"', end=b""), 400, "invalid_multipart"),
    form("a form with a field nobody knows", part('name="path"', b"/etc"), 422, "validation_failed"),
    form("a file that is a program", part('name="file"; filename="a.png"', b"MZ\x90\x00" + b"x" * 99), 422,
         "file_type_not_allowed"),
    form("a file without bytes", part('name="file"; filename="a.png"', b""), 422, "file_unreadable"),
    form("a form without its boundary", b"x", 400, "invalid_multipart", **{TYPE: "multipart/form-data"}),
    Bad("a file as JSON", 415, "unsupported_media_type", path="/v1/files", body={"file": "x"}),
    # ---- returns, labels, claims, exchanges --------------------------------------------------------------------
    post("a quote of nothing", "/v1/refunds/quote", {"order": "@order@"}, 422, "no_items"),
    post("a quote for another store's order", "/v1/refunds/quote",
         {"order": "@foreign_order@", "amount": {"amount": 1, "currency": "EUR"}}, 404, "order_not_found"),
    post("a quote of a negative amount", "/v1/refunds/quote",
         {"order": "@order@", "amount": {"amount": -1, "currency": "EUR"}}),
    delete("another store's label voided", "/v1/return-labels/@foreign_label@", 404, "label_not_found"),
    delete("a label of another kind voided", "/v1/return-labels/@return@", 404, "label_not_found"),
    post("a return declined for 10 kB of reasons", "/v1/returns/@return@/decline", {"reason": LONG}),
    post("another store's return declined", "/v1/returns/@foreign_return@/decline", {}, 404, "return_not_found"),
    post("a return canceled with fields", "/v1/returns/@return@/cancel", {"refund": True}),
    post("another store's return canceled", "/v1/returns/@foreign_return@/cancel", None, 404, "return_not_found"),
    post("a return completed that has not come", "/v1/returns/@return@/complete", {}, 409, "return_not_in_state"),
    post("a return completed with a word", "/v1/returns/@return@/complete", {"refund": "yes"}),
    post("nobody's claim canceled", f"/v1/claims/{NO_CLAIM}/cancel", None, 404, "claim_not_found"),
    post("a claim canceled with fields", f"/v1/claims/{NO_CLAIM}/cancel", {"by": "me"}),
    post("nobody's claim completed", f"/v1/claims/{NO_CLAIM}/complete", None, 404, "claim_not_found"),
    post("a claim completed with fields", f"/v1/claims/{NO_CLAIM}/complete", {"by": "me"}),
    post("nobody's exchange canceled", "/v1/exchanges/exc_nobody/cancel", None, 404, "exchange_not_found"),
    post("an exchange canceled for 10 kB of reasons", "/v1/exchanges/exc_nobody/cancel", {"reason": LONG}),
    post("nobody's address changed", "/v1/customers/cust-nobody/address", AWAY, 404, "customer_not_found",
         method="PUT"),
    # ---- approvals, decisions, streams -------------------------------------------------------------------------
    post("a no by nobody", f"/v1/approvals/{NO_APPROVAL}/reject", {}, 403, "actor_required"),
    post("a no to what nobody asked for", f"/v1/approvals/{NO_APPROVAL}/reject", {}, 404, "approval_not_found", **KIM),
    post("a no with more than a note", f"/v1/approvals/{NO_APPROVAL}/reject", {"forever": True}, **KIM),
    post("nobody's decision replayed", f"/v1/decisions/{NO_DECISION}/replay", None, 404, "decision_not_found"),
    post("a stream of a chat that is a number", "/v1/events/stream-tickets", {"conversation_token": 1}),
    post("a stream with a store", "/v1/events/stream-tickets", {"store": "@foreign_store@"}),
    post("a team of no name", "/v1/teams", {"id": ""}),
    ticket("a team changed to a number", {"name": 1}, path="/v1/teams/nobody"),
]  # fmt: skip
