"""A throw-away PostgreSQL: its own data directory and port, nobody's data in it, gone with the test run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

OWNER = "aftersale"


def programs() -> Path | None:
    """Find the folder that holds initdb and postgres, the newest version first; None where there is none."""
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).parent / "postgres").exists():
        return Path(on_path).parent
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


def free_port() -> int:
    """Give a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Postgres:
    """A server's address, and the databases on it."""

    url: str
    """Of a database that always exists; the role may make others."""
    prefix: str = "t"
    """Begins the name of each database that is made here."""

    def at(self, name: str) -> str:
        """Address the database `name` of this server."""
        return self.url.rpartition("/")[0] + "/" + name

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database and give its address."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            # Copying files writes half as much as logging each page; before 15 there is no choice.
            strategy = " STRATEGY file_copy" if connection.info.server_version >= 150000 else ""
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}" + strategy).format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.at(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def names(self) -> list[str]:
        """List the databases that were made here."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self.prefix])
            return [str(row[0]) for row in rows]


class Cluster:
    """A server of our own under `folder`. Root starts it as an unprivileged user, as PostgreSQL wants."""

    def __init__(self, folder: Path, bin_folder: Path, *, data: Path | None = None) -> None:
        self._data = data or folder / "postgres"
        self._folder = folder
        self._log = folder / "postgres.log"
        self._bin = bin_folder
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = next(name for name in ("postgres", "nobody") if _exists(name))

    def start(
        self, *, fsync: bool = False, initdb: Sequence[str] = (), settings: Mapping[str, str] | None = None
    ) -> Postgres:
        """Make the cluster and start it; without fsync it survives any kill of itself, but not of the machine."""
        self._data.mkdir(mode=0o700)
        self._log.touch()
        if self._user:
            for path in (self._data, self._log):
                shutil.chown(path, self._user)
        said = ("-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        self._call("initdb", "-D", self._data, *said, *initdb)
        for _ in range(3):  # somebody else may take the port between looking and listening
            port = free_port()
            options = {
                "port": str(port),
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": str(self._data) if len(str(self._data)) < 80 else "",
                "max_connections": "400",
                "shared_buffers": "64MB",
                "fsync": "on" if fsync else "off",
                "full_page_writes": "on" if fsync else "off",
                "max_wal_size": "512MB",
                "autovacuum_naptime": "600s",
                "log_min_messages": "warning",
                **(settings or {}),
            }
            with (self._data / "postgresql.auto.conf").open("w", encoding="utf-8") as conf:
                conf.writelines(f"{key} = '{value}'\n" for key, value in options.items())
            if self.start_again(check=False) == 0:
                return Postgres(f"postgresql://{OWNER}@127.0.0.1:{port}/postgres")
        raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()[-2000:]}")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; `immediate` is what a crash of it looks like."""
        self._call("pg_ctl", "stop", "-w", "-m", mode, "-D", self._data, check=False)

    def restart(self, mode: str = "immediate") -> None:
        """Stop the server and start it on the same port and data."""
        self.stop(mode)
        self.start_again()

    def start_again(self, *, check: bool = True) -> int:
        """Start a server that has stopped, on the same port and data; the exit code of `pg_ctl`."""
        return self._call("pg_ctl", "start", "-w", "-t", "60", "-D", self._data, "-l", self._log, check=check)

    def process(self) -> int | None:
        """The process that all others of the server are children of; None where it does not run."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if Path(f"/proc/{pid}").exists() else None

    def said(self) -> str:
        """What the server has written into its log."""
        return self._log.read_text(errors="replace")

    def _call(self, program: str, *arguments: str | Path, check: bool = True) -> int:
        account = pwd.getpwnam(self._user) if self._user else None
        said = self._folder / "programs.log"
        with said.open("ab") as out:
            done = subprocess.run(
                [self._bin / program, *arguments],
                check=False,
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed:\n{said.read_text()[-2000:]}")
        return done.returncode


@contextmanager
def cluster(folder: Path, *, fsync: bool = False) -> Iterator[tuple[Cluster, Postgres]]:
    """Run a cluster of one's own under `folder`, for tests that stop or fill it."""
    found = programs()
    if found is None:
        raise RuntimeError("no PostgreSQL programs here")
    folder.chmod(0o711)
    server = Cluster(folder, found)
    try:
        yield server, server.start(fsync=fsync)
    finally:
        server.stop()


def wait_until_up(url: str, seconds: float = 30) -> None:
    """Return once the database answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
