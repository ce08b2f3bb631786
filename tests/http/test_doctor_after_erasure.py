"""After a person was erased the audit trail still proves itself to `aftersale doctor`, and tampering is still found."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, text

from app.migrate import sync_url
from tests.support.app import seeded
from tests.support.servers import Server
from tests.test_commands import Line

KIM = {"Aftersale-Actor": "agent:kim"}
OF_THEM = "evidence_digest IS NOT NULL AND evidence_salt IS NULL"
TAMPERED = {
    "who did it": 'UPDATE audit_log SET actor = \'{{"type": "agent", "id": "lee"}}\' WHERE number = {first}',
    "what was done": "UPDATE audit_log SET action = 'customer.exported' WHERE number = {erased}",
    "what was kept as evidence": "UPDATE audit_log SET evidence = '{{\"n\": 1}}' WHERE number = {first}",
    "whose evidence it was": "UPDATE audit_log SET subject_id = 'cus_other' WHERE number = {erased}",
    "the digest of erased evidence": "UPDATE audit_log SET evidence_digest = 'x' WHERE number = {erased}",
    "a row that is gone": "DELETE FROM audit_log WHERE number = {first}",
}


class Trail:
    """The rows of the audit trail, from behind the app's back."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(sync_url(url))

    def one(self, query: str) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(text(query)).scalar_one()

    def rows(self) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text("SELECT * FROM audit_log")).mappings()]

    def run(self, statement: str, rows: list[dict[str, Any]] | None = None) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement.replace(":", r"\:") if rows is None else statement), rows or None)

    def sealed(self, seconds: float = 30) -> None:
        give_up = time.monotonic() + seconds
        while self.one("SELECT count(*) FROM audit_log WHERE number IS NULL"):
            assert time.monotonic() < give_up, "nobody seals"
            time.sleep(0.05)

    def close(self) -> None:
        self._engine.dispose()


def erased(client: httpx.Client, trail: Trail) -> None:
    """Somebody refunded Anna, which was sealed, and she was erased."""
    eur = {"amount": 100, "currency": "EUR"}
    note = {"order": "#1001", "amount": eur, "reason": "damaged", "note": "Anna Keller rang us"}
    assert client.post("/v1/refunds", json=note, headers={"Idempotency-Key": "1", **KIM}).is_success
    assert client.get("/v1/customers/cust-anna/export").is_success
    trail.sealed()
    deadline = time.monotonic() + 60
    while (answer := client.delete("/v1/customers/cust-anna")).status_code == 409 and time.monotonic() < deadline:
        time.sleep(0.1)  # the refund, or the mail about it, is on its way
    assert answer.is_success, answer.text


def test_the_doctor_believes_the_trail_after_an_erasure_and_finds_what_was_tampered_with(
    run_server: Callable[..., Server], database_url: str, sandbox_url: str, tmp_path: Path
) -> None:
    _, key = seeded(database_url, sandbox_url)
    environment = {"AFTERSALE_SANDBOX_URL": sandbox_url}
    servers = [run_server("serve", database_url=database_url, environment=environment)]
    if database_url.startswith("postgresql"):
        servers.append(run_server("worker", database_url=database_url, environment=environment, ready=None))
    trail = Trail(database_url)
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=servers[0].url, headers=headers, timeout=30, trust_env=False) as client:
        erased(client, trail)
    trail.sealed()
    for server in servers:
        server.stop()
    line = Line(tmp_path, AFTERSALE_DATABASE_URL=database_url, AFTERSALE_SANDBOX_URL=sandbox_url)
    sealed, bare = (trail.one(f"SELECT count(*) FROM audit_log WHERE {what}") for what in ("1 = 1", OF_THEM))
    assert bare > 0
    done = line.alone("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ok  audit trail: {sealed} rows sealed, {bare} without their evidence" in done.stdout
    names = {
        "first": trail.one("SELECT min(number) FROM audit_log"),
        "erased": trail.one(f"SELECT min(number) FROM audit_log WHERE {OF_THEM}"),
    }
    whole = trail.rows()
    for what, statement in TAMPERED.items():
        trail.run(statement.format(**names))
        assert "BAD audit trail: row" in line.refuses("doctor"), what
        put_back(trail, whole)
    trail.run(TAMPERED["a row that is gone"].format(**names))
    done = line.alone("doctor")
    assert done.returncode == 1
    assert "BAD audit trail: row 2 does not fit the chain" in done.stdout
    put_back(trail, whole)
    assert line.run("doctor").exit_code == 0, "put back, all fits again"
    trail.close()


def put_back(trail: Trail, rows: list[dict[str, Any]]) -> None:
    """The trail as it was."""
    trail.run("DELETE FROM audit_log")
    columns = list(rows[0])
    given = [{name: _plain(row[name]) for name in columns} for row in rows]
    named = ", ".join(f":{name}" for name in columns)
    trail.run(f"INSERT INTO audit_log ({', '.join(columns)}) VALUES ({named})", given)


def _plain(value: Any) -> Any:
    """As the database's driver takes it back."""
    return json.dumps(value) if isinstance(value, dict) else value
