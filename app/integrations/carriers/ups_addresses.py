"""Whether an address exists: UPS's street level validation (US and Puerto Rico), in UPS's fields and in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from app.integrations.carriers.ups_shipping import postal
from app.integrations.carriers.ups_wire import Listed, parsed
from app.integrations.commerce.contract import Address
from app.integrations.errors import Refused
from app.integrations.values import Frozen

COUNTRIES = frozenset({"US", "PR"})


class AddressCheck(Frozen):
    """What the carrier knows of an address; `ambiguous` and `valid` bring what it may be meant to be."""

    status: Literal["valid", "ambiguous", "not_found", "unknown"]
    candidates: tuple[Address, ...] = ()


class _Key(BaseModel):
    AddressLine: Listed[str] = []
    PoliticalDivision2: str = ""
    PoliticalDivision1: str = ""
    PostcodePrimaryLow: str = ""
    PostcodeExtendedLow: str = ""
    CountryCode: str


class _Candidate(BaseModel):
    AddressKeyFormat: _Key


class _Answer(BaseModel):
    ValidAddressIndicator: Any = None
    AmbiguousAddressIndicator: Any = None
    NoCandidatesIndicator: Any = None
    Candidate: Listed[_Candidate] = []


class Checked(BaseModel):
    """The answer of the validation."""

    XAVResponse: _Answer


def question(address: Address) -> dict[str, Any]:
    """The body of the request; Refused("unsupported") for countries of which UPS knows no streets."""
    told = postal(address)
    if told["CountryCode"] not in COUNTRIES:
        raise Refused("unsupported", "UPS checks addresses of the United States and Puerto Rico alone.")
    code = told.get("PostalCode", "")
    key = {
        "AddressLine": told["AddressLine"],
        "PoliticalDivision2": told["City"],
        "PoliticalDivision1": told.get("StateProvinceCode", ""),
        "PostcodePrimaryLow": code[:5],
        "PostcodeExtendedLow": code[5:],
        "CountryCode": told["CountryCode"],
    }
    return {"XAVRequest": {"AddressKeyFormat": {name: value for name, value in key.items() if value}}}


def checked(document: Mapping[str, Any]) -> AddressCheck:
    """What UPS found. The indicators are empty strings: that they are there is what they say."""
    said = parsed(Checked, document).XAVResponse
    told = said.model_fields_set
    candidates = tuple(_address(one.AddressKeyFormat) for one in said.Candidate)
    if "NoCandidatesIndicator" in told:
        return AddressCheck(status="not_found")
    if "AmbiguousAddressIndicator" in told:
        return AddressCheck(status="ambiguous", candidates=candidates)
    if "ValidAddressIndicator" in told:
        return AddressCheck(status="valid", candidates=candidates)
    return AddressCheck(status="unknown", candidates=candidates)


def _address(key: _Key) -> Address:
    code = "-".join(part for part in (key.PostcodePrimaryLow, key.PostcodeExtendedLow) if part)
    lines = [*key.AddressLine, "", ""]
    return Address(
        address1=lines[0] or None,
        address2=" ".join(part for part in lines[1:] if part) or None,
        city=key.PoliticalDivision2 or None,
        province=key.PoliticalDivision1 or None,
        postal_code=code or None,
        country_code=key.CountryCode,
    )
