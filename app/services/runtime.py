"""What a verb needs from outside of a transaction: the database, the counterparts, the settings."""

from dataclasses import dataclass, field

from app.database import Database
from app.integrations.addresses import Addresses
from app.services.bell import Bell
from app.services.callers import Caller
from app.services.event_streams import Streams
from app.services.providers import Connections, Providers
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """One process's means."""

    settings: Settings
    db: Database
    connections: Connections
    executor: str
    """Who runs operations here: unique per process start, so that a lease tells the living from the dead."""
    streams: Streams
    """Who listens to events at this process."""
    bell: Bell = field(default_factory=Bell)
    """Rung for each operation that is tried in this process."""

    @property
    def addresses(self) -> Addresses:
        """Which addresses of users may be called."""
        return Addresses(loopback=self.settings.loopback_addresses)

    def providers(self, caller: Caller) -> Providers:
        """The counterparts of the caller's store and mode."""
        return self.connections.of(caller.store, livemode=caller.livemode)
