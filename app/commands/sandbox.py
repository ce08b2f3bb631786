"""`aftersale sandbox …`: the only door to the sandbox's own code."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from app.commands.means import make_data_dir, settings


def serve_sandbox(*, until_eof: bool) -> None:
    """Serve the sandbox on its own database in the data directory."""
    from app.sandbox.commands import serve as run

    found = settings()
    make_data_dir(found)
    if until_eof:
        threading.Thread(target=_end_with_input, daemon=True).start()
    run(found.sandbox_host, found.sandbox_port, found.data_dir / "sandbox.db")


def _end_with_input() -> None:
    import signal

    while sys.stdin.buffer.read(4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def import_shop(shop: str, path: Path) -> dict[str, Any]:
    """Replace a shop with a file's content."""
    from app.sandbox import commands

    return _sandbox(lambda url: commands.import_file(url, shop, path))


def export_shop(shop: str) -> dict[str, Any]:
    """A shop in the import format."""
    from app.sandbox import commands

    return _sandbox(lambda url: commands.export(url, shop))


def reset_shop(shop: str) -> dict[str, Any]:
    """A shop as it was imported last."""
    from app.sandbox import commands

    return _sandbox(lambda url: commands.reset(url, shop))


def _sandbox(call: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    from app.sandbox.commands import SandboxError

    try:
        return call(settings().sandbox_url)
    except SandboxError as error:
        raise click.ClickException(str(error)) from error
