"""What every test may ask for. Databases, servers, the shared folder; and a loud word about what was skipped.

| fixture | gives |
| --- | --- |
| `database_url` | a migrated database of the test's own; the test runs twice, on SQLite and on PostgreSQL |
| `sqlite_url` | a migrated SQLite file |
| `app` | the running app on both databases, shared by the modules that want the same `SETTINGS` of it |
| `sandbox_url` | the process's sandbox server |
| `store`, `other` | two stores of that app, each on a demo shop of its own |
| `postgres_url` | a function: another migrated PostgreSQL database each time (`empty=True`: without tables) |
| `free_port` | a function: a port nobody listens on |
| `run_server` | a function: `run_server("serve", database_url=…)` starts it, waits, and ends it with the test |
| `specs` | the folder `shared`, beside the project or `AFTERSALE_SPECS` |
| `chromium` | the browser's program; mark the test `browser` |

Async tests need no mark (anyio). Under `CI=true` a skipped test has failed.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite("tests.support")

from tests.support import guards, servers, spread  # noqa: E402  the line above has to come first
from tests.support.databases import RUN, Databases  # noqa: E402
from tests.support.postgres import free_port as any_free_port  # noqa: E402

if TYPE_CHECKING:
    from tests.support.app import App, Tenant

KEPT = {"AFTERSALE_TEST_POSTGRES_URL", "AFTERSALE_SPECS", RUN}
STRICT = os.environ.get("CI", "").lower() in ("1", "true", "yes")
databases_of_run = pytest.StashKey[Databases]()
began_the_run = pytest.StashKey[bool]()


# ---- the run ----------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Shut the outside out; make the run's folder in the first process, find it in the others."""
    for name in [name for name in os.environ if name.startswith("AFTERSALE_") and name not in KEPT]:
        del os.environ[name]  # a developer's own settings change no test
    guards.forbid_the_outside()
    joined = Databases.joined()
    config.stash[databases_of_run] = joined or Databases.begin()
    config.stash[began_the_run] = joined is None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's folder and its PostgreSQL, where this process made them."""
    if config.stash.get(began_the_run, False):
        config.stash[databases_of_run].end()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Whoever asks for no app may start an engine of its own; the engine is one per process."""
    if "app" not in item.fixturenames:
        _let_go()


def _let_go() -> None:
    if kept := sys.modules.get("tests.support.kept"):
        kept.KEPT.let_go()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, after pytest's own order."""
    spread.sort(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> spread.ByModuleAndDatabase:
    """Tests that share an app stay together. (xdist 3.8 finds no groups by mark under pytest 9.2.)"""
    return spread.ByModuleAndDatabase(config, log)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Under `CI=true` make a failure of a skip."""
    del item, call
    outcome: Any = yield
    _refuse_skip(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Under `CI=true` make a failure of a skipped module."""
    del collector
    outcome: Any = yield
    _refuse_skip(outcome.get_result())


def _refuse_skip(report: Any) -> None:
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"CI=true: nothing may be skipped. {reason}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end, loudly, what did not run and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    reasons: dict[str, int] = {}
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] = reasons.get(reason.removeprefix("Skipped: "), 0) + 1
    terminalreporter.write_sep("!", "NOT EVERYTHING WAS TESTED", red=True, bold=True)
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {reason}", red=True)


# ---- databases --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Databases:
    """The run's databases."""
    return pytestconfig.stash[databases_of_run]


@pytest.fixture(params=spread.KINDS)
def database_url(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[str]:
    """A migrated database of the test's own, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield databases.migrated_sqlite(tmp_path / "aftersale.db")
        return
    _wants_postgres(databases)
    url = databases.migrated_postgres()
    yield url
    databases.drop(url)


@pytest.fixture
def sqlite_url(databases: Databases, tmp_path: Path) -> str:
    """A migrated SQLite file of the test's own."""
    return databases.migrated_sqlite(tmp_path / "aftersale.db")


@pytest.fixture
def postgres_url(databases: Databases) -> Iterator[Callable[..., str]]:
    """A function that makes a migrated PostgreSQL database; `empty=True` makes one without tables."""
    _wants_postgres(databases)
    made: list[str] = []

    def make(*, empty: bool = False) -> str:
        made.append(databases.empty_postgres() if empty else databases.migrated_postgres())
        return made[-1]

    yield make
    for url in made:
        databases.drop(url)


def _wants_postgres(databases: Databases) -> None:
    missing = databases.missing()
    if missing:
        pytest.skip(missing)


# ---- the app ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sandbox server of this process."""
    from tests.support.app import sandbox  # most processes of a mutation run need neither it nor the app

    with sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as url:
        yield url
        _let_go()


@pytest.fixture(scope="module", params=spread.KINDS)
def app(
    request: pytest.FixtureRequest, databases: Databases, sandbox_url: str, tmp_path_factory: pytest.TempPathFactory
) -> App:
    """The app, first on SQLite and then on PostgreSQL, with the module's `SETTINGS`; `ALONE`: shared with no other."""
    from tests.support.kept import KEPT

    settings = {"sandbox_url": sandbox_url, **getattr(request.module, "SETTINGS", {})}
    owner = request.module.__name__ if getattr(request.module, "ALONE", False) else ""
    return KEPT.app(request.param, databases, tmp_path_factory.mktemp("app"), owner, **settings)


@pytest.fixture
def store(app: App) -> Tenant:
    """A store on a demo shop of its own."""
    return app.store()


@pytest.fixture
def other(app: App) -> Tenant:
    """Another store on another shop with the same content."""
    return app.store()


# ---- processes --------------------------------------------------------------------------------------------------


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that gives a port nobody listens on."""
    return any_free_port


@pytest.fixture
def run_server(tmp_path: Path) -> Iterator[Callable[..., servers.Server]]:
    """A function that starts `aftersale …` and returns once it answers; all are ended with the test.

    `run_server("serve", database_url=url, environment={"AFTERSALE_SANDBOX_URL": …})`; `ready=None` does not wait.
    """
    running: list[servers.Server] = []

    def run(
        *arguments: str,
        database_url: str = "",
        environment: dict[str, str] | None = None,
        ready: str | None = "/readyz",
        port: int | None = None,
    ) -> servers.Server:
        port = port or any_free_port()
        prefix = "AFTERSALE_SANDBOX" if arguments[:1] == ("sandbox",) else "AFTERSALE"
        server = servers.start(
            *arguments,
            log=tmp_path / f"server-{len(running) + 1}.log",
            url=f"http://127.0.0.1:{port}" if ready else "",
            ready=ready or "",
            environment={
                f"{prefix}_HOST": "127.0.0.1",
                f"{prefix}_PORT": str(port),
                "AFTERSALE_DATA_DIR": str(tmp_path / "data"),
                "AFTERSALE_DATABASE_URL": database_url,
                **(environment or {}),
            },
        )
        server.url = f"http://127.0.0.1:{port}"
        running.append(server)
        return server

    yield run
    for server in reversed(running):
        server.stop()


# ---- what may be missing ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder `shared`: other systems' schemas, recorded traffic and data, for tests only."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("AFTERSALE_SPECS") or beside)
    if not (folder / "specs").is_dir():
        pytest.skip(f"no folder with schemas and data at {folder.name!r} beside the project, nor in AFTERSALE_SPECS")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium for browser tests")
    return found


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"
