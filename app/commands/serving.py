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
from app.commands.doorman import Doorman
from app.commands.means import settings
from app.settings import Settings

BACKLOG = 2048


def serve(*, demo: bool, workers: int) -> None:
    """Serve the API until a signal; with `demo` the sandbox runs as a child and goes with us."""
    found = settings()
    if workers > 1 and found.embedded:
        raise click.ClickException("one process per SQLite file: use PostgreSQL for --workers above 1")
    if workers > 1 and demo:
        raise click.ClickException("the demo runs in one process")
    with _port(found) as listener:
        if workers > 1:
            listener.close()  # each of them opens its own
            _processes(found, workers)
            return
        doorman = Doorman(listener)
        doorman.start()
        gc.disable()  # until the server is up: looking at what imports make takes a third of their time
        _take_engine(found)
        if not demo:
            _process(found, listener, doorman.leave)
            return
        with demonstration.sandbox(found) as up:
            greeting = demonstration.prepare(found)

            def tell() -> None:
                click.echo(greeting if up() else demonstration.NO_SANDBOX)

            _process(found, listener, doorman.leave, tell)


def _port(found: Settings) -> socket.socket:
    """Listen, or say now that the port is not to be had, before anything is started or made."""
    listener = socket.socket(socket.AF_INET6 if ":" in found.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((found.host, found.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        where = f"{found.host}, port {found.port}"
        raise click.ClickException(f"{where}: {error.strerror}; AFTERSALE_PORT=… takes another port") from error
    return listener


def _take_engine(found: Settings) -> None:
    """The same where another process works on the SQLite file."""
    from app.services.durable import EngineBusyError, check_free

    try:
        check_free(found)
    except EngineBusyError as error:
        raise click.ClickException(str(error)) from error


def _options(found: Settings) -> dict[str, Any]:
    return {
        "host": found.host,
        "port": found.port,
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "ws": "none",
        "timeout_graceful_shutdown": int(found.shutdown_seconds),
        "h11_max_incomplete_event_size": 65536,
    }


def _processes(found: Settings, workers: int) -> None:
    """So many processes on one port."""
    import uvicorn

    from app import logs

    logs.configure(found.log_level)
    uvicorn.run("app.asgi:app", workers=workers, **_options(found))


def _process(
    found: Settings, listener: socket.socket, taken_over: Callable[[], None], when_up: Callable[[], None] | None = None
) -> None:
    """One process on the open port; `taken_over` once it answers there itself, `when_up` on a thread behind that."""
    import uvicorn

    from app import logs
    from app.main import create_app

    logs.configure(found.log_level)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            taken_over()
            if self.started and when_up is not None:
                threading.Thread(target=when_up, daemon=True).start()

    server = Server(uvicorn.Config(create_app(found), **_options(found)))

    def stop(number: int, frame: object) -> None:
        del number, frame
        server.should_exit = True

    # uvicorn stops at a signal and raises it again when it is done: to be asked to stop is no failure.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.run([listener])
    if not server.started:
        sys.exit(1)


def worker() -> None:
    """Run the engine until a signal, then let running operations end."""
    gc.disable()  # until it is up, as the server does
    from app import logs
    from app.main import keep_what_is, running

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
            keep_what_is()
            click.echo(f"worker {runtime.executor} is up", err=True)
            await stop.wait()

    with asyncio.Runner(loop_factory=_loop()) as runner:
        runner.run(work())


def _loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """The loop that the server runs on as well: uvloop's where there is one."""
    from uvicorn.loops.auto import auto_loop_factory

    return auto_loop_factory()


def migrate() -> None:
    """Bring the database to the newest schema."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.migrate import upgrade

    try:
        upgrade(settings().database)
    except SQLAlchemyError as error:
        raise click.ClickException(f"the database does not serve: {error}".partition("\n")[0]) from error
