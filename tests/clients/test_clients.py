"""The generated clients: made anew from the document, compiled, and used against the running server."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.app import App, Tenant
from tests.support.files import photo

ALONE = True
pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # a client knows no database
ROOT = Path(__file__).resolve().parents[2]


def _generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate_clients", ROOT / "clients" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


generate = _generator()


@pytest.fixture(scope="module")
def python(app: App, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate.python(app.edge.openapi(), tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="module")
def typescript(app: App, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not generate.installed():
        pytest.skip("no node_modules for the TypeScript client: `make clients` installs them")
    return generate.typescript(app.edge.openapi(), tmp_path_factory.mktemp("clients"))


def used(store: Tenant, folder: Path, *command: str | Path, **more: str) -> None:
    """Run the example in the client's folder, and look at what it did."""
    picture = folder / "torn.jpg"
    picture.write_bytes(photo())
    around = {**os.environ, "AFTERSALE_URL": store.app.url, "AFTERSALE_KEY": store.key, **more}
    done = subprocess.run(
        [*map(str, command), str(picture)], cwd=folder, env=around, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    [made] = store.get("/v1/returns").json()["data"]
    assert (said["order"], said["orders"]) == ("#1001", 1)
    assert said["returns"] == [made["id"]] * 2, "the same key: the same return"
    assert said["files"] == [made["lines"][0]["files"]]
    assert store.get(f"/v1/files/{said['files'][0][0]}/content").status_code == 200
    assert said["refused"] == {"status": 409, "code": "already_returned"}


def test_the_python_client_is_whole_and_its_types_hold(python: Path) -> None:
    (python / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "standard", "strict": ["example.py"]}))
    command = [Path(sys.executable).with_name("pyright"), "--pythonpath", sys.executable, "."]
    done = subprocess.run(command, cwd=python, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_python_client_has_every_operation(app: App, python: Path) -> None:
    there = {path.stem for path in (python / "aftersale_client" / "api").glob("*/*.py")} - {"__init__"}
    assert there == {operation["operationId"] for _, _, operation in app.promised.operations()}


def test_the_python_client_works(store: Tenant, python: Path) -> None:
    used(store, python, sys.executable, "example.py")


def test_the_typescript_client_compiles_and_works(store: Tenant, typescript: Path) -> None:
    assert (typescript / "dist" / "index.d.ts").exists()
    used(store, typescript, generate.NODE, "dist/example.js")


def test_a_wrong_call_does_not_compile(typescript: Path) -> None:
    wrong = typescript / "src" / "wrong.ts"
    wrong.write_text(
        'import { aftersale } from "./index.js";\n'
        'const params = { header: { "idempotency-key": "k" } };\n'
        'void aftersale("", "").POST("/v1/returns", { params, body: { order: "#1001", lines: [] } });\n'
        'void aftersale("", "").POST("/v1/returns", { params, body: { order: 1001, lines: [] } });\n'
        'void aftersale("", "").POST("/v1/returns", { body: { order: "#1001", lines: [] } });\n'
        'void aftersale("", "").POST("/v1/return", {});\n'
    )
    compiler = generate.MODULES / "typescript" / "bin" / "tsc"
    command = [generate.NODE, compiler, "--noEmit"]
    done = subprocess.run(command, cwd=typescript, capture_output=True, text=True, check=False)
    wrong.unlink()
    told = {line.partition(",")[0] for line in done.stdout.splitlines() if line.startswith("src/")}
    assert told == {"src/wrong.ts(4", "src/wrong.ts(5", "src/wrong.ts(6"}, done.stdout


def test_a_document_that_cannot_be_told_whole_makes_no_client(app: App, tmp_path: Path) -> None:
    broken = json.loads(json.dumps(app.edge.openapi()))
    broken["paths"] = {"/v1/orders": broken["paths"]["/v1/orders"]}
    broken["paths"]["/v1/orders"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = {
        "$ref": "#/components/schemas/Nowhere"
    }
    with pytest.raises(SystemExit):
        generate.python(broken, tmp_path)


def test_the_lock_of_the_typescript_client_names_no_registry(app: App) -> None:
    folder = ROOT / "clients" / "typescript"
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert len(packages) > 10
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")] == []
    named = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    wanted = {**named["dependencies"], **named["devDependencies"]}
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert not re.search(r"https?://", (folder / ".npmrc").read_text(encoding="utf-8"))
