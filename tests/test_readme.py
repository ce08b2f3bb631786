"""What the README promises: its requests give its answers; its settings, commands and pages are all there."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from app import cli
from app.commands import demo
from app.services.policy.plain import Policy
from tests.support.servers import Server
from tests.tools import settings_table

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGES = (
    (r"\b([a-z]{3})_[0-9a-z]{26}\b", r"\1_…"),
    (r"RMA-[0-9A-Z]{8}", "RMA-…"),
    (r"SBX\d{12}", "SBX…"),
    (r"[A-Z][a-z]+ \d{1,2}, \d{4}", "a day"),
)
"""What differs from one demo to the next."""


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def requests_and_answers() -> list[tuple[str, Any]]:
    requests = blocks("sh")
    return [(request, json.loads(answer)) for request, answer in zip(requests, blocks("json"), strict=False)]


@pytest.fixture
def demo_server(
    run_server: Callable[..., Server], free_port: Callable[[], int], tmp_path: Path
) -> tuple[Server, Path, list[str]]:
    """A running demo with its key's file and the requests that it printed."""
    server = run_server("serve", "--demo", environment={"AFTERSALE_SANDBOX_PORT": str(free_port())})
    for _ in range(200):
        if "/v1/refunds" in server.said():
            break
        time.sleep(0.05)
    return server, tmp_path / "data" / "demo.key", re.findall(r"^curl .*$", server.said(), re.MULTILINE)


def sent(request: str) -> tuple[int, Any, str]:
    """Paste a request into a shell: status, answer, head."""
    pasted = request.strip() + " -D /dev/stderr"
    done = subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, check=True, timeout=60)
    return int(done.stderr.split()[1]), json.loads(done.stdout), done.stderr.lower()


def alike(value: Any) -> Any:
    """The value without what differs from one demo to the next."""
    text = json.dumps(value, ensure_ascii=False)
    for pattern, instead in CHANGES:
        text = re.sub(pattern, instead, text)
    return json.loads(text)


def within(part: Any, whole: Any) -> Any:
    """What stands in `whole` where `part` has something."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return {name: within(value, whole.get(name)) for name, value in part.items()}
    if isinstance(part, list) and isinstance(whole, list) and len(part) == len(whole):
        return [within(*pair) for pair in zip(part, whole, strict=True)]
    return whole


def test_the_requests_of_the_readme_are_answered_as_it_says(
    demo_server: tuple[Server, Path, list[str]], requests_and_answers: list[tuple[str, Any]]
) -> None:
    server, key, _ = demo_server
    assert len(requests_and_answers) == 3
    for request, answer in requests_and_answers:
        here = request.replace("http://127.0.0.1:8000", server.url).replace(".aftersale/demo.key", str(key))
        status, said, _ = sent(here)
        assert status == 201, said
        assert alike(within(answer, said)) == alike(answer)


def test_what_the_demo_prints_works_when_pasted_and_when_pasted_again(
    demo_server: tuple[Server, Path, list[str]],
) -> None:
    server, key, printed = demo_server
    assert server.url in server.said()
    assert key.read_text().strip() in server.said()
    assert len(printed) == 3
    first = [sent(request) for request in printed]
    assert [status for status, _, _ in first] == [201, 201, 201]
    outcomes = (first[0][1]["outcome"], first[1][1]["status"], first[2][1]["status"])
    assert outcomes == ("answered", "active", "succeeded")
    for request, before in zip(printed[1:], first[1:], strict=True):
        status, said, head = sent(request)
        assert (status, said["id"]) == (201, before[1]["id"])
        assert "idempotent-replayed: true" in head


def test_the_label_of_the_readme_is_a_pdf(demo_server: tuple[Server, Path, list[str]]) -> None:
    server, key, printed = demo_server
    label = sent(printed[1])[1]
    command = ["curl", "-s", server.url + label["file"], "-H", f"Authorization: Bearer {key.read_text().strip()}"]
    assert subprocess.run(command, capture_output=True, check=True).stdout.startswith(b"%PDF-")


def test_the_readme_has_the_requests_that_the_demo_prints() -> None:
    requests = blocks("sh")
    assert len(requests) == len(demo.REQUESTS)
    for request, (_, resource, key, body) in zip(requests, demo.REQUESTS, strict=True):
        assert f"/v1/{resource} " in request
        assert f"-d '{body}'" in request
        assert (f"Idempotency-Key: {key}" in request) == bool(key)


def test_the_policy_of_the_readme_is_one() -> None:
    policy = next(block for block in blocks("json") if "return_window_days" in block)
    assert Policy.model_validate_json(policy).caps["EUR"].day == 200_000
    assert json.loads(policy).keys() <= Policy.model_fields.keys()


def test_every_setting_stands_in_the_readme_as_it_is() -> None:
    hint = "python -m tests.tools.settings_table writes the table"
    assert settings_table.put_in(README) == README, hint
    assert settings_table.table() in README, hint


def commands(group: click.Group, words: str = "aftersale") -> list[str]:
    found: list[str] = []
    for name, command in group.commands.items():
        found += commands(command, f"{words} {name}") if isinstance(command, click.Group) else [f"{words} {name}"]
    return found


def test_every_command_stands_in_the_readme_and_no_other() -> None:
    rows = re.findall(r"^\| `(aftersale [^`]*)` \|", README, re.MULTILINE)
    named: list[str] = []
    for row in rows:
        words = re.sub(r"\[.*?\]|\b[A-Z]+\b", "", row).replace("\\|", "|").split()
        group = [word for word in words[1:] if word != "|"]
        named += (
            [f"aftersale {group[0]}"] if len(group) == 1 else [f"aftersale {group[0]} {name}" for name in group[1:]]
        )
    assert sorted(named) == sorted(commands(cli.main))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_between_our_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert not target or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_make_target_and_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"[`\n]make ([a-z]+)", text)) - targets == set()
    files = re.findall(r"`((?:app|tests|migrations|docs)/[\w./-]+\.(?:py|json|md))`", text)
    made = re.findall(
        r"^`((?:app|tests)/[\w./-]+\.py)`:$", text, re.MULTILINE
    )  # a page shows what the reader will write
    assert [name for name in files if not (ROOT / name).exists() and name not in made] == []


PERMISSIVE = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software Foundation|ISC|OFL-1.1|0BSD|Zlib|Copyright © 2025, Karen Petrosyan"
)
STRICTER = re.compile(r"GPL|MPL|OFL|CC BY|EPL|EUPL|Mozilla")


def test_every_package_that_ships_is_permissive_or_stands_in_the_notice() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", lock, re.MULTILINE))
    installed = {distribution.name.lower().replace("_", "-"): distribution for distribution in _installed()}
    seen = names & installed.keys()
    assert len(seen) > 60
    for name in sorted(seen):
        stated = licence(installed[name])
        assert PERMISSIVE.search(stated) or STRICTER.search(stated), f"{name} states {stated!r}"
        if STRICTER.search(stated):
            assert name in notice, f"{name} states {stated!r}"
    assert "lid.176.ftz" in notice
    assert "CC BY-SA 3.0" in notice


def _installed() -> list[importlib.metadata.Distribution]:
    return list(importlib.metadata.distributions())


def licence(distribution: importlib.metadata.Distribution) -> str:
    """What a package states of its licence."""
    told = distribution.metadata
    classes = [line for line in told.get_all("Classifier") or [] if line.startswith("License ::")]
    return " ".join([told.get("License-Expression") or "", (told.get("License") or "")[:80], *classes]).strip()
