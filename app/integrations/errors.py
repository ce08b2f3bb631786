"""What an outside call can end in besides an answer. Nothing else leaves `integrations/`."""

from collections.abc import Mapping
from typing import Any


class ProviderError(Exception):
    """An outside call did not end in an answer; `evidence` is what was seen, safe to store."""

    def __init__(self, detail: str, *, evidence: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.evidence = dict(evidence or {})


class Refused(ProviderError):
    """The provider understood and said no: nothing happened there. The only error that is a no."""

    def __init__(self, code: str, detail: str, *, evidence: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail, evidence=evidence)
        self.code = code


class OutcomeUnknown(ProviderError):
    """It may have happened: ask the provider before sending again. For reads: no answer was had."""

    def __init__(
        self, detail: str, *, evidence: Mapping[str, Any] | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(detail, evidence=evidence)
        self.retry_after = retry_after


class NotExecuted(OutcomeUnknown):
    """The request certainly had no effect (throttled, or no connection was made); it may be sent again later."""
