"""Write the OpenAPI document that the tests hold the app against: `python -m tests.tools.renew_openapi`."""

import json
from pathlib import Path
from typing import Any

from app.main import create_app
from app.settings import Settings

SNAPSHOT = Path(__file__).resolve().parents[1] / "http" / "openapi.json"


def main() -> None:
    """Renew the snapshot; `git diff` shows what callers will see."""
    document = create_app(Settings()).openapi()  # type: ignore[attr-defined]
    SNAPSHOT.write_text(written(document) + "\n", encoding="utf-8")
    print(f"{SNAPSHOT.name}: {len(document['paths'])} paths")


def written(value: Any, depth: int = 0) -> str:
    """JSON with what fits on a line on one line, so that a difference can be read."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + depth <= 118 or not isinstance(value, dict | list):
        return flat
    if isinstance(value, dict):
        parts = [f"{json.dumps(name)}: {written(part, depth + 1)}" for name, part in value.items()]
    else:
        parts = [written(part, depth + 1) for part in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    inner = ",\n".join(" " * (depth + 1) + part for part in parts)
    return f"{start}\n{inner}\n{' ' * depth}{end}"


if __name__ == "__main__":
    main()
