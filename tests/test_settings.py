"""Settings come from the environment, and a wrong one is told in a sentence before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> type[Settings]:
    """Settings that see this test's environment alone."""
    monkeypatch.chdir("/")
    return Settings


def refusal(**given: object) -> str:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(given)
    return " ".join(f"{error['loc'][0]}: {error['msg']}" for error in refused.value.errors())


def test_with_nothing_set_it_is_one_process_on_sqlite_on_this_machine_alone(told: type[Settings]) -> None:
    found = told()
    assert found.embedded
    assert found.database == "sqlite:////.aftersale/aftersale.db"
    assert (found.host, found.sandbox_host) == ("127.0.0.1", "127.0.0.1")
    assert found.sandbox_url == "http://127.0.0.1:8001"
    assert found.pool_size >= 2


def test_every_setting_is_an_environment_variable(told: type[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "HOST": "0.0.0.0",
        "PORT": "9000",
        "DATA_DIR": "/srv/data",
        "DATABASE_URL": "postgres://me:word-9f2@db/aftersale",
        "DATABASE_POOL": "7",
        "LOG_LEVEL": "WARNING",
        "RETRY_SECONDS": "1, 2.5,60",
        "RATE_LIMIT_STORAGE": "redis://:word-9f2@valkey:6379/0",
        "METRICS_TOKEN": "word-9f2",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"AFTERSALE_{name}", value)
    found = told()
    assert (found.host, found.port, found.data_dir) == ("0.0.0.0", 9000, Path("/srv/data"))
    assert found.database == "postgresql://me:word-9f2@db/aftersale"
    assert not found.embedded
    assert found.pool_size == 7
    assert found.log_level == "warning"
    assert found.retry_seconds == (1, 2.5, 60)


def test_the_engine_looks_often_enough_for_enough_work_at_once(told: type[Settings]) -> None:
    """It starts at most so many jobs a look: fewer, or rarer looks, and work waits while the machine idles."""
    found = told()
    assert found.worker_concurrency >= 20
    assert found.workers_poll_seconds <= 0.2


def test_the_sandbox_is_looked_for_where_it_listens_unless_it_is_told() -> None:
    assert Settings(sandbox_port=9001).sandbox_url == "http://127.0.0.1:9001"
    assert Settings(sandbox_host="0.0.0.0", sandbox_port=9001).sandbox_url == "http://127.0.0.1:9001"
    assert Settings(sandbox_url="http://sandbox:8001/").sandbox_url == "http://sandbox:8001"


def test_secrets_are_not_shown() -> None:
    found = Settings.model_validate({"metrics_token": "word-9f2", "rate_limit_storage": "redis://:word-9f2@valkey/0"})
    assert "word-9f2" not in repr(found) + str(found) + found.model_dump_json()


@pytest.mark.parametrize("word", ["changeme", "CHANGEME", "<secret>", "password", "xxx"])
def test_a_placeholder_where_a_secret_belongs_is_refused(word: str) -> None:
    assert "metrics_token: Value error, a placeholder" in refusal(metrics_token=word)


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("database_url", "postgresql://aftersale:changeme@db/aftersale", "placeholder"),
        ("database_url", "postgresql://aftersale:<password>@db/aftersale", "placeholder"),
        ("database_url", "mysql://db/aftersale", "sqlite:///path or postgresql://"),
        ("rate_limit_storage", "redis://:changeme@valkey:6379", "placeholder"),
        ("rate_limit_storage", "memcached://valkey", "memory:// or redis://"),
        ("rate_limit", "many/minute", "12000/minute"),
        ("rate_limit", "0/minute", "12000/minute"),
        ("log_level", "loud", "debug, info, warning or error"),
        ("sandbox_url", "127.0.0.1:8001", "http://host:port"),
        ("port", "70000", "less than or equal to 65535"),
        ("port", "eight", "integer"),
        ("max_body_bytes", "10", "greater than or equal to 1024"),
        ("retry_seconds", "1,soon", "could not convert"),
        ("call_seconds", "0", "greater than 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(name: str, value: str, word: str) -> None:
    said = refusal(**{name: value})
    assert said.startswith(f"{name}: ")
    assert word in said


@pytest.mark.parametrize("rate", ["", "100/second", "12000 / minute", "5/10 minutes", "1000/day"])
def test_rates_are_written_as_people_write_them(rate: str) -> None:
    assert Settings(rate_limit=rate).rate_limit == rate
