"""Runs `file_press`: two at once, each in a process of its own that is ended when it takes too long."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from app import errors
from app.services.file_press import NOT_ALLOWED, SECONDS, TOO_LARGE, UNREADABLE, type_of

log = structlog.get_logger()
AT_ONCE = 2
COMMAND = (sys.executable, "-m", "app.services.file_press")
PATIENCE = 2.0 * SECONDS
REFUSALS: dict[str, type[errors.AppError]] = {
    NOT_ALLOWED: errors.FileTypeNotAllowed,
    UNREADABLE: errors.FileUnreadable,
    TOO_LARGE: errors.ImageTooLarge,
}
_bench = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="files")  # one that the engine's end does not take along


@dataclass(frozen=True, slots=True)
class Clean:
    """What is kept of a file: its type by content, its new bytes, and its size in pixels where it is a picture."""

    media_type: str
    content: bytes
    width: int | None
    height: int | None


async def cleaned(content: bytes) -> Clean:
    """The file written anew; raises `file_type_not_allowed`, `file_unreadable` or `image_too_large`."""
    if not content:
        raise errors.FileUnreadable("The file is empty.")
    if type_of(content) is None and content[4:8] != b"ftyp":  # no process for what is plainly something else
        raise errors.FileTypeNotAllowed
    return await asyncio.get_running_loop().run_in_executor(_bench, pressed, content)


def pressed(content: bytes, command: Sequence[str] = COMMAND, patience: float = PATIENCE) -> Clean:
    """The same, blocking: what `command` makes of it within `patience` seconds."""
    # What stands in our settings, passwords among them, is not for whatever may get hold of that process.
    around = {name: value for name, value in os.environ.items() if not name.startswith("AFTERSALE_")}
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=patience, check=False, env=around)
    except subprocess.TimeoutExpired as error:
        raise errors.FileUnreadable("It takes too long to read this file.") from error
    head, _, clean = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:  # out of memory or time, or its reader broke
        log.warning("file_press_ended", status=done.returncode, size=len(content))
        raise errors.FileUnreadable
    told = json.loads(head)
    if "refused" in told:
        raise REFUSALS[told["refused"]](told["detail"] or None)
    return Clean(told["type"], clean, told["width"], told["height"])
