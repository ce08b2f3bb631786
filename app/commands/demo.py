"""What `aftersale serve --demo` adds: the sandbox as a child, a store with its key, and requests to paste."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from typing import Any

from app.commands import tenants
from app.commands.means import answers, make_data_dir
from app.settings import Settings

KEY_FILE = "demo.key"
NO_SANDBOX = "The API is up, but no sandbox answers: orders cannot be read. See AFTERSALE_SANDBOX_URL and _PORT."
CAPS = {"refund": 20_000, "order": 30_000, "customer": 50_000, "day": 500_000}
CURRENCIES = ["EUR", "USD", "JPY", "KWD"]
"""In which the demo shop's orders are, and dollars for whoever brings orders of their own."""
POLICY: dict[str, Any] = {"return_window_days": 30, "caps": {"EUR": CAPS, "USD": CAPS}}
ADDRESS = {
    "name": "Demo Shop Returns",
    "address1": "Lagerstrasse 12",
    "city": "Berlin",
    "postal_code": "10115",
    "country_code": "DE",
}
REQUESTS = (
    (
        "A shopper asks where the order is",
        "messages",
        "",
        '{"channel":"chat","text":"Where is my order #1002?","customer":{"email":"luc.moreau@example.com"}}',
    ),
    (
        "A return label for the jacket of order #1001",
        "return-labels",
        "demo-label-1",
        '{"order":"#1001","lines":[{"line_id":"ln-1001-1","quantity":1}]}',
    ),
    (
        "10.00 EUR of order #1001 back to the card",
        "refunds",
        "demo-refund-1",
        '{"order":"#1001","amount":{"amount":1000,"currency":"EUR"},"reason":"damaged"}',
    ),
)
"""Title, resource, idempotency key, body. A fixed key: pasted again, the request gets its first answer again."""


@contextlib.contextmanager
def sandbox(found: Settings) -> Generator[Callable[[], bool]]:
    """Run the sandbox as a child that ends when its standard input does, unless one answers already.

    Gives a function that waits until it answers, and says whether it does.
    """
    if answers(found.sandbox_url):
        yield lambda: True
        return
    make_data_dir(found)
    command = [sys.executable, "-m", "app.cli", "sandbox", "serve", "--until-eof"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE)

    def up() -> bool:
        tick = threading.Event()
        for _ in range(400):
            if answers(found.sandbox_url):
                return True
            if child.poll() is not None:
                return False
            tick.wait(0.05)
        return False

    try:
        yield up
    finally:
        child.terminate()
        child.wait(timeout=5)


def prepare(found: Settings) -> str:
    """Migrate, make the demo store with its key unless its key opens the database, and say what to paste."""
    from app.migrate import upgrade

    make_data_dir(found)
    upgrade(found.database)
    file = found.data_dir / KEY_FILE
    key = file.read_text(encoding="ascii").strip() if file.exists() else ""
    if not _opens(found, key):
        key = _make_store()
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.write(key + "\n")
    return greeting(found, key)


def _opens(found: Settings, key: str) -> bool:
    """Whether the database knows the key; without the models, which the server has yet to load."""
    from sqlalchemy import create_engine, text

    from app.migrate import sync_url

    engine = create_engine(sync_url(found.database))
    try:
        with engine.connect() as connection:
            known = text("SELECT 1 FROM api_keys WHERE hash = :hash AND revoked_at IS NULL")
            return connection.execute(known, {"hash": hashlib.sha256(key.encode()).hexdigest()}).first() is not None
    finally:
        engine.dispose()


def _make_store() -> str:
    fields = {"country_code": "DE", "currencies": CURRENCIES}
    store = tenants.create_store("Demo", fields, POLICY, ADDRESS)
    return tenants.create_key(store["id"], "demo", live=False, scopes=())["key"]


def greeting(found: Settings, key: str) -> str:
    """Where the API is, the key, and three requests to paste."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(found.host, found.host)  # noqa: S104  compared, not bound
    base = f"http://{host}:{found.port}"
    lines = [f"Aftersale is up: {base}  (docs: {base}/docs)", f"Test key: {key}", ""]
    for title, resource, idempotency_key, body in REQUESTS:
        once = f" -H 'Idempotency-Key: {idempotency_key}'" if idempotency_key else ""
        headers = f"-H 'Authorization: Bearer {key}' -H 'Content-Type: application/json'{once}"
        lines += [f"# {title}", f"curl -s {base}/v1/{resource} {headers} -d '{body}'", ""]
    if not found.embedded:
        lines += ["On PostgreSQL labels and refunds wait for a worker: start `aftersale worker` beside this.", ""]
    return "\n".join(lines)
