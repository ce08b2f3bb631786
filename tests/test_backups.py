"""Backup and restore: one command each, also while it serves; after a kill, elsewhere, nothing is done twice."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import stat
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.app import seeded
from tests.support.servers import Server
from tests.test_commands import Line

Run = Callable[..., Server]
REFUND = {"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}, "reason": "damaged"}
TEXT = {"channel": "chat", "text": "hello", "customer": {"email": "luc.moreau@example.com"}}


@pytest.fixture
def here(tmp_path: Path) -> Line:
    """Where the data is."""
    return Line(tmp_path / "here")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Line:
    """An empty place to restore to."""
    return Line(tmp_path / "elsewhere")


def talk(server: Server, key: str) -> httpx.Client:
    return httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=30, verify=False, trust_env=False
    )


def ended(client: httpx.Client, path: str, seconds: float = 20) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (found := client.get(path).json())["status"] in {"pending", "unknown"}:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def filled(line: Line, name: str = "Shop") -> Line:
    line.folder.mkdir(exist_ok=True)
    assert line.run("migrate").exit_code == 0
    line.gives("stores", "create", name)
    return line


def names(line: Line) -> list[str]:
    return [json.loads(row)["name"] for row in line.run("stores", "list").stdout.splitlines()]


# ---- the whole way ----------------------------------------------------------------------------------------------


def test_what_was_under_way_goes_on_elsewhere_and_happens_once(
    run_server: Run, sandbox_url: str, here: Line, elsewhere: Line
) -> None:
    """One refund is settled, one is at the provider, one is asked for after the backup; the process is killed."""
    here.folder.mkdir()
    assert here.run("migrate").exit_code == 0
    url = f"sqlite:///{here.folder / 'data' / 'aftersale.db'}"
    shop, key = seeded(url, sandbox_url)
    settings = {"AFTERSALE_SANDBOX_URL": sandbox_url, "AFTERSALE_CALL_SECONDS": "4"}
    server = run_server("serve", environment={**settings, **here.settings})
    archive = here.folder / "copy.tar"
    with talk(server, key) as client:
        paid = client.post("/v1/refunds", json=REFUND, headers={"Idempotency-Key": "paid", "Prefer": "wait=10"})
        assert paid.json()["status"] == "succeeded"
        shop.fault("refund", "timeout_after_effect", delay_ms=3000)
        sent = client.post("/v1/refunds", json=REFUND, headers={"Idempotency-Key": "sent", "Prefer": "wait=0"})
        deadline = time.monotonic() + 15
        while len(shop.ledger("refund")) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert here.gives("backup", str(archive))["files"] == ["aftersale.db", "encryption.key"]
        late = client.post("/v1/refunds", json=REFUND, headers={"Idempotency-Key": "late", "Prefer": "wait=10"})
        assert late.status_code in {201, 202}
        ended(client, f"/v1/refunds/{late.json()['id']}")
    server.kill()
    assert len(shop.effects("refund")) == 3

    elsewhere.folder.mkdir()
    assert elsewhere.gives("restore", str(archive))["moved_aside"] == []
    again = run_server("serve", environment={**settings, **elsewhere.settings})
    with talk(again, key) as client:
        assert client.get(f"/v1/refunds/{paid.json()['id']}").json()["status"] == "succeeded"
        assert ended(client, f"/v1/refunds/{sent.json()['id']}")["status"] == "succeeded"
        for word in ("paid", "sent"):
            asked = client.post("/v1/refunds", json=REFUND, headers={"Idempotency-Key": word, "Prefer": "wait=10"})
            assert asked.headers["idempotent-replayed"] == "true"
        order = client.get("/v1/orders/1001").json()
        assert order["payments"][0]["refunded"]["amount"] == 300, "what came after the copy counts as made elsewhere"
    assert len(shop.effects("refund")) == 3, "nothing was paid twice"
    found = elsewhere.run("doctor", AFTERSALE_SANDBOX_URL=sandbox_url)
    assert found.exit_code == 0, found.stdout
    again.stop()


def test_the_demo_comes_back_with_its_sandbox_its_key_and_its_labels(
    run_server: Run, free_port: Callable[[], int], here: Line, elsewhere: Line
) -> None:
    def demo(line: Line) -> Server:
        return run_server("serve", "--demo", environment={**line.settings, "AFTERSALE_SANDBOX_PORT": str(free_port())})

    here.folder.mkdir()
    server = demo(here)
    key = (here.folder / "data" / "demo.key").read_text().strip()
    with talk(server, key) as client:
        body = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}]}
        label = client.post(
            "/v1/return-labels", json=body, headers={"Idempotency-Key": "a", "Prefer": "wait=20"}
        ).json()
        file = client.get(label["file"]).content
        refund = client.post("/v1/refunds", json=REFUND, headers={"Idempotency-Key": "b", "Prefer": "wait=20"}).json()
        assert refund["status"] == "succeeded"
        taken = here.gives("backup", str(here.folder / "copy.tar.gz"))
        assert taken["files"] == ["aftersale.db", "demo.key", "encryption.key", "sandbox.db"]
    server.kill()

    elsewhere.folder.mkdir()
    elsewhere.gives("restore", str(here.folder / "copy.tar.gz"))
    assert stat.S_IMODE((elsewhere.folder / "data" / "demo.key").stat().st_mode) == 0o600
    again = demo(elsewhere)
    with talk(again, key) as client:
        assert client.get(label["file"]).content == file
        once = client.post("/v1/refunds", json=REFUND, headers={"Idempotency-Key": "b", "Prefer": "wait=20"})
        assert (once.json()["id"], once.headers["idempotent-replayed"]) == (refund["id"], "true")
        assert client.get("/v1/orders/1001").json()["payments"][0]["refunded"]["amount"] == 100
        assert (
            client.delete(f"/v1/return-labels/{label['id']}", headers={"Prefer": "wait=20"}).json()["status"]
            == "voided"
        )
    again.stop()


def test_a_copy_taken_under_load_is_whole_and_holds_what_was_acknowledged(
    run_server: Run, sandbox_url: str, here: Line, elsewhere: Line
) -> None:
    here.folder.mkdir()
    assert here.run("migrate").exit_code == 0
    _, key = seeded(f"sqlite:///{here.folder / 'data' / 'aftersale.db'}", sandbox_url)
    server = run_server("serve", environment={"AFTERSALE_SANDBOX_URL": sandbox_url, **here.settings})
    made: list[str] = []
    stop = threading.Event()

    def write() -> None:
        with talk(server, key) as client:
            while not stop.is_set():
                made.append(client.post("/v1/messages", json=TEXT).json()["message"]["id"])

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    while len(made) < 10:
        time.sleep(0.01)
    before = list(made)
    here.gives("backup", str(here.folder / "copy.tar"))
    stop.set()
    for thread in threads:
        thread.join(30)
    server.kill()
    elsewhere.folder.mkdir()
    elsewhere.gives("restore", str(here.folder / "copy.tar"))
    with sqlite3.connect(elsewhere.folder / "data" / "aftersale.db") as connection:
        kept = {row[0] for row in connection.execute("SELECT id FROM messages")}
        events = connection.execute(
            "SELECT count(*) FROM messages m WHERE direction = 'inbound' AND NOT EXISTS "
            "(SELECT 1 FROM events e WHERE e.resource_id = m.ticket_id)"
        ).fetchone()
    connection.close()
    assert set(before) <= kept, "acknowledged before the copy, and not in it"
    assert events == (0,)


# ---- what is refused --------------------------------------------------------------------------------------------


def test_a_restore_over_a_running_server_is_refused_even_by_force(
    run_server: Run, here: Line, sandbox_url: str
) -> None:
    archive = str(filled(here).folder / "copy.tar")
    here.gives("backup", archive)
    server = run_server("serve", environment={"AFTERSALE_SANDBOX_URL": sandbox_url, **here.settings})
    for words in ((), ("--force",)):
        assert "another process runs the engine on" in here.refuses("restore", archive, *words)
    assert httpx.get(f"{server.url}/readyz", trust_env=False).status_code == 200
    server.stop()
    assert here.gives("restore", archive, "--force")["moved_aside"] != []


def test_a_restore_under_a_running_sandbox_is_refused(run_server: Run, here: Line) -> None:
    archive = str(filled(here).folder / "copy.tar")
    server = run_server("sandbox", "serve", environment=here.settings, ready="/healthz")
    here.gives("backup", archive)
    assert "sandbox.db is in use: stop what runs on it" in here.refuses("restore", archive, "--force")
    server.stop()
    here.gives("restore", archive, "--force")


def test_data_that_is_there_is_kept_and_by_force_moved_aside(here: Line, elsewhere: Line) -> None:
    archive = str(filled(here, "old").folder / "copy.tar")
    here.gives("backup", archive)
    filled(elsewhere, "new")
    assert "--force moves that aside" in elsewhere.refuses("restore", archive)
    assert names(elsewhere) == ["new"]
    [aside] = elsewhere.gives("restore", archive, "--force")["moved_aside"]
    assert names(elsewhere) == ["old"]
    kept = sqlite3.connect(Path(aside) / "aftersale.db")
    assert kept.execute("SELECT name FROM stores").fetchall() == [("new",)]
    kept.close()
    assert elsewhere.gives("backup", str(elsewhere.folder / "again.tar"))["files"] == ["aftersale.db"]


def test_a_backup_overwrites_nothing_and_is_its_owner_s_alone(here: Line) -> None:
    archive = filled(here).folder / "copy.tar"
    here.gives("backup", str(archive))
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    before = archive.read_bytes()
    assert "is there already" in here.refuses("backup", str(archive))
    assert archive.read_bytes() == before
    assert [path.name for path in here.folder.iterdir() if path.name.startswith(".")] == []


def test_what_cannot_be_backed_up_is_said(here: Line, tmp_path: Path) -> None:
    here.folder.mkdir()
    assert "there is nothing to back up" in here.refuses("backup", str(tmp_path / "x.tar"))
    filled(here)
    assert "is no directory" in here.refuses("backup", str(tmp_path / "nowhere" / "x.tar"))
    shared = {"AFTERSALE_DATABASE_URL": "postgresql://a:b@127.0.0.1/x"}
    assert "pg_dump" in here.refuses("backup", str(tmp_path / "x.tar"), **shared)
    assert "pg_dump" in here.refuses("restore", here.file({}), **shared)


def rewritten(archive: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The archive with other members; the manifest stays first."""
    with tarfile.open(archive) as before:
        content = {m.name: handle.read() for m in before if (handle := before.extractfile(m)) is not None}
    change(content)
    out = archive.with_name("changed.tar")
    with tarfile.open(out, "w") as after:
        for name, body in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            after.addfile(info, io.BytesIO(body))
    return out


def manifest(content: dict[str, bytes], **fields: Any) -> None:
    content["manifest.json"] = json.dumps({**json.loads(content["manifest.json"]), **fields}).encode()


def flip(content: dict[str, bytes]) -> None:
    body = bytearray(content["aftersale.db"])
    body[5000] ^= 1
    content["aftersale.db"] = bytes(body)


def damaged(content: dict[str, bytes]) -> None:
    """Checksums that are right, of a database that is not."""
    body = bytearray(content["aftersale.db"])
    body[4096 * 3 : 4096 * 9] = b"\xff" * (4096 * 6)
    content["aftersale.db"] = bytes(body)
    entry = {"name": "aftersale.db", "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    manifest(content, files=[entry])


def outside(content: dict[str, bytes]) -> None:
    told = json.loads(content["manifest.json"])
    content["../evil"] = b"x"
    manifest(
        content, files=[*told["files"], {"name": "../evil", "bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()}]
    )


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (flip, "has another checksum than the manifest says"),
        (damaged, "is damaged"),
        (outside, "its manifest names files that cannot be"),
        (lambda content: content.update({"more": b"x"}), "more is not what the manifest says"),
        (lambda content: content.pop("aftersale.db"), "aftersale.db is missing"),
        (lambda content: content.pop("manifest.json"), "does not begin with a manifest"),
        (lambda content: manifest(content, format=2), "a backup of format 2 is not known here"),
        (lambda content: manifest(content, revision="20990101_0001", version="9.9"), "is of a newer version (9.9,"),
        (lambda content: manifest(content, surprise=1), "its manifest cannot be read"),
        (lambda content: content.update({"manifest.json": b"{"}), "its manifest cannot be read"),
    ],
)
def test_an_archive_that_is_not_what_it_says_changes_nothing(
    here: Line, elsewhere: Line, change: Callable[[dict[str, bytes]], Any], word: str
) -> None:
    archive = filled(here).folder / "copy.tar"
    here.gives("backup", str(archive))
    filled(elsewhere, "new")
    assert word in elsewhere.refuses("restore", str(rewritten(archive, change)), "--force")
    assert names(elsewhere) == ["new"]
    left = {path.name for path in (elsewhere.folder / "data").iterdir()}
    assert not any(name.startswith((".restore-", "replaced-")) for name in left), left


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"\0" * 600, b"\x1f\x8b" + b"\0" * 20])
def test_a_file_that_is_no_archive_is_named(elsewhere: Line, tmp_path: Path, content: bytes) -> None:
    elsewhere.folder.mkdir()
    file = tmp_path / "copy.tar"
    file.write_bytes(content)
    found = elsewhere.refuses("restore", str(file))
    assert "cannot be read" in found or "is no backup" in found


def test_half_an_archive_is_refused(here: Line, elsewhere: Line) -> None:
    archive = filled(here).folder / "copy.tar"
    here.gives("backup", str(archive))
    half = archive.with_name("half.tar")
    half.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    elsewhere.folder.mkdir()
    assert "cannot be read" in elsewhere.refuses("restore", str(half)) or "is not what" in elsewhere.refuses(
        "restore", str(half)
    )
    assert not (elsewhere.folder / "data" / "aftersale.db").exists()


def test_a_backup_of_an_older_schema_is_migrated(here: Line, elsewhere: Line) -> None:
    from alembic import command

    from app.migrate import configuration, head

    filled(here)
    command.downgrade(configuration(f"sqlite:///{here.folder / 'data' / 'aftersale.db'}"), "-1")
    taken = here.gives("backup", str(here.folder / "copy.tar"))
    assert taken["revision"] != head()
    elsewhere.folder.mkdir()
    elsewhere.gives("restore", str(here.folder / "copy.tar"))
    assert names(elsewhere) == ["Shop"]


def test_files_of_the_data_directory_and_a_database_elsewhere_go_along(
    here: Line, elsewhere: Line, tmp_path: Path
) -> None:
    url = {"AFTERSALE_DATABASE_URL": f"sqlite:///{tmp_path / 'own' / 'shop.sqlite'}"}
    here.settings.update(url)
    filled(here)
    (here.folder / "data" / "files" / "ab").mkdir(parents=True)
    (here.folder / "data" / "files" / "ab" / "photo").write_bytes(b"photo")
    taken = here.gives("backup", str(here.folder / "copy.tar"))
    assert taken["files"] == ["aftersale.db", "files/ab/photo"]
    elsewhere.folder.mkdir()
    elsewhere.gives("restore", str(here.folder / "copy.tar"))
    assert (elsewhere.folder / "data" / "files" / "ab" / "photo").read_bytes() == b"photo"
    assert names(elsewhere) == ["Shop"]
