"""Which systems a store is connected to; in test mode that is always the sandbox."""

from dataclasses import dataclass
from typing import Protocol

from app.errors import NotConnected
from app.integrations.carriers.contract import Carrier
from app.integrations.carriers.sandbox import SandboxCarrier
from app.integrations.channels.contract import Channel
from app.integrations.channels.sandbox import SandboxChannel
from app.integrations.commerce.contract import CommerceBackend
from app.integrations.commerce.sandbox import SandboxCommerce
from app.integrations.http import Http
from app.integrations.payments.contract import PaymentProvider
from app.integrations.payments.sandbox import SandboxPayments
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Providers:
    """The four counterparts of one store in one mode."""

    commerce: CommerceBackend
    payments: PaymentProvider
    carrier: Carrier
    channel: Channel


class Connections(Protocol):
    """Finds a store's counterparts."""

    def of(self, shop: str, *, livemode: bool) -> Providers:
        """The counterparts; `not_connected` where there are none."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class SandboxConnections:
    """Test mode: the sandbox over HTTP, one client for all stores."""

    def __init__(self, settings: Settings) -> None:
        self._http = Http(settings.sandbox_url)
        self._seconds = settings.call_seconds
        self._known: dict[str, Providers] = {}

    def of(self, shop: str, *, livemode: bool) -> Providers:
        """The sandbox's shop of that name; live mode has no connections yet."""
        if livemode:
            raise NotConnected
        if shop not in self._known:
            self._known[shop] = Providers(
                commerce=SandboxCommerce(self._http, shop, self._seconds),
                payments=SandboxPayments(self._http, shop, self._seconds),
                carrier=SandboxCarrier(self._http, shop, self._seconds),
                channel=SandboxChannel(self._http, shop, self._seconds),
            )
        return self._known[shop]

    async def close(self) -> None:
        """Close the client."""
        await self._http.aclose()
