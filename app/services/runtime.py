"""What a verb needs from outside of a transaction: the database, the counterparts, the settings."""

from dataclasses import dataclass, field

from app.database import Database
from app.services.bell import Bell
from app.services.callers import Caller
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
    bell: Bell = field(default_factory=Bell)
    """Rung for each operation that is tried in this process."""

    def providers(self, caller: Caller) -> Providers:
        """The counterparts of the caller's store and mode."""
        return self.connections.of(caller.store.sandbox_shop, livemode=caller.livemode)
