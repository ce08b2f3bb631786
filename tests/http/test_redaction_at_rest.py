"""No card number and no key reaches a table, the write-ahead log or the process's log, wherever it is put (I13)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.support.app import seeded
from tests.support.files import picture
from tests.support.servers import Server

CARDS = (
    "4111111111111111",
    "5555 5555 5555 4444",
    "3782-822463-10005",
    "４２４２４２４２４２４２４２４２",
    "6011.1111.1111.1117",
)
SECRET = "sk_live_" + "Zq3Vd0nWl8mTqR5hXbY2pVsxMCwiZXZ0XzAxbTd6c"
SECURITY = "CVV: 737"
PLANTED = " ".join((*CARDS, SECRET))
TEXT = f"My card is {PLANTED} {SECURITY}"
HEADERS = {
    "User-Agent": f"Shop/{CARDS[0]}",
    "X-Request-Id": CARDS[0],
    "traceparent": f"00-{CARDS[0] * 2}-{CARDS[0]}-01",
    "Referer": f"https://shop.example/?card={CARDS[0]}&key={SECRET}",
    "Cookie": f"card={CARDS[0]}; key={SECRET}",
    "X-Forwarded-For": CARDS[0],
    "Accept-Language": SECRET,
}


def plant(client: httpx.Client) -> list[httpx.Response]:
    """Put what must not be kept into every field, header and address that takes a text."""
    answers: list[httpx.Response] = []

    def send(method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        named = {"Idempotency-Key": f"{CARDS[0]}-{len(answers)}-{SECRET}", **HEADERS}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {} if body is None else {"json": body}
        answer = client.request(method, path, headers=named, **sent)
        answers.append(answer)
        return answer.json() if "json" in answer.headers["content-type"] else {}

    eur = {"amount": 100, "currency": "EUR"}
    who = {"Aftersale_Actor": "agent:kim"}
    send("POST", "/v1/refunds", {"order": "#1001", "amount": eur, "reason": TEXT[:100], "note": TEXT}, **who)
    for name in ("order", "reason"):
        send("POST", "/v1/refunds", {"order": "#1001", "amount": eur, name: CARDS[0]})
    send("POST", "/v1/refunds", {"order": "#1001", "lines": [{"line_id": SECRET, "quantity": 1}]})
    send("POST", "/v1/refunds/quote", {"order": "#1001", "amount": eur, "note": TEXT})
    line = {"line_id": "ln-1001-1", "quantity": 1, "reason": CARDS[1], "note": TEXT}
    back = send("POST", "/v1/returns", {"order": "#1001", "lines": [line]}, **who)
    send("POST", f"/v1/returns/{back['id']}/decline", {"reason": TEXT})
    send("POST", "/v1/return-labels", {"return_id": back["id"]}, **who)
    send("POST", "/v1/orders/1016/cancel", {"reason": CARDS[2]}, **who)
    words = dict.fromkeys(("assignee", "team", "department"), PLANTED[:100])
    ticket = send(
        "POST", "/v1/tickets",
        {"subject": TEXT, "text": TEXT, "email": f"{CARDS[0]}@example.com", "name": PLANTED, "tags": list(CARDS),
         "customer": "cust-anna", **words},
        **who,
    )["id"]  # fmt: skip
    send("PATCH", f"/v1/tickets/{ticket}", {"subject": TEXT, "tags": [CARDS[3]], **words}, **who)
    for internal in (True, False):
        send("POST", f"/v1/tickets/{ticket}/messages", {"text": TEXT, "internal": internal}, **who)
    send("POST", f"/v1/tickets/{ticket}/handoff", {"reason": CARDS[0], "summary": TEXT, "team": CARDS[1]}, **who)
    send(
        "POST", "/v1/messages",
        {"channel": "email", "text": TEXT, "subject": TEXT, "external_id": CARDS[0], "order_number": CARDS[1],
         "customer": {"email": f"{CARDS[0]}@example.com", "phone": CARDS[0], "external_id": CARDS[1],
                      "handle": CARDS[2], "name": TEXT},
         "files": [{"name": f"{CARDS[0]}.png"}], "locale": "en", "department": CARDS[3],
         "context": {"page": f"https://shop.example/?card={CARDS[0]}", "device": SECRET}, "button": CARDS[0]},
    )  # fmt: skip
    send("POST", "/v1/messages", {"channel": "chat", "text": "x", "files": [{"name": "x", "id": CARDS[1]}, SECRET]})
    for number, card in enumerate(CARDS):
        form = {"file": (f"{card} {SECRET}.jpg", picture(), SECRET)}
        answers.append(client.post("/v1/files", files=form, headers={"Idempotency-Key": f"file-{number}", **HEADERS}))
    send("POST", "/v1/messages", {"channel": "chat", "text": f"Refund #1001 to {TEXT}", "external_id": SECRET})
    send("POST", "/v1/triage", {"text": TEXT, "locale_hint": CARDS[0]})
    for operation in client.get("/v1/operations").json()["data"]:
        send("POST", f"/v1/operations/{operation['id']}/resolve",
             {"outcome": "failed", "note": TEXT, "external_id": CARDS[0]}, **who)  # fmt: skip
    for path in ("orders", "refunds", "returns", "return-labels", "operations", "customers", "tickets"):
        for planted in (CARDS[0], SECRET):
            send("GET", f"/v1/{path}/{planted}")
            send("GET", f"/v1/{path}?status={planted}&q={planted}&number={planted}&cursor={planted}")
    send("GET", f"/v1/events?after={CARDS[0]}&type={SECRET}&resource={CARDS[0]}")
    send("GET", f"/{CARDS[0]}/{SECRET}")
    send("GET", "/v1/orders", Aftersale_Customer=CARDS[0])
    for actor in (CARDS[0], SECRET):
        send("POST", "/v1/refunds", {"order": "#1001", "amount": eur}, Aftersale_Actor=f"agent:{actor}")
    send("GET", "/v1/refunds", Authorization=f"Bearer {SECRET}")
    client.post("/v1/refunds", content=TEXT.encode(), headers={"Content-Type": "application/json", **HEADERS})
    return answers


def forms(planted: str) -> set[bytes]:
    """How it could stand somewhere: as it is, as JSON escapes, as bare digits."""
    bare = "".join(character for character in planted if character.isalnum())
    found = {planted.encode(), bare.encode(), planted.encode("unicode_escape"), planted.encode("utf-16-le")}
    if bare.isdigit():
        found.add("".join(str(int(digit)) for digit in bare).encode())
    return found


def kept(url: str) -> dict[str, bytes]:
    """Every byte that the database holds."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        files = {name: path.with_name(path.name + name) for name in ("", "-wal", "-shm")}
        return {name or "file": file.read_bytes() for name, file in files.items() if file.exists()}
    found: dict[str, bytes] = {}
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos')"
        ).fetchall()
        for schema, name in names:
            rows = connection.execute(f'SELECT t::text FROM "{schema}"."{name}" AS t').fetchall()  # type: ignore[arg-type]
            found[name] = "\n".join(row[0] for row in rows).encode()
    return found


def where(url: str, sought: bytes) -> list[str]:
    """The tables in which it stands, for whoever reads why this failed."""
    if not url.startswith("sqlite"):
        return [name for name, content in kept(url).items() if sought in content]
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = [
        name
        for name in names
        for row in connection.execute(f'SELECT * FROM "{name}"')
        if sought in repr(row).encode() or sought in str(row).encode()
    ]
    connection.close()
    return sorted(set(found))


def test_nothing_of_it_is_kept_anywhere(run_server: Callable[..., Server], database_url: str, sandbox_url: str) -> None:
    _, key = seeded(database_url, sandbox_url)
    environment = {"AFTERSALE_SANDBOX_URL": sandbox_url, "AFTERSALE_LOG_LEVEL": "debug"}
    servers = [run_server("serve", database_url=database_url, environment=environment)]
    if database_url.startswith("postgresql"):
        servers.append(run_server("worker", database_url=database_url, environment=environment, ready=None))
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=servers[0].url, headers=headers, timeout=30, trust_env=False) as client:
        answers = plant(client)
    assert not [answer for answer in answers if answer.status_code >= 500], [
        a.text for a in answers if a.status_code >= 500
    ]
    assert sum(answer.is_success for answer in answers) > 12
    running = kept(database_url)  # with what stands in the write-ahead log alone
    for server in servers:
        server.stop()
    logs = {"log": b"".join(server.log.read_bytes() for server in servers)}
    assert b"/v1/refunds" in logs["log"]
    for planted in (*CARDS, SECRET, SECURITY):
        for form in forms(planted):
            for place, content in {**running, **logs}.items():
                assert form not in content, (planted, place, where(database_url, form))
    for content in kept(database_url).values():
        assert not any(form in content for planted in (*CARDS, SECRET) for form in forms(planted))


def test_what_was_redacted_still_says_what_it_was(
    run_server: Callable[..., Server], sqlite_url: str, sandbox_url: str
) -> None:
    _, key = seeded(sqlite_url, sandbox_url)
    server = run_server("serve", database_url=sqlite_url, environment={"AFTERSALE_SANDBOX_URL": sandbox_url})
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=30, trust_env=False) as client:
        made = client.post(
            "/v1/tickets", json={"subject": "x", "text": f"Card {CARDS[0]}, order 1001, tel +4930901820"}
        )
        text = client.get(f"/v1/tickets/{made.json()['id']}").json()["messages"][0]["text"]
    assert CARDS[0] not in text
    assert text.startswith("Card ")
    assert text.endswith(", order 1001, tel +4930901820")
