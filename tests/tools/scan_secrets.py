"""`python -m tests.tools.scan_secrets`: no file of the project holds a credential, by detect-secrets.

What tests only make up is listed, hashed, in `.secrets.baseline`; after a look at it,
`python -m tests.tools.scan_secrets --accept` writes that list anew. Random-looking text alone is no finding: our tests
are full of it. Keys of known forms are, ours among them (`sk_live_…`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BASELINE = ROOT / ".secrets.baseline"
GUESSES = ("Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "IPPublicDetector")
"""Detectors that take every random-looking text for a secret, and one of addresses."""


def files() -> list[str]:
    """What is committed or would be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file() and name != BASELINE.name]


def scanned(names: Iterable[str], root: Path = ROOT) -> dict[str, Any]:
    """The report of detect-secrets on these files."""
    given = [word for guess in GUESSES for word in ("--disable-plugin", guess)]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "detect_secrets", "scan", "--all-files", *given, *names],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def findings(report: dict[str, Any]) -> dict[tuple[str, str, str], int]:
    """File, kind and hash of each secret, with its line."""
    return {
        (name, row["type"], row["hashed_secret"]): row["line_number"]
        for name, rows in report["results"].items()
        for row in rows
    }


def main(arguments: list[str]) -> int:
    """Tell what is new; `--accept`: take it as made up."""
    report = scanned(files())
    if "--accept" in arguments:
        report.pop("generated_at", None)
        BASELINE.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(f"{len(findings(report))} made-up secrets are known")
        return 0
    known = findings(json.loads(BASELINE.read_text(encoding="utf-8")))
    new = {found: line for found, line in findings(report).items() if found not in known}
    for (name, kind, _), line in sorted(new.items()):
        print(f"{name}:{line}: {kind}")
    print(f"{len(new)} secrets that are not known as made up")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
