"""Write the table of settings in README.md from app/settings.py: `python -m tests.tools.settings_table`."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.settings import Settings

README = Path(__file__).resolve().parents[2] / "README.md"
PLACE = re.compile(r"(<!-- settings: .*? -->\n).*?(<!-- /settings -->)", re.DOTALL)


def table() -> str:
    """Every setting with its default and what it is."""
    rows = [
        f"| `AFTERSALE_{name.upper()}` | {_default(field)} | {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | what it is |", "| --- | --- | --- |", *rows]) + "\n"


def _default(field: FieldInfo) -> str:
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if isinstance(value, tuple):
        value = ",".join(f"{number:g}" if number < 1e6 else f"{number:.0f}" for number in value)
    return "" if value in (None, "") else f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def put_in(readme: str) -> str:
    """`readme` with the table as it is now."""
    return PLACE.sub(lambda found: found[1] + table() + found[2], readme)


if __name__ == "__main__":
    README.write_text(put_in(README.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{README.name}: {len(Settings.model_fields)} settings")
