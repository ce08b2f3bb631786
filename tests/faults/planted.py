"""Stage `planted`: the tests are tested. Each patch plants a bug into a copy of the tree, and the run has to catch it.

A patch begins with what it needs: `stage:`, `database:`, `only:` (which cases) and `invariant:` (what must be told
as broken). One that no longer applies is a failure, as is one that is caught for another reason.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.history import Violation
from tests.faults.launcher import ROOT
from tests.faults.report import Result

PATCHES = Path(__file__).parent / "planted"
AT_ONCE = 2
COPIED = ("app", "tests", "migrations", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.db", "*.pyc")


@dataclass(frozen=True)
class Bug:
    """One patch and how it is to be caught."""

    name: str
    path: Path
    stage: str
    database: str
    only: tuple[str, ...]
    invariants: frozenset[str]


def bugs() -> list[Bug]:
    """Every patch in the folder."""
    return [_bug(path) for path in sorted(PATCHES.glob("*.patch"))]


def _bug(path: Path) -> Bug:
    head = dict(re.findall(r"^(stage|database|only|invariant): *(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
    return Bug(
        path.stem,
        path,
        head["stage"],
        head["database"],
        tuple(head.get("only", "").split()),
        frozenset(head["invariant"].split()),
    )


async def run(seed: int, where: Path, *, short: bool = False) -> Result:
    """Plant each bug into a copy of its own; a violation for each that was not caught. `short`: but those of kills."""
    began = time.monotonic()
    at_once = asyncio.Semaphore(AT_ONCE)
    result = Result("planted", "-")

    async def one(bug: Bug) -> None:
        async with at_once:
            problem = await _caught(bug, seed, where / bug.name)
        result.runs += 1
        by = ", ".join(sorted(bug.invariants))
        result.more.setdefault("planted", []).append({"name": bug.name, "caught": problem is None, "by": by})
        if problem is not None:
            result.violations.append(Violation("planted", bug.name, problem))

    chosen = [bug for bug in bugs() if not (short and bug.stage == "kills")]  # minutes each
    await asyncio.gather(*(one(bug) for bug in chosen))
    if not result.runs:
        result.violations.append(Violation("planted", PATCHES.name, "there is no patch"))
    result.seconds = time.monotonic() - began
    return result


async def _caught(bug: Bug, seed: int, copy: Path) -> str | None:
    """Why the bug counts as not caught; None where it was."""
    for name in COPIED:
        source = ROOT / name
        (shutil.copytree(source, copy / name, ignore=LEFT_OUT) if source.is_dir() else shutil.copy(source, copy / name))
    code, said = await _command("git", "apply", "--verbose", str(bug.path), cwd=copy)
    if code:
        return f"the patch no longer applies: {said[-600:]}"
    out = copy / "faults.json"
    wanted = [part for only in bug.only for part in ("--only", only)]
    arguments = ("-m", "tests.faults", "--short", "--stage", bug.stage, "--database", bug.database)
    code, said = await _command(sys.executable, *arguments, "--seed", str(seed), "--out", str(out), *wanted, cwd=copy)
    if code == 0:
        return "nothing was told as broken"
    if not out.exists():
        return f"the run broke off: {said[-1500:]}"
    stages = json.loads(out.read_text(encoding="utf-8"))["stages"]
    told = {violation["invariant"] for stage in stages for violation in stage["violations"]}
    shutil.rmtree(copy, ignore_errors=True)
    return None if told & bug.invariants else f"told as broken was {sorted(told)}, not {sorted(bug.invariants)}"


async def _command(*command: str, cwd: Path) -> tuple[int, str]:
    # Outside of every repository: a patch is applied to the folder, not to somebody's work tree.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "GIT_CEILING_DIRECTORIES": str(cwd.parent)}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode(errors="replace")
