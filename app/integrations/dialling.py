"""Connections that are opened to checked addresses alone: what `http.py` gives its connector for users' addresses."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

from app.integrations.addresses import Addresses, NotPublic, refused
from app.integrations.errors import Refused


class _Resolver:
    """Looks a name up once per connection and gives what was checked: nobody asks again between check and dial.

    It has the shape of aiohttp's AbstractResolver, and need not know aiohttp for that.
    """

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[dict[str, Any]]:
        del family  # both are asked for, and both are judged
        try:
            found = await self._addresses.resolve(host, port)
        except Refused as error:
            raise NotPublic(error) from error
        return [
            {
                "hostname": host,
                "host": str(address),
                "port": port,
                "family": socket.AF_INET if address.version == 4 else socket.AF_INET6,
                "proto": socket.IPPROTO_TCP,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


def only_to(addresses: Addresses) -> dict[str, Any]:
    """What aiohttp's connector is given so that it reaches public addresses only.

    The name stays in the request: certificate, SNI and Host are the name's, the connection is the address's. The
    socket factory is the last door: whatever way an address came, none that is not admitted gets a socket.
    """

    def made(info: Any) -> socket.socket:
        family, kind, proto, _, place = info
        if not addresses.admits(ip_address(place[0])):
            raise NotPublic(refused("it is not public"))
        return socket.socket(family, kind, proto)

    return {"resolver": _Resolver(addresses), "use_dns_cache": False, "socket_factory": made}
