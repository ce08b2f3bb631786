"""What crosses a contract: a value, never changed, without a field that the contract does not name."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value that nobody changes; unknown fields are an adapter's bug."""

    model_config = ConfigDict(frozen=True, extra="forbid")
