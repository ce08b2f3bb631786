"""UPS over HTTP: a token that is fetched once, its errors in our words, and what UPS writes now this way, now that.

Source: UPS's OpenAPI documents (OAuthClientCredentials, Shipping, Tracking, UPSTrackAlert), read in November 2026.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import urlencode
from uuid import uuid4

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from app.integrations import answers
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.http import MAX_JSON, Answer, Http
from app.integrations.tokens import Token, TokenCache

SOURCE = "aftersale"
"""Who calls, as UPS wants it named."""
DENIED = "provider_unauthorized"
REFUSED = "provider_refused"
NOT_FOUND = "not_found"
LEAST_SECONDS, MOST_SECONDS = 1.0, 86_400.0
"""Of what UPS says that a token is good for."""
Wire = TypeVar("Wire", bound=BaseModel)
T = TypeVar("T")


def _listed(value: Any) -> Any:
    if value is None:
        return []
    return cast("list[Any]", value) if isinstance(value, list) else [value]


Listed = Annotated[list[T], BeforeValidator(_listed)]
"""A list, where UPS may write its only element alone."""


class _Token(BaseModel):
    access_token: str
    expires_in: float = Field(gt=0, allow_inf_nan=False)


class _Fault(BaseModel):
    code: str = ""
    message: str = ""


def parsed(model: type[Wire], document: Mapping[str, Any]) -> Wire:
    """The object; raises OutcomeUnknown where it is none."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise OutcomeUnknown(f"UPS's answer is no {model.__name__.lower()}") from error


def read(answer: Answer, evidence: dict[str, Any]) -> dict[str, Any]:
    """The object of a 2xx answer; raises UPS's errors in our words, with its code in the evidence."""
    if 200 <= answer.status < 300:
        return answers.document(answer.status, answer.headers, answer.content, evidence)
    fault = _fault(answers.json_or_none(answer.headers, answer.content))
    evidence["code"] = fault.code[:50] or None
    ours = None if not fault.code else NOT_FOUND if answer.status == 404 else REFUSED
    detail = f"UPS refused the request: {fault.message[:300] or fault.code[:50]}" if ours else None
    raise answers.error_of(answer.status, answer.headers, ours, detail, evidence)


def _fault(document: Mapping[str, Any] | None) -> _Fault:
    """The first error that an answer tells, `{"response": {"errors": [{"code", "message"}]}}`; empty where none."""
    response: Any = (document or {}).get("response")
    errors: Any = cast("Mapping[str, Any]", response).get("errors") if isinstance(response, Mapping) else None
    if not isinstance(errors, list) or not errors:
        return _Fault()
    try:
        return _Fault.model_validate(errors[0])
    except ValidationError:
        return _Fault()


class Calls:
    """Calls of one UPS application, each with a token that is good now."""

    def __init__(self, http: Http, client_id: str, client_secret: str, account: str, timeout: float) -> None:
        self._http, self._account, self._timeout = http, account, timeout
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self.tokens = TokenCache(self._fetch)

    async def call(
        self, method: str, path: str, *, json: Any = None, query: Mapping[str, str] | None = None,
        max_bytes: int = MAX_JSON,
    ) -> dict[str, Any]:  # fmt: skip
        """The object that is answered; a token that UPS does not take any more is renewed once."""
        for renewed in (False, True):
            token = await self._token(method, path)
            try:
                return await self._send(method, path, json, query, token, max_bytes)
            except Refused as refusal:  # a 401 comes before any effect
                if refusal.evidence.get("status") != 401:
                    raise
                self.tokens.forget(token)
                if renewed:
                    raise
        raise AssertionError("unreachable")

    async def _send(
        self, method: str, path: str, body: Any, query: Mapping[str, str] | None, token: str, max_bytes: int
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}", "transId": uuid4().hex, "transactionSrc": SOURCE}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        target = f"{path}?{urlencode(query)}" if query else path
        return await self._http.ask(
            method, target, read, content=content, headers=headers, timeout=self._timeout, max_bytes=max_bytes
        )

    async def _token(self, method: str, path: str) -> str:
        """A token; where none is to be had the call itself was not made, whatever became of the asking."""
        try:
            return await self.tokens.get()
        except OutcomeUnknown as error:
            told = f"{method} {path}: not sent, UPS gave no token"
            raise NotExecuted(told, evidence=error.evidence, retry_after=error.retry_after) from error

    async def _fetch(self) -> Token:
        headers = {
            "Authorization": f"Basic {self._basic}",
            "Content-Type": "application/x-www-form-urlencoded",
            "x-merchant-id": self._account,
        }
        answer = await self._http.ask(
            "POST", "/security/v1/oauth/token", read, content=b"grant_type=client_credentials", headers=headers,
            timeout=self._timeout,
        )  # fmt: skip
        token = parsed(_Token, answer)
        if not token.access_token.isascii() or not token.access_token.isprintable() or " " in token.access_token:
            raise OutcomeUnknown("UPS's token is none")
        return Token(token.access_token, min(max(token.expires_in, LEAST_SECONDS), MOST_SECONDS))
