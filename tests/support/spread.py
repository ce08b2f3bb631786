"""Which tests go to one process together, and which come first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest

KINDS = ("sqlite", "postgresql")
WALK = "tests/retail/"
LONG = (WALK, "tests/replay/", "tests/browser/", "tests/http/test_message_storage.py", "tests/http/test_isolation.py")
"""What would keep one process busy after the others have ended, if it came last."""


class ByModuleAndDatabase(LoadScopeScheduling):
    """A module's tests on one database share an app, which is started once and not in every process."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(nodeid: str) -> str:
    """The name of the unit that goes to one process."""
    if nodeid.startswith(WALK):  # each of the two keeps a core busy: one after the other
        return WALK
    module, _, test = nodeid.partition("::")
    kind = next((kind for kind in KINDS if kind in test.partition("[")[2]), "")
    return f"{module} {kind}"


def sort(items: list[pytest.Item]) -> None:
    """The long ones first; otherwise as they were."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
