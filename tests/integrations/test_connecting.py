"""What all adapters share: the circuit breaker, tokens fetched once, kinds found by folder."""

from __future__ import annotations

import asyncio

import pytest

from app.integrations import connecting
from app.integrations.breaker import FAILURES, LONGEST, Breaker
from app.integrations.connecting import Account, Given, Kind
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.http import Http
from app.integrations.tokens import EARLY, Token, TokenCache
from tests.integrations.test_http import answer, problem, raw_server


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time

    def shift(self, seconds: float) -> None:
        self.time += seconds


def fail(breaker: Breaker, error: Exception) -> None:
    with pytest.raises(type(error)), breaker.watched():
        raise error


def test_who_does_not_answer_is_left_alone_and_asked_again_by_one():
    clock = Clock()
    breaker = Breaker(now=clock)
    for _ in range(FAILURES - 1):
        fail(breaker, OutcomeUnknown("reset"))
    fail(breaker, Refused("no", "A no is an answer."))
    for _ in range(FAILURES):
        assert not breaker.is_open
        fail(breaker, OutcomeUnknown("reset"))
    assert breaker.is_open
    with pytest.raises(NotExecuted) as left, breaker.watched():
        raise AssertionError("nothing is sent")
    assert left.value.retry_after is not None
    assert 0 < left.value.retry_after <= 15
    clock.shift(16)
    with breaker.watched():
        assert breaker.is_open, "one asks, nobody else meanwhile"
        with pytest.raises(NotExecuted), breaker.watched():
            pass
    assert not breaker.is_open


def test_each_failed_look_doubles_the_rest_up_to_a_limit():
    clock = Clock()
    breaker = Breaker(failures=1, rest=10, now=clock)
    waits = []
    for _ in range(8):
        fail(breaker, OutcomeUnknown("reset"))
        with pytest.raises(NotExecuted) as left, breaker.watched():
            pass
        waits.append(left.value.retry_after)
        clock.shift((left.value.retry_after or 0) + 0.001)
    assert waits[:3] == pytest.approx([10, 20, 40], abs=0.01)
    assert waits[-1] == pytest.approx(LONGEST, abs=0.01)


async def test_retry_after_is_honoured_by_everybody_on_the_connection():
    async with raw_server(problem(429, "throttled", "Retry-After: 7\r\n")) as (url, heard):
        breaker = Breaker()
        one, two = Http(url, breaker=breaker), Http(url, breaker=breaker)
        for http in (one, two):
            with pytest.raises(NotExecuted) as throttled:
                await http.call("GET", "/x", timeout=2)
            assert throttled.value.retry_after == pytest.approx(7, abs=0.5)
            await http.aclose()
        assert len(heard) == 1


async def test_a_token_is_fetched_once_however_many_wait():
    fetched = 0

    async def fetch() -> Token:
        nonlocal fetched
        fetched += 1
        await asyncio.sleep(0.02)
        return Token(f"t{fetched}", 3600)

    tokens = TokenCache(fetch)
    assert set(await asyncio.gather(*(tokens.get() for _ in range(50)))) == {"t1"}
    tokens.forget("another")
    assert await tokens.get() == "t1"
    tokens.forget("t1")
    assert set(await asyncio.gather(*(tokens.get() for _ in range(50)))) == {"t2"}
    assert fetched == 2
    assert "t2" not in repr(Token("t2", 1))


async def test_who_goes_away_takes_nobody_s_token_along_and_a_failure_is_told_to_all():
    calls = 0

    async def fetch() -> Token:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.05)
        if calls == 2:
            raise OutcomeUnknown("away")
        return Token(f"t{calls}", EARLY / 2)

    tokens = TokenCache(fetch)
    first, second = asyncio.create_task(tokens.get()), asyncio.create_task(tokens.get())
    await asyncio.sleep(0.01)
    first.cancel()
    assert await second == "t1"
    tokens.forget("t1")
    told = await asyncio.gather(tokens.get(), tokens.get(), return_exceptions=True)
    assert [type(one) for one in told] == [OutcomeUnknown, OutcomeUnknown]
    assert await tokens.get() == "t3"


async def test_a_token_is_renewed_before_its_end():
    fetched = 0

    async def fetch() -> Token:
        nonlocal fetched
        fetched += 1
        return Token(str(fetched), 3600)

    clock = Clock()
    tokens = TokenCache(fetch, now=clock)
    assert await tokens.get() == "1"
    clock.shift(3600 - EARLY - 1)
    assert await tokens.get() == "1"
    clock.shift(2)
    assert await tokens.get() == "2"


def test_kinds_are_found_by_folder():
    kinds = connecting.every()
    assert {"sandbox", "crm"} <= set(kinds)
    for name, kind in kinds.items():
        assert kind.name == name
        assert kind.description
        assert issubclass(kind.config, Given)
        assert issubclass(kind.credentials, Given)
        for field in kind.credentials.model_fields.values():
            assert "SecretStr" in str(field.annotation), "a credential never shows itself"


async def test_what_a_user_gave_is_called_by_checked_addresses_alone():
    class Config(Given):
        pass

    account = Account("con_1", livemode=False, config=Config(), credentials=Config())
    async with raw_server(answer(200, b"{}")) as (url, heard):
        with pytest.raises(Refused) as refusal:
            await account.http(url).call("GET", "/x", timeout=2)
        assert refusal.value.code == "address_not_allowed"
        assert await account.http(url, ours=True).call("GET", "/x", timeout=2) == {}
        await account.close()
        assert len(heard) == 1
    assert isinstance(connecting.every()["crm"], Kind)
