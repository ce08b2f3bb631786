"""Who calls: one store, one mode, and whether the merchant, a shopper or a named person acts."""

from dataclasses import dataclass, replace
from typing import Any

from app.errors import ActorRequired, Forbidden, NotOwner, OrderNotFound, ScopeMissing
from app.models.stores import Store


@dataclass(frozen=True, slots=True)
class Caller:
    """The one behind a request. Without `shopper` it is the merchant: ownership and proof do not apply."""

    store: Store
    livemode: bool
    key_id: str
    scopes: frozenset[str]
    request_id: str
    shopper: str | None = None
    """Our id of the customer who acts."""
    agent: str | None = None
    """The named person who acts, `[A-Za-z0-9_.-]{1,64}`."""
    proof: int = 2
    """The shopper's level of proof; the merchant needs none."""
    automation: bool = False
    """A message is being answered: nobody at the store decides."""

    must_confirm: bool = False
    """What costs needs the token of a preview: shopper tokens, flows, AI tools."""
    anonymous: bool = False
    """A browser with a publishable key: nobody, about whom nothing is ever proved."""
    by_token: bool = False
    """A shopper with a token of their own, no store behind them: what is another's does not exist."""
    opened_by: str | None = None
    """The key that opened the shopper's session."""

    connection: str | None = None
    """The connected system whose command this is: automation of the store's, with the scopes that it was given."""

    @property
    def store_id(self) -> str:
        """The store's id."""
        return self.store.id

    @property
    def is_merchant(self) -> bool:
        """Whether the store itself acts."""
        return self.shopper is None and not self.automation and not self.anonymous

    @property
    def in_browser(self) -> bool:
        """Whether what we answer is read by the shopper's own browser, not by the store."""
        return self.anonymous or self.by_token

    @property
    def whose(self) -> str:
        """Whose idempotency keys these are: the shopper's, a web page's, or (empty) the store's."""
        return self.shopper or (self.key_id if self.anonymous else "")

    def need(self, scope: str) -> None:
        """Raise `scope_missing` where the key does not have `scope`, `forbidden` for a shopper's own token."""
        if scope in self.scopes or "*" in self.scopes:
            return
        if self.by_token:
            raise Forbidden("Only the store may do that: a shopper's token reaches their own orders.")
        if self.anonymous:
            raise ScopeMissing("A publishable key starts shopper sessions and sends anonymous chat messages, no more.")
        raise ScopeMissing(f"This key does not have the scope {scope}.")

    def anothers_order(self) -> NotOwner | OrderNotFound:
        """What a shopper is told of an order that is not theirs: to the store whose it is, to them nothing."""
        return OrderNotFound() if self.by_token else NotOwner()

    def named_person(self) -> str:
        """The agent's id; raises `actor_required` where no person is named."""
        if self.agent is None:
            raise ActorRequired
        return self.agent

    def acting_for(self, shopper: str | None, proof: int) -> "Caller":
        """The same request, answered by automation for a shopper with this much proof."""
        return replace(self, shopper=shopper, proof=proof, automation=True)

    def actor(self) -> dict[str, Any]:
        """How the actor is written down."""
        if self.connection is not None:
            return {"type": "connection", "id": self.connection, "key": self.key_id}
        if self.agent is not None:
            return {"type": "agent", "id": self.agent, "key": self.key_id}
        if self.automation:
            return {"type": "automation", "id": self.shopper, "key": self.key_id, "proof": self.proof}
        if self.shopper is not None:
            return {"type": "shopper", "id": self.shopper, "key": self.key_id}
        if self.anonymous:
            return {"type": "anonymous", "id": None, "key": self.key_id}
        return {"type": "merchant", "id": None, "key": self.key_id}
