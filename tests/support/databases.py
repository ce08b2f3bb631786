"""Migrated databases for tests: one template per kind and run, a copy per test, whichever worker asks first.

`python -m tests.support.databases COMMAND …` runs a command whose test runs all share one such folder and server, as
a mutation run with its thousands of short test runs must.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.postgres import Cluster, Postgres, programs

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
RUN = "AFTERSALE_TEST_RUN"
"""Environment variable: the folder that all processes of one test run share."""
EXTERNAL = "AFTERSALE_TEST_POSTGRES_URL"
TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""Environment variable of pytest's: where its folders for tests are; set, it is left as it is."""
_BEGINS = "aftersale-tests-"
_MEMORY = Path("/dev/shm")
_ROOM = 2**31


class Databases:
    """The databases of one test run; every pytest-xdist worker has one of these on the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    @classmethod
    def joined(cls) -> Databases | None:
        """Find the folder of the run that this process is part of; None where it is the first."""
        folder = os.environ.get(RUN)
        return cls(Path(folder)) if folder and Path(folder).is_dir() else None

    @classmethod
    def begin(cls) -> Databases:
        """Make the run's folder, once, in the process that the person started."""
        _sweep()
        folder = Path(tempfile.mkdtemp(prefix=f"{_BEGINS}{os.getpid()}-", dir=_where()))
        folder.chmod(0o711)
        os.environ[RUN] = str(folder)
        if folder.parent == _MEMORY:  # pytest's own folders too: every commit of a test would wait for the disk
            os.environ.setdefault(TEMPORARY, str(folder))
        return cls(folder)

    def end(self) -> None:
        """Stop and remove what was made."""
        if (self._folder / "postgres.url").exists():
            server = self.postgres()
            if os.environ.get(EXTERNAL):
                for name in server.names():
                    server.drop(name)
        _remove(self._folder)
        os.environ.pop(RUN, None)
        if os.environ.get(TEMPORARY) == str(self._folder):
            del os.environ[TEMPORARY]

    def missing(self) -> str | None:
        """Say why there is no PostgreSQL; None where there is one."""
        if os.environ.get(EXTERNAL) or programs():
            return None
        return f"no PostgreSQL programs (initdb, postgres) and no {EXTERNAL}"

    def postgres(self) -> Postgres:
        """Give the run's PostgreSQL, started by whoever asks first."""
        prefix = "t" + "".join(character for character in self._folder.name if character.isalnum())[-14:].lower() + "_"
        note = self._folder / "postgres.url"
        with self._alone("postgres"):
            if not note.exists():
                note.write_text(os.environ.get(EXTERNAL) or self._start())
        return Postgres(note.read_text(), prefix)

    def empty_postgres(self) -> str:
        """Make an empty PostgreSQL database."""
        server = self.postgres()
        return server.create(self._name(server))

    def migrated_postgres(self) -> str:
        """Make a PostgreSQL database with every table, ours and the engine's."""
        server = self.postgres()
        template = server.prefix + "template"
        with self._alone("template"):
            if not (self._folder / "template.made").exists():
                migrate(server.create(template))
                (self._folder / "template.made").touch()
        return server.create(self._name(server), template)

    def migrated_sqlite(self, path: Path) -> str:
        """Make a SQLite file at `path` with every table, ours and the engine's."""
        template = self._folder / "template.db"
        with self._alone("sqlite"):
            if not template.exists():
                making = self._folder / "making" / "template.db"
                making.parent.mkdir()
                migrate(f"sqlite:///{making}")
                making.rename(template)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(template, path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        """Remove a PostgreSQL database that was made here."""
        self.postgres().drop(url.rpartition("/")[2])

    def _start(self) -> str:
        found = programs()
        if found is None:
            raise RuntimeError(self.missing())
        return Cluster(self._folder, found).start().url

    def _name(self, server: Postgres) -> str:
        return f"{server.prefix}{os.getpid()}_{next(self._numbers)}"

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        with (self._folder / f"{what}.lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def migrate(url: str) -> None:
    """Migrate in a process of its own, so that no connection to the template stays open."""
    code = """if True:
        import sys
        from app.migrate import upgrade

        upgrade(sys.argv[1])
        if sys.argv[1].startswith("sqlite"):
            import sqlite3

            connection = sqlite3.connect(sys.argv[1].removeprefix("sqlite:///"))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
    """
    done = subprocess.run(
        [sys.executable, "-c", code, url], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the migration failed:\n{done.stderr[-4000:]}")


def _where() -> Path:
    """Choose memory where there is room for it: a database is copied ten times as fast there as on a busy disk."""
    if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        return _MEMORY
    return Path(tempfile.gettempdir())


def _sweep() -> None:
    """Remove what runs that were killed left behind."""
    for folder in _where().glob(f"{_BEGINS}*"):
        owner = folder.name.removeprefix(_BEGINS).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc/self").exists():
            _remove(folder)


def _remove(folder: Path) -> None:
    with suppress(OSError, ValueError, IndexError):  # of a server that was not started, or is gone
        server = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(server, signal.SIGINT)
        _gone(server)
    shutil.rmtree(folder, ignore_errors=True)


def _gone(process: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ChildProcessError):
            os.waitpid(process, os.WNOHANG)
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    os.kill(process, signal.SIGQUIT)


def main(command: list[str]) -> int:
    """Run the command with a folder of its own for all test runs in it."""
    databases = Databases.begin()
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        databases.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
