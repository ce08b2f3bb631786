"""Our sandbox's mailbox as a channel."""

from typing import Any

from pydantic import BaseModel, ValidationError

from app.integrations.channels.contract import SendMessage
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.http import Http
from app.integrations.receipts import Receipt, ReceiptStatus

WORDS: dict[str, ReceiptStatus] = {"delivered": "succeeded", "queued": "pending", "bounced": "failed"}
KEY_IS_TAKEN = frozenset({"idempotency_key_reused", "idempotency_key_in_use"})


class _Message(BaseModel, strict=True):
    id: str
    message_id: str
    key: str
    to: str
    status: str
    at: str


class _Messages(BaseModel, strict=True):
    data: list[_Message]


class SandboxChannel:
    """Delivers into the mailbox of one sandbox shop, whatever the channel's name."""

    name = "sandbox"

    def __init__(self, http: Http, shop: str, timeout: float = 10.0) -> None:
        self._http, self._shop, self._timeout = http, shop, timeout

    async def send(self, command: SendMessage) -> Receipt:
        """Deliver it; the same key is delivered once."""
        try:
            answer = await self._call("POST", json=command.model_dump(mode="json"))
        except Refused as refusal:
            if refusal.code in KEY_IS_TAKEN:
                raise OutcomeUnknown(refusal.detail, evidence=refusal.evidence) from refusal
            raise
        try:
            return _receipt(_Message.model_validate(answer), command)
        except ValidationError as error:
            raise OutcomeUnknown("the delivery that came back cannot be read") from error

    async def find_sent(self, command: SendMessage) -> Receipt | None:
        """What the mailbox holds under this key; None where it has nothing."""
        answer = await self._call("GET", params={"key": command.key})
        try:
            found = _Messages.model_validate(answer).data
        except ValidationError as error:
            raise OutcomeUnknown("the messages that came back cannot be read") from error
        return _receipt(found[0], command) if found else None

    async def _call(self, method: str, *, json: Any = None, params: dict[str, str] | None = None) -> dict[str, Any]:
        return await self._http.call(
            method,
            "/mail/v1/messages",
            json=json,
            params=params,
            headers={"X-Sandbox-Shop": self._shop},
            timeout=self._timeout,
        )


def _receipt(message: _Message, command: SendMessage) -> Receipt:
    same = (message.key, message.to) == (command.key, command.to)
    return Receipt(
        status=WORDS.get(message.status, "unknown") if same else "unknown",
        external_id=message.id,
        evidence={"id": message.id, "message_id": message.message_id, "status": message.status, "at": message.at},
    )
