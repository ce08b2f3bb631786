"""`python -m tests.tools.audit_dependencies`: what is locked is held against the published advisories, by pip-audit.

Exit code 1: one of our releases has a known vulnerability. Where no advisories can be read (a registry's mirror often
has none, a machine may be offline) nothing is proved; that is said loudly and is no failure of the project.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
SECONDS = 300


def asked(lock: str) -> list[dict[str, Any]] | str:
    """What pip-audit tells of each release of a lock; a text where it could not ask at all."""
    command = [sys.executable, "-m", "pip_audit", "-r", lock, "--require-hashes", "--disable-pip", "--format", "json"]
    try:
        done = subprocess.run(
            [*command, "--progress-spinner", "off"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} s"
    try:
        return json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit code {done.returncode}"


def told(lock: str, found: list[dict[str, Any]] | str) -> tuple[int, list[str]]:
    """How many advisories concern the lock, and the lines to print."""
    if isinstance(found, str):
        return 0, [f"{lock}: NOT AUDITED: {found}"]
    known = [one for one in found if "vulns" in one]
    unknown = [one["name"] for one in found if "vulns" not in one]
    struck = [
        f"{lock}: {one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none'}"
        for one in known
        for flaw in one["vulns"]
    ]
    lines = [f"{lock}: {len(known)} releases audited, {len(struck)} advisories", *struck]
    if unknown:
        lines.append(f"{lock}: NOT AUDITED: {len(unknown)} releases, of which no advisories can be read here")
    return len(struck), lines


def main() -> int:
    """Audit every lock and say what was found."""
    struck = 0
    for lock in LOCKS:
        count, lines = told(lock, asked(lock))
        struck += count
        print("\n".join(lines))
    return 1 if struck else 0


if __name__ == "__main__":
    sys.exit(main())
