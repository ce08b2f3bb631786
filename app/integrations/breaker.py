"""A circuit breaker per connection: who does not answer is left alone for a while, whoever asks for it meanwhile."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator

from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused

FAILURES = 5
"""In a row, after which nobody is sent any more."""
REST = 15.0
"""Seconds until one is sent again to see; doubled as long as that fails."""
LONGEST = 300.0


class Breaker:
    """Closed, open, half open; one per connection and process.

    A refusal is an answer, and closes it. `Retry-After` opens it for as long as the provider said.
    """

    def __init__(
        self, failures: int = FAILURES, rest: float = REST, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures, self._rest, self._now = failures, rest, now
        self._failed = 0
        self._open_until = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether a call would be refused now."""
        return self._probing or self._now() < self._open_until

    @contextlib.contextmanager
    def watched(self) -> Generator[None]:
        """Around one call; raises NotExecuted with the seconds to wait where none is to be made."""
        wait = self._open_until - self._now()
        if wait > 0 or self._probing:
            raise NotExecuted(
                "not sent: this connection did not answer before", evidence={"error": "circuit_open"},
                retry_after=max(wait, 1.0),
            )  # fmt: skip
        self._probing = self._failed >= self._failures
        try:
            yield
        except Refused:
            self._failed = 0
            raise
        except OutcomeUnknown as error:
            self._note(error.retry_after)
            raise
        else:
            self._failed = 0
        finally:
            self._probing = False

    def _note(self, retry_after: float | None) -> None:
        if retry_after is not None:  # it is there, and says when
            self._open_until = self._now() + min(retry_after, LONGEST)
            return
        self._failed += 1
        if self._failed >= self._failures:
            rest = min(self._rest * 2 ** (self._failed - self._failures), LONGEST)
            self._open_until = self._now() + rest
