"""UPS: return labels, voids, tracking asked and pushed, addresses.

Written against UPS's own OpenAPI documents (November 2026). What UPS does not promise, and what is done about it:

- **Buying has no key.** Our reference stands on the parcel. After a lost answer it is looked for in two places: label
  recovery, and tracking by reference. UPS promises of neither how soon a label shows up there: for `SETTLES` seconds
  after a purchase whose answer was lost, "nothing found" counts as not known, and nothing is bought. (A process that
  was restarted meanwhile does not know of the purchase; the label that comes to light later is voided as surplus.)
- **Recovery names no codes** for "there is none": its refusal alone is never taken for one, tracking has to agree.
- **A void** may be repeated (`1` is "voided or already voided"). Else only its tracking shows that a label is voided.
- **Track Alert** lapses after 14 days, tells no history, signs nothing and gives events no id: pushes are a hint beside
  polling. Its secret is entered at UPS ("Manage Webhook Credentials"), which sends it in `x-api-key` or as a bearer.
- **Tracking** forgets after 120 days. It may tell as a warning (`TW0001`) that there is nothing.
- **Limits** of calls are not published: 429 is "not executed", and the breaker waits.
- Goods that cross a customs border want forms, which are not made here: UPS refuses such a purchase itself.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, SecretStr, StringConstraints

from app import clock
from app.integrations.carriers import ups_addresses, ups_alerts, ups_labels, ups_shipping, ups_tracking
from app.integrations.carriers.contract import BuyLabel, LabelFormat, LabelReceipt, Subscribed, Tracking, VoidLabel
from app.integrations.carriers.ups_addresses import AddressCheck
from app.integrations.carriers.ups_shipping import TRACK, Recovered
from app.integrations.carriers.ups_tracking import Tracked
from app.integrations.carriers.ups_wire import DENIED, NOT_FOUND, Calls, parsed
from app.integrations.commerce.contract import Address
from app.integrations.connecting import Account, Family, Finding, Given, Inbound, Kind
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.http import segment
from app.integrations.receipts import Receipt

SHIP = "/api/shipments/v2409"
RECOVERY = "/api/labels/v1/recovery"
DETAILS = "/api/track/v1/details"
BY_REFERENCE = "/api/track/v1/reference/details"
ALERTS = "/api/track/v2/subscription/standard/package"
ADDRESSES = "/api/addressvalidation/v2/1"
SETTLES = 600.0
"""Seconds after which a purchase is taken to show up where it is looked for; UPS promises none."""
NO_SUCH_NUMBER = frozenset({"TV1002", "TW0001"})
ALREADY = re.compile(r"already\s+(been\s+)?void", re.IGNORECASE)
MAX_ANSWER = 8 << 20
"""Labels come in base64, twice."""
CAPABILITIES = ("labels", "voids", "tracking", "tracking_pushes", "address_check")


class Config(Given):
    """The store's account at UPS. Test mode is UPS's Customer Integration Environment."""

    account_number: str = Field(pattern=r"^[0-9A-Z]{6}$")
    services: dict[
        Annotated[str, StringConstraints(min_length=1, max_length=100)],
        Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2}$")],
    ] = Field(default_factory=dict, max_length=50)
    """The policy's `return_service` in UPS's codes; else Ground within the US, Standard elsewhere."""
    default_weight_grams: int = Field(1000, ge=1, le=68_000)
    """Of a parcel that nobody has weighed."""
    api_base: str | None = Field(None, pattern=r"^http://127\.0\.0\.1:[0-9]{1,5}$")
    """The loopback, for tests; without `AFTERSALE_LOOPBACK_ADDRESSES` it is not called."""


Secret = Annotated[SecretStr, Field(min_length=1, max_length=255)]


class Credentials(Given):
    """Of an application at developer.ups.com with Shipping, Tracking, Track Alert and Address Validation."""

    client_id: Secret
    client_secret: Secret
    push_secret: Annotated[SecretStr, Field(min_length=16, max_length=255)] | None = None
    """What UPS sends with its pushes; without it they are answered 404."""


class Ups:
    """One UPS account."""

    name = "ups"

    def __init__(
        self, calls: Calls, config: Config, *, pushes: bool = True, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls, self._config, self._pushes, self._now = calls, config, pushes, now
        self._lost: dict[str, float] = {}
        """When a purchase was sent of which no answer is known, by its key."""

    # ---- labels ---------------------------------------------------------------------------------------------------

    async def buy_return_label(self, command: BuyLabel) -> LabelReceipt:
        """Buy the label; every call that arrives buys one."""
        config = self._config
        body = ups_shipping.purchase(command, config.account_number, config.services, config.default_weight_grams)
        self._lost = {key: at for key, at in self._lost.items() if self._now() - at < SETTLES}
        before = self._lost.get(command.key)
        self._lost[command.key] = self._now()
        try:
            answer = await self._calls.call("POST", f"{SHIP}/ship", json=body, max_bytes=MAX_ANSWER)
            receipt = ups_shipping.bought(answer, command)
        except (NotExecuted, Refused):  # this one did nothing; one before it may have
            self._lost.pop(command.key)
            if before is not None:
                self._lost[command.key] = before
            raise
        if receipt.status == "succeeded":
            del self._lost[command.key]
        return receipt

    async def find_label(self, command: BuyLabel) -> LabelReceipt | None:
        """The label that UPS has under our reference, a live one before a voided one; None where none."""
        if not ups_shipping.REFERENCE.fullmatch(command.key):
            return None
        images = await self._recovered(command.key)
        tracked = {one.trackingNumber: one for one in await self._referred(command.key)}
        numbers = list(dict.fromkeys([*images, *tracked]))
        if not numbers:
            if self._now() - self._lost.get(command.key, -SETTLES) < SETTLES:
                raise OutcomeUnknown("UPS does not show a label yet; one may have been bought a moment ago")
            return None
        gone = [number for number in numbers if await self._voided(number, tracked)]
        live = [number for number in numbers if number not in gone]
        best = (live or gone)[0]
        image = images.get(best) or None
        printable = image is None or ups_labels.is_label(image)
        return LabelReceipt(
            status="succeeded" if printable else "unknown",
            external_id=best,
            tracking_number=best,
            tracking_url=TRACK + best,
            service=command.service,
            voided=best in gone,
            live=tuple(live),
            evidence={"id": best, "live": len(live), "all": len(numbers), "printable": printable},
        )

    async def label_file(self, label_id: str, file_format: LabelFormat) -> bytes:
        """The label's bytes, proved to be an image and brought into the form that is asked for."""
        body = ups_shipping.recovery(self._config.account_number, _number(label_id), label_id)
        answer = await self._calls.call("POST", RECOVERY, json=body, max_bytes=MAX_ANSWER)
        image = parsed(Recovered, answer).images().get(label_id)
        if not image:
            raise OutcomeUnknown("UPS sent the label of another parcel, or none")
        return await asyncio.to_thread(ups_labels.as_file, image, file_format)

    async def void_label(self, command: VoidLabel) -> Receipt:
        """Void; a label already voided is a success."""
        path = f"{SHIP}/void/cancel/{segment(_number(command.label_id))}"
        try:
            answer = await self._calls.call("DELETE", path)
        except Refused as refusal:
            if not ALREADY.search(refusal.detail):
                raise
            evidence = {"id": command.label_id, "code": refusal.evidence.get("code")}
            return Receipt(status="succeeded", external_id=command.label_id, evidence=evidence)
        return ups_shipping.voided(answer, command.label_id)

    async def find_void(self, command: VoidLabel) -> Receipt | None:
        """Whether tracking shows the label as voided; None else: to void it again does no harm."""
        if not await self._voided(_number(command.label_id), {}):
            return None
        return Receipt(status="succeeded", external_id=command.label_id, evidence={"id": command.label_id})

    async def _recovered(self, reference: str) -> dict[str, str]:
        """Images by tracking number; empty where recovery has none, or refuses."""
        body = ups_shipping.recovery(self._config.account_number, reference)
        try:
            answer = await self._calls.call("POST", RECOVERY, json=body, max_bytes=MAX_ANSWER)
        except Refused as refusal:
            if refusal.code == DENIED:
                raise
            return {}
        return parsed(Recovered, answer).images()

    async def _referred(self, reference: str) -> list[ups_tracking.Package]:
        """The parcels that tracking finds by our reference."""
        query = {"locale": "en_US", "shipperNum": self._config.account_number, "refNumType": "SmallPackage"}
        answer = await self._asked(f"{BY_REFERENCE}/{segment(reference)}", query)
        found = [] if answer is None else parsed(Tracked, answer).packages()
        return [one for one in found if one.trackingNumber and one.refers(reference)]

    async def _voided(self, number: str, known: Mapping[str, ups_tracking.Package]) -> bool:
        if number in known:
            return known[number].voided
        answer = await self._asked(f"{DETAILS}/{segment(number)}", {"locale": "en_US"})
        found = [] if answer is None else parsed(Tracked, answer).packages()
        return any(one.voided for one in found if one.trackingNumber == number)

    # ---- tracking -------------------------------------------------------------------------------------------------

    async def track(self, tracking_number: str) -> Tracking | None:
        """Where the parcel is; None where UPS does not know the number."""
        if not ups_tracking.NUMBER.fullmatch(tracking_number):
            return None
        query = {"locale": "en_US", "returnSignature": "false"}
        answer = await self._asked(f"{DETAILS}/{segment(tracking_number)}", query)
        return None if answer is None else ups_tracking.tracking(answer, tracking_number)

    def pushed(self, document: dict[str, Any]) -> Tracking:
        """What one push of Track Alert says."""
        return ups_tracking.pushed(document)

    async def subscribe(self, tracking_numbers: Sequence[str]) -> Subscribed:
        """Have UPS push what happens to these parcels for 14 days; again before they lapse renews them.

        Numbers that Track Alert does not take come back as `refused`; a batch is 100. Raises where a batch fails: those
        before it stand, and all may be sent again.
        """
        if not self._pushes:
            raise Refused("unsupported", "The connection has no push_secret: a push would be answered 404.")
        known = [number for number in tracking_numbers if ups_tracking.SUBSCRIBABLE.fullmatch(number)]
        until = clock.now() + ups_alerts.LAPSES
        taken: list[str] = []
        for batch in ups_tracking.batches(known, ups_alerts.BATCH):
            answer = await self._calls.call("POST", ALERTS, json=ups_alerts.subscription(batch))
            taken += ups_alerts.taken(answer, batch)
        refused = tuple(number for number in dict.fromkeys(tracking_numbers) if number not in set(taken))
        return Subscribed(taken=tuple(taken), refused=refused, until=until)

    async def _asked(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """Tracking's answer; None where it has nothing."""
        try:
            return await self._calls.call("GET", path, query=query)
        except Refused as refusal:
            if refusal.code == NOT_FOUND or refusal.evidence.get("code") in NO_SUCH_NUMBER:
                return None
            raise

    # ---- addresses, permissions -----------------------------------------------------------------------------------

    async def check_address(self, address: Address) -> AddressCheck:
        """Whether the address exists, street by street; Refused("unsupported") outside the US and Puerto Rico."""
        return ups_addresses.checked(await self._calls.call("POST", ADDRESSES, json=ups_addresses.question(address)))

    async def token(self) -> None:
        """Get a token; raises as any call does."""
        await self._calls.tokens.get()

    async def allowed(self, method: str, path: str, body: Any) -> bool:
        """Whether the application may ask this, which changes nothing."""
        try:
            await self._calls.call(method, path, json=body, max_bytes=MAX_ANSWER)
        except Refused as refusal:
            return refusal.code != DENIED
        return True


def _number(text: str) -> str:
    if not ups_tracking.NUMBER.fullmatch(text):
        raise Refused("label_not_found", "That is no number of UPS's.")
    return text


# ---- the kind ----------------------------------------------------------------------------------------------------


def adapter(account: Account[Config, Credentials]) -> Ups:
    """The account's adapter, with a client and a token of its own."""
    given = account.credentials
    host = "https://onlinetools.ups.com" if account.livemode else "https://wwwcie.ups.com"
    calls = Calls(
        account.http(account.config.api_base or host),
        given.client_id.get_secret_value(),
        given.client_secret.get_secret_value(),
        account.config.account_number,
        account.seconds,
    )
    return Ups(calls, account.config, pushes=given.push_secret is not None)


def connect(account: Account[Config, Credentials]) -> Mapping[Family, Any]:
    """The carrier."""
    return {"carrier": adapter(account)}


NOBODY = "1Z0000000000000000"
SOMEWHERE = Address(address1="350 5th Ave", city="New York", province="NY", postal_code="10118", country_code="US")


async def check(account: Account[Config, Credentials]) -> Sequence[Finding]:
    """Whether the application gets a token, and which of UPS's products it may use; wrong credentials are Refused."""
    ups = adapter(account)
    await ups.token()
    number = account.config.account_number
    asked = (
        ("shipping", "POST", RECOVERY, ups_shipping.recovery(number, "aftersale-check"), "Shipping"),
        ("tracking", "GET", f"{DETAILS}/{NOBODY}", None, "Tracking"),
        ("tracking pushes", "POST", ALERTS, ups_alerts.subscription([]), "Track Alert"),
        ("addresses", "POST", ADDRESSES, ups_addresses.question(SOMEWHERE), "Address Validation"),
    )
    found = [Finding("credentials", ok=True, detail="UPS gives a token.")]
    for name, method, path, body, product in asked:
        ok = await ups.allowed(method, path, body)
        detail = "The application may use it." if ok else f"The application lacks UPS's product {product}."
        found.append(Finding(name, ok=ok, detail=detail, missing=None if ok else product))
    return found


KIND = Kind(
    name="ups",
    description="UPS: return labels, tracking asked and pushed, address checks.",
    config=Config,
    credentials=Credentials,
    check=check,
    families=("carrier",),
    connect=connect,
    capabilities=lambda _: CAPABILITIES,
    inbound=Inbound(
        configured=lambda account: account.credentials.push_secret is not None,
        verify=lambda account, received: ups_alerts.verify(
            received, "" if (secret := account.credentials.push_secret) is None else secret.get_secret_value()
        ),
        resource=ups_alerts.resource,
        read=lambda _, body: ups_alerts.read(body),
    ),
)
