"""Keys under which contacts and order numbers match: one function for the mirror's columns and for every look-up.

Each returns None where the text cannot be what it is asked for; None never matches anything, not even None. A key is
for comparing, not for showing. Two people must not share a key, because a key is a proof of identity
(contract, "Proof of identity"): so no dots or `+tags` of an e-mail address are dropped, and letters are not folded to
look-alikes (the Kelvin sign is no `k`, the dotless `ı` no `i`).
"""

from __future__ import annotations

import re
import unicodedata

from app.services.digits import ascii_digits

_LONGEST = 320
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_FULLWIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x3002: 0x2E, 0xFF61: 0x2E}
_UPPER_TO_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_LOCAL = re.compile(r"[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,64}")
_BECOMES_ASCII = re.compile(r"[\u037e\u1fef\u2000\u2001\u212a]")  # by NFC alone: look-alikes, never an address
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def email_key(text: str) -> str | None:
    """The address in one form: `Max.M@Straße.de` → `max.m@xn--strae-oqa.de`; None where it is none.

    Fullwidth forms become ASCII, A–Z becomes a–z, the domain is punycode. `<…>` and `mailto:` around it are dropped.
    """
    text = _INVISIBLE.sub("", text).translate(_FULLWIDTH).strip()
    text = text.removeprefix("<").removesuffix(">").strip()
    if text[:7].casefold() == "mailto:":
        text = text[7:].partition("?")[0]
    local, at, domain = text.rpartition("@")
    host = _host(domain)
    if not at or host is None or len(text) > _LONGEST or not _LOCAL.fullmatch(local) or ".." in local:
        return None
    if local[0] == "." or local[-1] == "." or _BECOMES_ASCII.search(local):
        return None
    return f"{unicodedata.normalize('NFC', local).translate(_UPPER_TO_LOWER)}@{host}"


def _host(domain: str) -> str | None:
    """The domain in ASCII (punycode per label, ß kept apart from ss), or None where it is no public name."""
    if len(domain) > 253:
        return None
    labels: list[str] = []
    for label in unicodedata.normalize("NFKC", domain).lower().removesuffix(".").split("."):
        try:
            ascii_label = label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
        except UnicodeError:
            return None
        if not _LABEL.fullmatch(ascii_label):
            return None
        labels.append(ascii_label)
    return ".".join(labels) if len(labels) > 1 and not labels[-1].isdigit() else None


def phone_key(text: str, default_country: str | None = None) -> str | None:
    """The number's E.164 digits without `+` (`(030) 901820` in DE → `4930901820`); None where it can be none.

    `default_country` is the ISO 3166 code by which a national number is read (the order's shipping country); without it
    only numbers with `+` or `00` count. An extension is left out. Any script's digits.
    """
    import phonenumbers  # heavy: only where a phone number is asked for

    text = ascii_digits(_INVISIBLE.sub("", text).translate(_FULLWIDTH)).strip().removeprefix("tel:")
    country = default_country.upper() if default_country else None
    if country is None and text.startswith("00"):
        text = "+" + text[2:]
    if not 5 <= len(text) <= 64:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


_COUNTRY_BEFORE = re.compile(r"(?:[A-Z]{1,2}-(?=[0-9])|(?:AD|AZ|LT|LV|LU|MD)(?=[0-9]{3,6}\Z))")
_ZIP_PLUS_4 = re.compile(r"([0-9]{5})[- ][0-9]{4}")


def postal_key(text: str) -> str | None:
    """The postal code in capitals without spaces and dashes: `sw1a 1aa` → `SW1A1AA`, `〒100-0001` → `1000001`.

    A country's letters before digits (`D-10115`, `AZ 1000`) and the last four digits of a United States ZIP+4 are left
    out, since shoppers write the code with and without them. None where nothing is left or it is longer than 12.
    """
    text = unicodedata.normalize("NFKC", ascii_digits(_INVISIBLE.sub("", text[:64]))).strip().upper().lstrip("〒")
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", " ".join(text.split()))
    if plus_4 := _ZIP_PLUS_4.fullmatch(text):
        text = plus_4[1]
    text = text.replace(" ", "")
    text = text[found.end() :] if (found := _COUNTRY_BEFORE.match(text)) else text
    key = "".join(char for char in text if char.isalnum())
    return key if 2 <= len(key) <= 12 else None


_NUMBER_SIGNS = re.compile(r"^(?:#|№|n[º°o]\.?(?=[0-9]))+")


def order_number_key(text: str) -> str | None:
    """The order number casefolded, without `#`, spaces and invisible characters: ` #W237 8156` → `w2378156`.

    Any script's digits become 0–9; dashes and leading zeros stay, because shops tell orders apart by them. None where
    nothing is left or it is longer than 100.
    """
    text = unicodedata.normalize("NFKC", ascii_digits(_INVISIBLE.sub("", text[:200].replace("№", "#")))).casefold()
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", "".join(text.split()))
    key = unicodedata.normalize("NFC", _NUMBER_SIGNS.sub("", text).replace("#", ""))
    return key if 0 < len(key) <= 100 else None
