"""Which tests go to one process together, and which come first."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

KINDS = ("sqlite", "postgresql")
WALK = "tests/retail/"
LONG = (WALK, "tests/replay/", "tests/browser/", "tests/clients/", "tests/http/test_message_storage.py",
        "tests/http/test_isolation.py")  # fmt: skip
"""What would keep one process busy after the others have ended, if it came last."""


class ByModuleAndDatabase(LoadScopeScheduling):
    """A module's tests on one database share an app, which is started once and not in every process."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(nodeid: str) -> str:
    """The name of the unit that goes to one process."""
    if nodeid.startswith(WALK):  # each of the two keeps a core busy: one after the other
        return WALK
    module = nodeid.partition("::")[0]
    return f"{module} {_kind(nodeid)}"


def _kind(nodeid: str) -> str:
    """The database of a test, or nothing."""
    return next((kind for kind in KINDS if kind in nodeid.partition("[")[2]), "")


def sort(items: list[pytest.Item]) -> None:
    """The long ones first; then those that share an app, kind by kind, so that a process seldom starts another."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[Any, ...]:
    if item.nodeid.startswith(LONG):
        return (0,)
    if "app" not in item.fixturenames:
        return (2,)
    module: Any = item.getparent(pytest.Module)
    settings = getattr(module.obj, "SETTINGS", {})
    return 1, _kind(item.nodeid), getattr(module.obj, "ALONE", False), str(settings)
