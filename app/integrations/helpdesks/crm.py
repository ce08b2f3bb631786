"""Any CRM or help desk that calls us: signed by Standard Webhooks, by Zendesk's own way, or with a secret in a header.

What a header proves is less than a signature: whoever reads one call can send others. It is for those that cannot sign.
Zendesk signs `timestamp + body` (`X-Zendesk-Webhook-Signature`, base64 of HMAC-SHA256) and gives no id of the delivery
that is signed; a secret in a header signs nothing at all. Both may put an `id` into the body, which tells a copy from a
second command with the same words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import AfterValidator, Field, SecretStr

from app.integrations import signatures
from app.integrations.connecting import Account, Finding, Given, Inbound, Kind, Known, NotGenuine, Received

_HEADER = r"^[A-Za-z][A-Za-z0-9-]{2,63}$"
_ID = re.compile(r"[!-~]{1,255}", re.ASCII)
LEAST_SECRET = 16
TAKEN = frozenset({"host", "content-length", "content-type", "connection", "cookie", "transfer-encoding", "user-agent"})


W = TypeVar("W")
Words = dict[Annotated[str, Field(min_length=1, max_length=100)], W]


def _free(value: str) -> str:
    if value.lower() in TAKEN:
        raise ValueError("a header that means something else")
    return value


class Config(Given):
    """How its calls are known, and what they may do."""

    verification: Literal["standard_webhooks", "shared_secret", "zendesk"] = "standard_webhooks"
    header: Annotated[str, Field(pattern=_HEADER), AfterValidator(_free)] = "X-Aftersale-Secret"
    """`shared_secret`: the header that holds it. `Authorization` takes it bare or behind `Bearer`."""
    statuses: Words[Literal["open", "pending_customer", "pending_internal", "solved", "closed"]] = Field(
        default_factory=dict, max_length=100
    )
    """Its words for a ticket's status, in any case, in ours: `{"pending": "pending_customer"}`."""
    priorities: Words[Literal["low", "normal", "high", "urgent"]] = Field(default_factory=dict, max_length=100)
    scopes: list[str] = Field(default_factory=lambda: ["tickets:read", "tickets:write"], max_length=50)


def _whole(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text or len(text) < LEAST_SECRET:
        raise ValueError("at least 16 printable characters of ASCII, without spaces")
    if text.startswith(signatures.PREFIX):
        signatures.secret_bytes(text)
    return value


class Credentials(Given):
    """The secret that both sides know; without one calls to us are not taken."""

    secret: Annotated[SecretStr, Field(max_length=255), AfterValidator(_whole)] | None = None


def verify(account: Account[Config, Credentials], received: Received) -> Known:
    """Who sent it, or NotGenuine."""
    if account.credentials.secret is None:
        raise NotGenuine
    secret = account.credentials.secret.get_secret_value()
    match account.config.verification:
        case "standard_webhooks":
            return _standard(secret, received)
        case "zendesk":
            return _zendesk(secret, received)
        case _:
            return _shared(secret, account.config.header, received)


def _standard(secret: str, received: Received) -> Known:
    headers = received.headers
    delivery, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    try:
        key = signatures.secret_bytes(secret)
    except ValueError:
        key = secret.encode()  # a secret of the caller's own making, used as it is
    genuine = signatures.signed([key], delivery, stamp, received.body, headers.get("webhook-signature", ""))
    at = signatures.seconds(stamp)
    if not genuine or at is None or not _ID.fullmatch(delivery) or not _recent(at, received):
        raise NotGenuine
    return Known(external_id=delivery, id_is_signed=True)


def _recent(at: int, received: Received) -> bool:
    return signatures.within(datetime.fromtimestamp(at, UTC), received.at)


def _zendesk(secret: str, received: Received) -> Known:
    stamp = received.headers.get("x-zendesk-webhook-signature-timestamp", "")
    expected = signatures.base64_hmac(secret.encode(), stamp.encode("utf-8", "surrogateescape") + received.body)
    if not signatures.any_matches([expected], [received.headers.get("x-zendesk-webhook-signature", "")]):
        raise NotGenuine
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        raise NotGenuine from None
    if at.tzinfo is None or not signatures.within(at, received.at):
        raise NotGenuine
    return Known()


def _shared(secret: str, header: str, received: Received) -> Known:
    given = received.headers.get(header.lower(), "")
    if header.lower() == "authorization":
        given = given.removeprefix("Bearer ")
    if not signatures.any_matches([secret], [given]):
        raise NotGenuine
    return Known()


def read(account: Account[Config, Credentials], body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A command in our words. What a template had nothing for (an empty string) was not given; ids may be numbers."""
    found = {name: value for name, value in body.items() if value != ""}
    for name, words in (("status", account.config.statuses), ("priority", account.config.priorities)):
        word = found.get(name)
        if isinstance(word, str | int) and not isinstance(word, bool):
            known: dict[str, str] = {theirs.casefold(): ours for theirs, ours in words.items()}
            found[name] = known.get(str(word).casefold(), str(word).casefold())
    if isinstance(found.get("tags"), str):
        found["tags"] = [tag for tag in re.split(r"[\s,]+", found["tags"]) if tag]
    external = found.get("external_id")
    if isinstance(external, int) and not isinstance(external, bool):
        found["external_id"] = str(external)
    return found


def named(document: Mapping[str, Any]) -> str | None:
    """The `id` that a body brings by itself."""
    found = document.get("id")
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) and 0 < len(found) <= 255 else None


def resource(known: Known, document: Mapping[str, Any]) -> str:
    """The ticket or order that a command is about."""
    del known
    given: Any = document.get("parameters")
    parameters: Mapping[str, Any] = cast("Mapping[str, Any]", given) if isinstance(given, Mapping) else {}
    for name, value in (
        ("ticket", document.get("ticket")),
        ("external", document.get("external_id")),
        ("order", parameters.get("order")),
        ("ticket", parameters.get("ticket")),
    ):
        if isinstance(value, str | int) and not isinstance(value, bool):
            return f"{name}:{value}"[:300]
    return ""


async def check(account: Account[Config, Credentials]) -> Sequence[Finding]:
    """It calls us, and we do not call it."""
    return [Finding("scopes", ok=True, detail=f"Its commands may use: {', '.join(account.config.scopes) or 'none'}.")]


KIND = Kind(
    name="crm",
    description="A CRM or help desk that opens, answers and changes tickets here and runs actions, by calling us.",
    config=Config,
    credentials=Credentials,
    check=check,
    capabilities=lambda _: ("open_ticket", "update_ticket", "answer_ticket", "mirror_ticket", "run_action"),
    inbound=Inbound(
        configured=lambda account: account.credentials.secret is not None,
        verify=verify,
        resource=resource,
        read=read,
        named=named,
    ),
)
