"""`aftersale serve | worker | migrate`."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import click

from app.commands import demo as demonstration
from app.commands.means import settings
from app.settings import Settings


def serve(*, demo: bool, workers: int) -> None:
    """Serve the API until a signal; with `demo` the sandbox runs as a child and goes with us."""
    found = settings()
    if workers > 1 and found.embedded:
        raise click.ClickException("one process per SQLite file: use PostgreSQL for --workers above 1")
    if workers > 1 and demo:
        raise click.ClickException("the demo runs in one process")
    _take_port(found)
    gc.disable()  # until the server is up: looking at what imports make takes a third of their time
    _take_engine(found)
    if not demo:
        _uvicorn(found, workers, None)
        return
    with demonstration.sandbox(found) as up:
        greeting = demonstration.prepare(found)
        _uvicorn(found, 1, lambda: click.echo(greeting if up() else demonstration.NO_SANDBOX))


def _take_port(found: Settings) -> None:
    """Say it now where the port is not to be had, before anything is started or made."""
    family = socket.AF_INET6 if ":" in found.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((found.host, found.port))
        except OSError as error:
            where = f"{found.host}, port {found.port}"
            raise click.ClickException(f"{where}: {error.strerror}; AFTERSALE_PORT=… takes another port") from error


def _take_engine(found: Settings) -> None:
    """The same where another process works on the SQLite file."""
    from app.services.durable import EngineBusyError, check_free

    try:
        check_free(found)
    except EngineBusyError as error:
        raise click.ClickException(str(error)) from error


def _uvicorn(found: Settings, workers: int, when_up: Callable[[], None] | None) -> None:
    import uvicorn

    from app import logs

    logs.configure(found.log_level)
    options: dict[str, Any] = {
        "host": found.host,
        "port": found.port,
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "ws": "none",
        "timeout_graceful_shutdown": int(found.shutdown_seconds),
        "h11_max_incomplete_event_size": 65536,
    }
    if workers > 1:
        uvicorn.run("app.asgi:app", workers=workers, **options)
        return
    from app.main import create_app

    server = uvicorn.Server(uvicorn.Config(create_app(found), **options))

    def stop(number: int, frame: object) -> None:
        del number, frame
        server.should_exit = True

    # uvicorn stops at a signal and raises it again when it is done: to be asked to stop is no failure.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if when_up is not None:
        threading.Thread(target=_tell, args=(server, when_up), daemon=True).start()
    server.run()
    if not server.started:
        sys.exit(1)


def _tell(server: Any, when_up: Callable[[], None]) -> None:
    tick = threading.Event()
    while not server.started:
        tick.wait(0.02)
    when_up()


def worker() -> None:
    """Run the engine until a signal, then let running operations end."""
    from app import logs
    from app.main import running

    found = settings()
    if found.embedded:
        raise click.ClickException(
            "on SQLite the server itself works: a worker needs AFTERSALE_DATABASE_URL=postgresql://…"
        )
    logs.configure(found.log_level)

    async def work() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        async with running(found, None, work=True) as runtime:
            click.echo(f"worker {runtime.executor} is up", err=True)
            await stop.wait()

    asyncio.run(work())


def migrate() -> None:
    """Bring the database to the newest schema."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.migrate import upgrade

    try:
        upgrade(settings().database)
    except SQLAlchemyError as error:
        raise click.ClickException(f"the database does not serve: {error}".partition("\n")[0]) from error
