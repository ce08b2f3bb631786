"""Return labels told to Shopify: a reverse delivery with tracking and label on each open reverse fulfillment order.

`reverseDeliveryCreateWithShipping` has no idempotency, and a reverse delivery holds no note: a parcel's number is known
once in the world, so that the deliveries are read and a number that is there is not told again. A label that takes the
place of another of the same parcel is told by `reverseDeliveryShippingUpdate`: Shopify forgets no delivery. Which lines
lie in which parcel nobody knows: each delivery is of all lines, and Shopify may refuse a second one.

The label goes to the address that `stagedUploadsCreate` gives, which has no effect by itself. Shopify mails nothing:
the store tells its shoppers.
"""

# ruff: noqa: N815  the fields have Shopify's names
from __future__ import annotations

import uuid
from typing import Any

from app.integrations.commerce import shopify_return_documents as documents
from app.integrations.commerce.contract import AnnounceLabel
from app.integrations.commerce.shopify_returns import ENDED, Returns
from app.integrations.commerce.shopify_wire import Page, Shop, Shown, afterwards, number, read
from app.integrations.errors import NotExecuted, OutcomeUnknown, ProviderError, Refused
from app.integrations.receipts import Receipt

REFUSALS = {
    "NOT_FOUND": "return_not_found",
    "INVALID_STATE": "return_not_open",
    "NOT_EDITABLE": "return_not_open",
    **dict.fromkeys(("INVALID", "GREATER_THAN", "TOO_BIG", "CREATION_FAILED", "ALREADY_EXISTS"), "label_refused"),
}
OPEN = "OPEN"
MIME = {"pdf": "application/pdf", "png": "image/png"}


class _Tracking(Shown):
    number: str | None = None


class _Deliverable(Shown):
    tracking: _Tracking | None = None


class _Delivery(Shown):
    id: str
    deliverable: _Deliverable | None = None

    @property
    def number(self) -> str | None:
        tracking = None if self.deliverable is None else self.deliverable.tracking
        return None if tracking is None else tracking.number


class _Deliveries(Shown):
    nodes: list[_Delivery]
    pageInfo: Page


class _Group(Shown):
    id: str
    status: str
    reverseDeliveries: _Deliveries

    def of(self, numbers: tuple[str, ...]) -> _Delivery | None:
        """The delivery with one of these numbers, the newest first."""
        found = next((one for one in self.reverseDeliveries.nodes if one.number in numbers), None)
        if found is None and self.reverseDeliveries.pageInfo.hasNextPage:
            raise OutcomeUnknown("the return has more deliveries than can be read")
        return found


class _Groups(Shown):
    nodes: list[_Group]
    pageInfo: Page


class _Parcels(Shown):
    id: str
    status: str
    reverseFulfillmentOrders: _Groups


class _Parameter(Shown):
    name: str
    value: str


class _Target(Shown):
    url: str
    resourceUrl: str
    parameters: list[_Parameter]


class _Id(Shown):
    id: str


class Deliveries:
    """What comes back with which label."""

    def __init__(self, shop: Shop, returns: Returns) -> None:
        self._shop, self._returns = shop, returns

    async def announce(self, command: AnnounceLabel) -> Receipt:
        """Tell the number and the label, once for each part of the return that a location waits for."""
        parcels = await self._parcels(command)
        if parcels is None:
            raise Refused("return_not_found", "Shopify has no return with this RMA.")
        told = _told(parcels, command)
        if told is not None:
            return told
        missing = [group for group in _open(parcels) if group.of((command.tracking_number,)) is None]
        if not missing and parcels.status not in ENDED:
            raise NotExecuted("Shopify has not said yet where the return goes")
        if not missing or parcels.status in ENDED:
            raise Refused("return_not_open", "The return has ended at Shopify.")
        label = await self._staged(command)
        for at, group in enumerate(missing):
            change = self._change(group, command, label)
            await (change if at == 0 else afterwards(change))  # a no is none where part of it stands
        return await afterwards(self.find(command)) or Receipt(status="unknown", evidence={"id": number(parcels.id)})

    async def find(self, command: AnnounceLabel) -> Receipt | None:
        """Whether every open part of the return has a delivery with this number."""
        parcels = await self._parcels(command)
        return None if parcels is None else _told(parcels, command)

    async def _parcels(self, command: AnnounceLabel) -> _Parcels | None:
        found = await self._returns.of_rma(command.order_id, command.rma)
        if found is None:
            return None
        said = (await self._shop.ask(documents.RETURN_PARCELS, id=found.id)).get("return")
        parcels = read(_Parcels, said)
        if parcels.id != found.id or parcels.reverseFulfillmentOrders.pageInfo.hasNextPage:
            raise OutcomeUnknown("the return cannot be read in whole")
        return parcels

    async def _change(self, group: _Group, command: AnnounceLabel, label: dict[str, Any] | None) -> None:
        tracking: dict[str, Any] = {"number": command.tracking_number}
        if command.tracking_url is not None:
            tracking["url"] = command.tracking_url
        former = group.of(command.replaces) if command.replaces else None
        if former is None:
            document, name, id_ = documents.CREATE_DELIVERY, "reverseDeliveryCreateWithShipping", group.id
        else:
            document, name, id_ = documents.UPDATE_DELIVERY, "reverseDeliveryShippingUpdate", former.id
        payload = await self._shop.change(document, name, REFUSALS, id=id_, tracking=tracking, label=label)
        read(_Id, payload.get("reverseDelivery"))

    async def _staged(self, command: AnnounceLabel) -> dict[str, Any] | None:
        """The label where Shopify fetches it from; nothing has happened to the return by that."""
        if command.file is None:
            return None
        mime = MIME[command.file_format]
        name = f"return-label.{command.file_format}"
        asked = {"filename": name, "mimeType": mime, "httpMethod": "POST", "resource": "RETURN_LABEL"}
        try:
            payload = await self._shop.change(documents.STAGE_LABEL, "stagedUploadsCreate", {}, input=[asked])
            [target] = [read(_Target, one) for one in payload.get("stagedTargets") or ()]
            body, boundary = _form(target.parameters, name, mime, command.file)
            status = await self._shop.upload(target.url, body, f"multipart/form-data; boundary={boundary}")
        except Refused:
            raise
        except (ProviderError, ValueError) as error:  # of its evidence nothing: the address is a key to the file
            raise NotExecuted("the label could not be handed over") from error
        if not 200 <= status < 300:
            raise NotExecuted("the label could not be handed over", evidence={"status": status})
        return {"fileUrl": target.resourceUrl}


def _form(fields: list[_Parameter], name: str, mime: str, content: bytes) -> tuple[bytes, str]:
    """A form as RFC 7578 has it, the file last: what comes after it is not read."""
    boundary = uuid.uuid4().hex
    if any(mark in field.name + field.value for field in fields for mark in ("\r", "\n", boundary)) or any(
        '"' in field.name for field in fields
    ):
        raise ValueError("a field that cannot stand in a form")
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field.name}"\r\n\r\n{field.value}\r\n'.encode()
        for field in fields
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {mime}\r\n'
    return b"".join([*parts, f"{head}\r\n".encode(), content, f"\r\n--{boundary}--\r\n".encode()]), boundary


def _open(parcels: _Parcels) -> list[_Group]:
    return [group for group in parcels.reverseFulfillmentOrders.nodes if group.status == OPEN]


def _told(parcels: _Parcels, command: AnnounceLabel) -> Receipt | None:
    wanted = (command.tracking_number,)
    found = [one for group in parcels.reverseFulfillmentOrders.nodes if (one := group.of(wanted)) is not None]
    if not found or any(group.of(wanted) is None for group in _open(parcels)):
        return None
    delivery = number(found[0].id, "ReverseDelivery")
    evidence = {"id": number(parcels.id, "Return"), "delivery": delivery, "deliveries": len(found)}
    return Receipt(status="succeeded", external_id=delivery, evidence=evidence)
