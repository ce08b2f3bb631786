"""A small disk that is really full once it is filled, for a database alone.

It is a tmpfs of its own. Where none may be mounted, the processes that write to it may write no file any longer than
a limit (`RLIMIT_FSIZE`): what a database is told then is another error than a full disk's, which the run says aloud.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

BEGINS = "aftersale-faults-"
PIECE = 1 << 16
LIMIT = 1 << 16
"""Bytes that a file may have where processes are limited: less than what any database has written by then."""


class Disk:
    """So many bytes at `where`: `fill` it, `relieve` it, `close` it."""

    def __init__(self, where: Path, size: int, *, mount: bool = True) -> None:
        self.where = where
        where.mkdir(parents=True)
        _sweep()
        self.mounted = mount and _mount(where, size)
        if not self.mounted:
            print(f"NO DISK OF ITS OWN MAY BE MOUNTED at {where}: files are kept short instead", file=sys.stderr)
        where.chmod(0o755)
        self._ballast = where / "ballast"
        self._before: dict[int, tuple[int, int]] = {}

    def fill(self, processes: Iterable[int]) -> None:
        """From now on there is no room: a file takes what is free, or these processes are limited. May be repeated."""
        if self.mounted:
            _fill(self._ballast)
            return
        for process in processes:
            with suppress(ProcessLookupError):
                before = resource.prlimit(process, resource.RLIMIT_FSIZE, (LIMIT, resource.RLIM_INFINITY))
                self._before.setdefault(process, before)

    def relieve(self) -> None:
        """There is room again."""
        self._ballast.unlink(missing_ok=True)
        for process, before in self._before.items():
            with suppress(ProcessLookupError):
                resource.prlimit(process, resource.RLIMIT_FSIZE, before)
        self._before.clear()

    def close(self) -> None:
        """Take it away, with whatever is still open on it."""
        self.relieve()
        if self.mounted:
            _unmount(self.where)
            self.mounted = False


def family(process: int) -> list[int]:
    """A process and its children."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return [process]
    return [process, *map(int, children.split())]


def _mount(where: Path, size: int) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "aftersale-faults", str(where)]
    try:
        return subprocess.run(command, check=False, capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _unmount(where: Path | str) -> None:
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(["umount", "-l", str(where)], check=False, capture_output=True, timeout=20)


def _fill(ballast: Path) -> None:
    """Write until the disk takes no byte more: first in pieces, then what is left."""
    file = os.open(ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        for size in (PIECE, 1):
            with suppress(OSError):
                while os.write(file, b"\0" * size) == size:
                    pass
    finally:
        os.close(file)


def _sweep() -> None:
    """Take away the disks of runs that were killed."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        where = line.split(" ")[1]
        owner = where.partition(BEGINS)[2].partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            _unmount(where)
