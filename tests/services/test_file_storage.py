"""Where files are kept: a row has its bytes whatever happens, what nobody wants goes, and room is counted."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import insert_missing
from app.errors import FileNotFound, StorageUnavailable
from app.models.files import Blob, File, FileUsage
from app.services import file_blobs, file_names, file_sweeps
from app.services.file_blobs import Blobs, InDatabase, InFolder
from tests.services.durable_fixtures import until
from tests.support.app import App, Tenant, seeded
from tests.support.files import document, photo, picture, sent, upload
from tests.support.servers import Server

SOCKS = {"line_id": "ln-1001-2", "quantity": 1}
ANNA = {"Aftersale_Customer": "cust-anna"}
DAY = timedelta(days=1, seconds=1)


def change(app: App, file_id: str, **fields: Any) -> None:
    def work(session: Session) -> None:
        file = session.get_one(File, file_id)
        for name, value in fields.items():
            setattr(file, name, value)

    app.write(work)


def age(app: App, *file_ids: str) -> None:
    """A day goes by for these files, and the chores have their turn."""
    for file_id in file_ids:
        change(app, file_id, created_at=clock.now() - DAY)
    app.write(file_sweeps.drop_loose, 1000)
    app.write(file_blobs.drop_unused, 1000)


def status(store: Tenant, file_id: str) -> tuple[int, int]:
    return store.get(f"/v1/files/{file_id}").status_code, store.get(f"/v1/files/{file_id}/content").status_code


def has_bytes(app: App, store: Tenant, digest: str) -> bool:
    """Whether the bytes are there, row or no row."""
    folder = app.settings.files
    if folder is not None:
        return (folder / digest[:2] / f"{store.id}-{digest}").exists()
    return app.write(lambda session: session.get(Blob, (store.id, digest)) is not None)


# ---- what nobody wants -------------------------------------------------------------------------------------------


def test_a_file_that_hangs_on_nothing_goes_after_a_day_and_not_before(app: App, store: Tenant) -> None:
    answer = upload(store, photo(), key="once")
    file, digest = answer.json()["id"], answer.json()["sha256"]
    app.write(file_sweeps.drop_loose, 1000)
    app.write(file_blobs.drop_unused, 1000)
    assert status(store, file) == (200, 200)
    age(app, file)
    assert status(store, file) == (404, 404)
    assert not has_bytes(app, store, digest)
    events = store.get(f"/v1/events?resource={file}").json()["data"]
    assert [event["type"] for event in events] == ["file.created", "file.deleted"]
    again = upload(store, photo(), key="once")
    assert (again.status_code, "idempotent-replayed" in again.headers) == (201, False), "its answer went with it"
    assert status(store, again.json()["id"]) == (200, 200)


def test_a_file_that_hangs_on_something_stays(app: App, store: Tenant) -> None:
    file = sent(store, **ANNA)
    made = store.post("/v1/returns", {"order": "#1001", "lines": [{**SOCKS, "files": [file]}]}, **ANNA)
    assert made.status_code == 201
    age(app, file)
    assert status(store, file) == (200, 200)


def test_bytes_that_two_files_have_go_with_the_second(app: App, store: Tenant) -> None:
    one, two = (upload(store, photo()).json() for _ in range(2))
    assert one["sha256"] == two["sha256"]
    age(app, one["id"])
    assert status(store, one["id"]) == (404, 404)
    assert status(store, two["id"]) == (200, 200)
    age(app, two["id"])
    assert not has_bytes(app, store, one["sha256"])


def test_a_sweep_that_fails_leaves_the_file_its_bytes(app: App, store: Tenant) -> None:
    file = sent(store)
    change(app, file, created_at=clock.now() - DAY)

    def half(session: Session) -> None:
        file_sweeps.drop_loose(session, 1000)
        file_blobs.drop_unused(session, 0)
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        app.write(half)
    assert status(store, file) == (200, 200)


def test_bytes_whose_removal_did_not_commit_are_written_again(app: App, store: Tenant) -> None:
    made = upload(store, photo()).json()
    change(app, made["id"], created_at=clock.now() - DAY)
    app.write(file_sweeps.drop_loose, 1000)

    def half(session: Session) -> None:
        assert file_blobs.drop_unused(session, 1000)
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        app.write(half)
    again = upload(store, photo()).json()
    assert again["sha256"] == made["sha256"]
    assert status(store, again["id"]) == (200, 200)
    app.write(file_blobs.drop_unused, 1000)
    assert status(store, again["id"]) == (200, 200), "a mark of an older file takes nothing from a newer one"


def test_the_same_bytes_that_come_while_they_go_are_there(app: App, store: Tenant) -> None:
    """One sends the same photo over and over; the other lets each of its files go as soon as it is there."""
    going: list[str] = []
    over = threading.Event()

    def sweep() -> None:
        while not over.is_set() or going:
            age(app, *[going.pop() for _ in range(len(going))])

    with ThreadPoolExecutor(3) as many:
        sweeper = many.submit(sweep)
        try:
            for _ in range(6):
                for sender in [many.submit(upload, store, photo()) for _ in range(2)]:
                    file = sender.result().json()["id"]
                    assert status(store, file) == (200, 200)
                    going.append(file)
        finally:
            over.set()
        sweeper.result()
    file = sent(store, photo())
    app.write(file_blobs.drop_unused, 1000)
    assert status(store, file) == (200, 200)


# ---- room --------------------------------------------------------------------------------------------------------


def used(app: App, store: Tenant) -> int:
    def read(session: Session) -> int:
        row = session.get(FileUsage, (store.id, False))
        return row.bytes if row else 0

    return app.write(read)


def test_a_store_s_room_is_bounded_and_comes_back(app: App, store: Tenant) -> None:
    first = upload(store, document()).json()
    assert used(app, store) == first["size"]
    quota = app.settings.file_quota_bytes

    def fill(session: Session) -> None:
        session.get_one(FileUsage, (store.id, False)).bytes = quota - 10

    app.write(fill)
    answer = upload(store, photo(), key="full")
    assert (answer.status_code, answer.json()["code"]) == (409, "file_quota_reached")
    assert used(app, store) == quota - 10
    age(app, first["id"])
    assert used(app, store) == quota - 10 - first["size"]
    assert upload(store, photo(), key="full").status_code == 201, "the refusal was not kept for its key"


def send_many(app: App, store: Tenant, count: int) -> None:
    """As if Anna had sent so many in this hour."""
    file = sent(store, **ANNA)

    def many(session: Session) -> None:
        known = session.get_one(File, file)
        fields = {column.key: getattr(known, column.key) for column in File.__table__.columns}
        for number in range(count - 1):
            assert insert_missing(session, File, {**fields, "id": f"{file[:-3]}{number:03}x"})

    app.write(many)


def test_files_that_are_sent_at_once_are_counted_as_those_that_are_not(app: App, store: Tenant) -> None:
    send_many(app, store, app.settings.files_per_hour - 1)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(upload, store, photo(seed=seed), **ANNA) for seed in range(4)]
    assert sorted(answer.result().status_code for answer in answers) == [201, 429, 429, 429]


def test_a_shopper_who_sends_file_after_file_waits(app: App, store: Tenant) -> None:
    send_many(app, store, app.settings.files_per_hour)
    answer = upload(store, photo(), **ANNA)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_files")
    assert 3500 < int(answer.headers["retry-after"]) <= 3601
    assert upload(store, photo(), Aftersale_Customer="cust-luc").status_code == 201
    assert upload(store, photo()).status_code == 201, "the store itself is held by its quota alone"


# ---- two places --------------------------------------------------------------------------------------------------


@pytest.fixture(params=["folder", "database"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return InFolder(tmp_path / "kept") if request.param == "folder" else InDatabase()


def put(app: App, blobs: Blobs, store: Tenant, content: bytes, *, fails: bool = False) -> str:
    prepared = blobs.prepare(store.id, content)

    def work(session: Session) -> None:
        blobs.keep(session, prepared)
        blobs.keep(session, prepared)  # a unit may run a second time
        if fails:
            raise RuntimeError("the power went")

    try:
        app.write(work)
    finally:
        blobs.forget(prepared)
    return prepared.digest


def read(app: App, blobs: Blobs, store: Tenant, digest: str) -> bytes:
    kept = app.write(lambda session: session.scalar(select(Blob.content).where(Blob.store_id == store.id)))
    return kept if kept is not None else blobs.read(store.id, digest)


def test_a_place_gives_back_what_it_was_given(app: App, store: Tenant, blobs: Blobs) -> None:
    content = os.urandom(5000)
    digest = put(app, blobs, store, content)
    assert digest == sha256(content).hexdigest()
    assert put(app, blobs, store, content) == digest
    assert read(app, blobs, store, digest) == content
    with pytest.raises(FileNotFound):
        blobs.read(store.id, "0" * 64)


def test_a_place_that_changes_keeps_what_is_in_the_database(app: App, store: Tenant, tmp_path: Path) -> None:
    content = os.urandom(100)
    folder = InFolder(tmp_path / "kept")
    digest = put(app, folder, store, content)
    put(app, InDatabase(), store, content)  # the row is there, its bytes are not in it
    assert read(app, InDatabase(), store, digest) == content


def test_bytes_of_a_write_that_failed_are_swept_and_those_of_others_are_not(
    app: App, store: Tenant, tmp_path: Path
) -> None:
    folder = InFolder(tmp_path / "kept")
    kept = put(app, folder, store, b"wanted")
    lost = sha256(b"unwanted").hexdigest()
    with pytest.raises(RuntimeError):
        put(app, folder, store, b"unwanted", fails=True)
    stray = tmp_path / "kept" / lost[:2] / f"{store.id}-{lost}"
    assert stray.exists()
    assert list((tmp_path / "kept" / "incoming").iterdir()) == []
    waiting = tmp_path / "kept" / "incoming" / "left"
    waiting.write_bytes(b"half")

    def sweep(session: Session) -> None:
        session.info["blobs"] = folder
        for shard in range(256):
            file_sweeps.drop_strays(session, shard)

    app.write(sweep)
    assert stray.exists(), "not while its write may still be on its way"
    for path in (stray, waiting, tmp_path / "kept" / kept[:2] / f"{store.id}-{kept}"):
        os.utime(path, (time.time() - 90_000,) * 2)
    app.write(sweep)
    assert (stray.exists(), waiting.exists()) == (False, False)
    assert folder.read(store.id, kept) == b"wanted"


def test_a_folder_that_cannot_be_written_is_no_lost_file(app: App, store: Tenant, tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"a file where the folder should be")
    with pytest.raises(StorageUnavailable):
        InFolder(tmp_path / "kept").prepare(store.id, b"x")
    with pytest.raises(FileNotFound):
        InFolder(tmp_path / "none").read(store.id, "0" * 64)


def test_the_doctor_s_count_of_files_without_bytes(app: App, store: Tenant) -> None:
    folder = app.settings.files
    made = upload(store, photo(seed=7)).json()
    assert app.write(file_blobs.missing, folder) == 0
    if folder is not None:
        path = folder / made["sha256"][:2] / f"{store.id}-{made['sha256']}"
        content = path.read_bytes()
        path.unlink()
        assert app.write(file_blobs.missing, folder) == 1
        path.write_bytes(content)


def test_what_is_kept_is_for_the_service_alone(app: App, store: Tenant, tmp_path: Path) -> None:
    digest = put(app, InFolder(tmp_path / "kept"), store, b"x")
    path = tmp_path / "kept" / digest[:2] / f"{store.id}-{digest}"
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert oct((tmp_path / "kept").stat().st_mode & 0o777) == "0o700"


def test_what_is_named_after_no_store_is_left_alone(app: App, tmp_path: Path) -> None:
    folder = InFolder(tmp_path)
    shard = tmp_path / "00"
    shard.mkdir()
    foreign = [shard / f"sto_elsewhere-{'0' * 64}", shard / "my-notes.txt"]
    for path in foreign:
        path.write_bytes(b"x")
        os.utime(path, (time.time() - 90_000,) * 2)

    def sweep(session: Session) -> int:
        session.info["blobs"] = folder
        return file_sweeps.drop_strays(session, 0)

    assert app.write(sweep) == 0
    assert all(path.exists() for path in foreign)


def test_a_kill_in_the_middle_leaves_no_file_without_its_bytes(
    run_server: Callable[..., Server], database_url: str, sandbox_url: str
) -> None:
    """Killed while files come in and go; afterwards every file that was told of is whole."""
    _, key = seeded(database_url, sandbox_url)
    environment = {"AFTERSALE_SANDBOX_URL": sandbox_url, "AFTERSALE_RATE_LIMIT": ""}
    headers = {"Authorization": f"Bearer {key}"}
    told: dict[str, str] = {}

    def send(url: str, number: int) -> None:
        with httpx.Client(base_url=url, headers=headers, timeout=20, trust_env=False) as client:
            for turn in itertools.count():
                content = picture("PNG", seed=number * 1000 + turn % 3)
                answer = client.post("/v1/files", files={"file": ("a.png", content)})
                told[answer.json()["id"]] = answer.json()["sha256"]

    def reached(enough: int) -> bool:
        return len(told) >= enough

    for _ in range(2):
        server = run_server("serve", database_url=database_url, environment=environment)
        enough = len(told) + 6
        with ThreadPoolExecutor(3) as many:
            senders = [many.submit(send, server.url, number) for number in range(3)]
            until(partial(reached, enough), seconds=60)
            server.kill()
        assert all(isinstance(sender.exception(), httpx.HTTPError) for sender in senders)
    server = run_server("serve", database_url=database_url, environment=environment)
    with httpx.Client(base_url=server.url, headers=headers, timeout=20, trust_env=False) as client:
        events = client.get("/v1/events?type=file.created&limit=200").json()["data"]
        there = {event["data"]["object"]["id"]: event["data"]["object"]["sha256"] for event in events}
        assert told.items() <= there.items()
        for file, digest in there.items():
            assert sha256(client.get(f"/v1/files/{file}/content").content).hexdigest() == digest


# ---- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", ".", "/", "a/b\\c", "\ud800", "a\r\nb", "x" * 10_000, "写" * 10_000, "\u202e"])
def test_every_name_fits_a_disk_and_a_header(name: str) -> None:
    found = file_names.safe(file_names.visible(name), "image/png")
    assert found.endswith(".png")
    assert 4 < len(found.encode()) <= 255
    assert found.isprintable()
    assert not set(found) & set('/\\\r\n"<>:|?*;%')
    assert file_names.safe(file_names.visible(found), "image/png") == found
