"""Everything that UPS's adapter sends, at least once: for whoever judges requests."""

from __future__ import annotations

from collections.abc import Mapping

from app.integrations.addresses import Addresses
from app.integrations.carriers.contract import BuyLabel, Parcel, VoidLabel
from app.integrations.carriers.ups import Config, Credentials, Ups, adapter, check
from app.integrations.commerce.contract import Address
from app.integrations.connecting import Account
from tests.integrations.faulty import served
from tests.integrations.ups_server import ACCOUNT, CLIENT, SECRET, UpsServer

JANE = Address(
    name="Jane Miller", address1="1 Main St", address2="Apartment of the second floor, left hand side, blue door",
    city="Reno", province="NV", postal_code="89501-1234", country_code="US", phone="+1 775 5550100",
)  # fmt: skip
BONN = Address(name=None, address1="Hauptstr. 1", city="Bonn", postal_code="53111", country_code="DE")
TORONTO = Address(address1="1 Front St", city="Toronto", province="ON", postal_code="M5V 2T6", country_code="CA")
PARCEL = Parcel(weight_grams=900, length_mm=300, width_mm=200, height_mm=100)


async def requests() -> list[tuple[str, str, Mapping[str, str], bytes]]:
    """The requests of a tour: method, path with query, headers, body."""
    server = UpsServer()
    async with served(server.app()) as url:
        account = Account(
            "con_1",
            livemode=False,
            config=Config(account_number=ACCOUNT, api_base=url),
            credentials=Credentials(client_id=CLIENT, client_secret=SECRET, push_secret=f"pushes-of-{CLIENT}"),
            addresses=Addresses(loopback=True),
        )
        await everything(adapter(account))
        await check(account)
        await account.close()
    return server.faults.heard


async def everything(ups: Ups) -> None:
    """Each thing that the adapter does, with addresses of every kind."""
    for number, (sender, recipient) in enumerate(((JANE, JANE), (BONN, BONN), (TORONTO, JANE), (JANE, TORONTO))):
        for parcel in (PARCEL, Parcel()):
            key = f"opr_{number}_{parcel.length_mm or 0}"
            command = BuyLabel(key=key, rma="RMA-1", sender=sender, recipient=recipient, parcel=parcel)
            label = await ups.buy_return_label(command)
            assert (await ups.find_label(command)).external_id == label.external_id
    await ups.label_file(label.external_id, "png")
    await ups.track(label.external_id)
    await ups.void_label(VoidLabel(key="v1", label_id=label.external_id))
    await ups.find_void(VoidLabel(key="v1", label_id=label.external_id))
    await ups.subscribe([f"1Z{ACCOUNT}{one:010d}" for one in range(101)])
    await ups.check_address(JANE)
