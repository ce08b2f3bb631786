"""The app that the tests of several modules share: started once per process for those that want the same of it.

A new app compiles every statement anew and takes a second to end. The engine is one per process, so one app is kept
at a time; a test that asks for none ends it.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.app import App, running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.databases import Databases


class Kept:
    """One app with its database, and what it was started for."""

    def __init__(self) -> None:
        self._wants: tuple[Any, ...] = ()
        self._app: App | None = None
        self._means = ExitStack()

    def app(self, kind: str, databases: Databases, folder: Path, owner: str = "", **settings: Any) -> App:
        """The app on a database of this kind with these settings; with an `owner` it is nobody else's."""
        wants = (kind, owner, *sorted(settings.items()))
        if self._app is None or self._wants != wants:
            self.let_go()
            self._app, self._wants = self._start(kind, databases, folder, settings), wants
        return self._app

    def _start(self, kind: str, databases: Databases, folder: Path, settings: dict[str, Any]) -> App:
        if kind == "sqlite":
            url = databases.migrated_sqlite(folder / "aftersale.db")
        elif missing := databases.missing():
            pytest.skip(missing)
        else:
            url = databases.migrated_postgres()
            self._means.callback(databases.drop, url)
        return self._means.enter_context(running(url, data_dir=folder, **settings))

    def let_go(self) -> None:
        """End the app, if one runs."""
        self._app = None
        means, self._means = self._means, ExitStack()
        means.close()


KEPT = Kept()
