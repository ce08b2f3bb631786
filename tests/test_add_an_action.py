"""The page on adding an action: its two files, put where it says, are an action that is listed, guarded and runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.databases import RUN

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "add-an-action.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`((?:app|tests)/\S+\.py)`:\n\n```python\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE))
COPIED = ("app", "tests", "migrations")


def test_the_page_s_two_files_are_all_that_a_new_action_takes(tmp_path: Path) -> None:
    assert list(FILES) == ["app/services/actions/call_back.py", "tests/http/test_call_back.py"]
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, text in FILES.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    tests = [
        "tests/http/test_call_back.py",
        "tests/http/test_actions.py",
        "-k",
        "(call_back or list) and not postgresql",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", *tests],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != RUN} | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout, "three tests of the page, five of the contract, the list among them"
