"""What a channel (mail, SMS, chat) must do for us: deliver one message to one shopper."""

from typing import Protocol

from app.integrations.receipts import Receipt
from app.integrations.values import Frozen


class SendMessage(Frozen):
    """One message. `key` is our message id: it becomes the mail's Message-ID, so that a copy can be told."""

    key: str
    channel: str
    to: str
    """An e-mail address, a phone number in E.164, or the channel's own handle."""
    subject: str | None = None
    text: str
    language: str | None = None
    in_reply_to: str | None = None


class Channel(Protocol):
    """A way to reach a shopper. Every method raises only `Refused` or `OutcomeUnknown`."""

    name: str

    async def send(self, command: SendMessage) -> Receipt:
        """Deliver it; same key, one delivery where the channel can tell."""
        ...

    async def find_sent(self, command: SendMessage) -> Receipt | None:
        """What the channel's own record says of this key; None where it has nothing."""
        ...
