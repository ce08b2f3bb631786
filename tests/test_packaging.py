"""What a stranger installs and deploys: locks, image, compose file. No container engine is needed to check them."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from app import cli
from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements.lock", "requirements-dev.lock"]
OURS = ["api-1", "api-2", "worker-1", "worker-2", "migrate", "sandbox"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def services() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(text("compose.yaml"))["services"]


def pins(lock: str) -> dict[str, str]:
    """Each requirement's whole paragraph by its name and version."""
    paragraphs = re.split(r"\n(?=[a-z0-9])", text(lock))
    return {part.split()[0]: part for part in paragraphs if not part.startswith("#")}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_by_hash(lock: str) -> None:
    assert len(pins(lock)) > 50
    assert [name for name, body in pins(lock).items() if "==" not in name or "--hash=sha256:" not in body] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry_and_no_place_on_a_disk(lock: str) -> None:
    assert re.findall(r"https?://\S+|file:\S+|--(?:extra-)?index-url.*|--find-links.*| @ .*", text(lock)) == []


def test_developers_run_what_users_run() -> None:
    assert pins("requirements.lock").keys() <= pins("requirements-dev.lock").keys()


def test_the_locks_hold_every_dependency_of_the_project() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    wanted = {name(requirement) for requirement in project["project"]["dependencies"]}
    assert wanted - {pin.split("==")[0].partition("[")[0] for pin in pins("requirements.lock")} == set()
    groups = [requirement for group in project["dependency-groups"].values() for requirement in group]
    assert {name(r) for r in groups} - {pin.split("==")[0] for pin in pins("requirements-dev.lock")} == set()


def name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_the_image_is_built_from_the_lock_in_stages_and_does_not_run_as_root() -> None:
    lines = [line for line in text("Dockerfile").splitlines() if line and not line.startswith("#")]
    stages = [index for index, line in enumerate(lines) if line.startswith("FROM ")]
    assert len(stages) >= 3
    assert lines[0].startswith("FROM python:3.13-slim")
    assert any(line.startswith("COPY requirements.lock") for line in lines)
    assert any("--require-hashes" in line for line in lines)
    last = lines[stages[-1] :]
    assert next(line for line in last if line.startswith("USER ")) not in ("USER root", "USER 0")
    assert any(line.startswith("HEALTHCHECK ") for line in last)
    assert any("/healthz" in line for line in last)
    assert not any(line.startswith("RUN pip") for line in last)


def test_the_image_installs_the_uv_that_made_the_locks() -> None:
    pinned = re.search(r"uv==(\S+)", text("Dockerfile"))
    assert pinned
    assert f"uv=={pinned[1]}" in pins("requirements-dev.lock")


def test_the_image_sees_only_what_it_needs() -> None:
    ignored = text(".dockerignore").split()
    assert ignored[0] == "*"
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        part
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text("Dockerfile"), re.MULTILINE)
        for part in line.split()
    }
    assert copied <= allowed
    assert [path for path in allowed if not (ROOT / path).exists()] == []


def test_compose_runs_two_replicas_two_workers_and_what_they_stand_on() -> None:
    assert {*OURS, "postgres", "valkey", "balancer"} == services().keys()
    commands = [services()[service].get("command") for service in OURS]
    assert commands.count(["serve"]) == 2
    assert commands.count(["worker"]) == 2


def test_every_setting_in_compose_and_image_is_a_setting() -> None:
    known = {f"AFTERSALE_{field.upper()}" for field in Settings.model_fields}
    used = set(re.findall(r"AFTERSALE_[A-Z_]+", text("compose.yaml") + text("Dockerfile")))
    assert used - known == set()
    assert "AFTERSALE_DATABASE_URL" in used


def test_compose_waits_for_health_and_for_the_migration() -> None:
    all_of_them = services()
    for name_of, service in all_of_them.items():
        for other, how in (service.get("depends_on") or {}).items():
            wanted = "service_completed_successfully" if other == "migrate" else "service_healthy"
            assert how == {"condition": wanted}, name_of
            if wanted == "service_healthy":
                assert all_of_them[other]["healthcheck"]["test"], other
    for service in ("api-1", "api-2", "worker-1", "worker-2"):
        assert "migrate" in all_of_them[service]["depends_on"]


def test_every_command_in_compose_and_image_is_a_command() -> None:
    given = [service["command"] for name_of, service in services().items() if name_of in OURS]
    given.append(json.loads(re.findall(r"^CMD (\[.*\])$", text("Dockerfile"), re.MULTILINE)[-1]))
    for words in given:
        found: click.Command = cli.main
        for word in words:
            assert isinstance(found, click.Group), words
            found = found.commands[word]
    assert ["migrate"] in given
    assert ["sandbox", "serve"] in given


def test_the_limits_of_two_replicas_are_counted_in_one_place() -> None:
    for service in ("api-1", "api-2"):
        assert services()[service]["environment"]["AFTERSALE_RATE_LIMIT_STORAGE"].startswith("redis://")


def test_the_sandbox_of_compose_listens_where_the_others_look_for_it() -> None:
    there = services()["sandbox"]["environment"]
    assert there["AFTERSALE_SANDBOX_HOST"] == "0.0.0.0"
    assert services()["api-1"]["environment"]["AFTERSALE_SANDBOX_URL"] == (
        f"http://sandbox:{there['AFTERSALE_SANDBOX_PORT']}"
    )


def test_what_the_app_reads_beside_its_code_is_packed_with_it() -> None:
    data = {path.relative_to(ROOT / "app").as_posix() for path in (ROOT / "app").rglob("*.*") if path.suffix != ".py"}
    data = {path for path in data if "__pycache__" not in path}
    packed = tomllib.loads(text("pyproject.toml"))["tool"]["setuptools"]["package-data"]["app"]
    assert {path for path in data if not any(fnmatch.fnmatch(path, pattern) for pattern in packed)} == set()
    assert "sandbox/demo.json" in data


def test_compose_holds_no_secret_and_starts_with_none_missing() -> None:
    assert set(re.findall(r"\$\{(\w*PASSWORD)(\S)", text("compose.yaml"))) == {
        ("POSTGRES_PASSWORD", ":"),
        ("VALKEY_PASSWORD", ":"),
    }
    assert "${METRICS_TOKEN:?" in text("compose.yaml")
    assert re.findall(r"(?i)password\w*:\s*['\"]?(?!\$\{)\w+", text("compose.yaml")) == []


def test_only_the_balancer_is_published_and_only_to_this_machine() -> None:
    published = {service: body["ports"] for service, body in services().items() if "ports" in body}
    assert published == {"balancer": ["${PUBLISH:-127.0.0.1:8000}:8000"]}


def test_the_lookout_of_ci_is_executable_and_calls_check_and_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert {"step make check", "step make test"} <= set(text(".ci/run").splitlines())
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_make_says_what_it_can_make() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for target in ("run", "test", "check", "lock", "faults", "coverage", "mutation"):
        assert f"make {target}\t" in said
