"""Takes card numbers, security codes and keys out of whatever is about to be written or logged (invariant I13)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

from app.services.card_numbers import SHORTEST, card_candidates, card_spans
from app.services.digits import DIGIT, ascii_digits, has_digit, only_digits

_DEEPEST = 100
_PASSES = 8


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text that is safe to write, and how many `card`, `cvv` and `secret` were taken out of it."""

    text: str
    counts: Mapping[str, int] = field(default_factory=dict[str, int])


def redact(text: str, known: Collection[str] = ()) -> Redacted:
    """`text` with `[card]`, `[cvv]` and `[secret]` for what must never be stored; the same again changes nothing.

    `known`: ids (order, tracking, external) of the store whose digits stay though they look like a card number, namely
    those of `candidates(text)` that the caller has found in its tables. Security codes and keys are never known.
    Time is linear in the text. What counts as a card number is told in `card_numbers`.
    """
    if not has_digit(text) and _MARKED.search(text.lower()) is None:
        return Redacted(text)
    counts: Counter[str] = Counter()
    for _ in range(_PASSES):  # what is taken out can make a neighbor stand alone; two passes are usual, three are rare
        before = text
        text = _without_secrets(text, counts)
        if has_digit(text):
            text = _without_codes(_without_cards(text, known, counts), known, counts)
        if text == before:
            break
    return Redacted(text, dict(counts))


def may_hold(text: str) -> bool:
    """Whether a card number or a key can stand in `text` at all; a tenth of the time that `redact` takes."""
    return sum(map(str.isdigit, text)) >= SHORTEST or _MARKED.search(text.lower()) is not None


def candidates(text: str) -> set[str]:
    """The strings of `text` that would be redacted as card numbers, to be looked up among a store's ids.

    Digits are ASCII and without separators (`9400111899560000`). A number that is glued to letters comes with them as
    well (`JJD000390007882123456`), and a number within a longer one comes with the longer one.
    """
    return card_candidates(text) if has_digit(text) else set()


def redact_tree(value: object, known: Collection[str] = ()) -> object:
    """A copy of nested JSON or of a log event with every string, key, byte string and whole number redacted.

    Keys that become equal get a number behind them, so that nothing is lost. Below 100 levels stands `[deep]`.
    """
    return _tree(value, known, 0)


def _tree(value: object, known: Collection[str], depth: int) -> object:
    if isinstance(value, str):
        return redact(value, known).text
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict) and depth < _DEEPEST:  # what comes most: to ask for any mapping takes longer
        return _mapping(cast("dict[object, object]", value), known, depth)
    if isinstance(value, int | float):
        return _number(value, known)
    if isinstance(value, bytes | bytearray):
        return redact(value.decode("utf-8", "surrogateescape"), known).text.encode("utf-8", "surrogateescape")
    if not isinstance(value, Mapping | list | tuple | set | frozenset):
        return value
    if depth >= _DEEPEST:
        return "[deep]"
    if isinstance(value, Mapping):
        return _mapping(cast("Mapping[object, object]", value), known, depth)
    parts = [_tree(part, known, depth + 1) for part in cast("Collection[object]", value)]
    return tuple(parts) if isinstance(value, tuple) else parts


def _mapping(value: Mapping[object, object], known: Collection[str], depth: int) -> dict[object, object]:
    result: dict[object, object] = {}
    for key, part in value.items():
        name = redact(key, known).text if isinstance(key, str) else _number(key, known) if isinstance(key, int) else key
        taken, wanted = 1, name
        while name in result:
            taken += 1
            name = f"{wanted} {taken}"
        result[name] = _tree(part, known, depth + 1)
    return result


def _number(value: float, known: Collection[str]) -> object:
    """`[card]` for a number of 14–19 digits that is a card's; clock readings, measures and 13-digit shop ids stay."""
    if isinstance(value, bool) or not 10**13 <= value < 10**19 or value != int(value):
        return value
    digits = str(int(value))
    return "[card]" if digits[0] in "3456" and card_spans(digits, known) else value


def _without_cards(text: str, known: Collection[str], counts: Counter[str]) -> str:
    spans = card_spans(text, known)
    if not spans:
        return text
    counts["card"] += len(spans)
    parts: list[str] = []
    at = 0
    for start, end in spans:
        parts += (text[at:start], "[card]")
        at = end
    return "".join((*parts, text[at:]))


_MARKED = re.compile(r"sk|pk_|rk_|st_|whsec_|akia|asia|gh|xox|shp|glpat|aiza|sg\.|earer|eyj|-----begin")
"""In lower case: without one of these there is no secret in a text, and to look for them at once is cheap."""
_SECRET = re.compile(
    r"-----BEGIN [^\n]{0,80}?-----(?s:.*?)(?:-----END [^\n]{0,80}?-----|\Z)"
    r"|(?<![A-Za-z0-9])(?:"
    r"(?:sk|rk|pk|st)_(?:live|test)_[A-Za-z0-9_-]{4,}"
    r"|(?:sk|rk|pk|st)_(?=[A-Za-z_-]{0,64}[0-9])[A-Za-z0-9_-]{12,}"
    r"|whsec_[A-Za-z0-9+/=_-]{8,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|gh[oprsu]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|xox[a-z]-[A-Za-z0-9-]{8,}"
    r"|shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{16,}"
    r"|sk-(?=[A-Za-z_-]{0,64}[0-9])[A-Za-z0-9_-]{20,}"
    r"|AIza[A-Za-z0-9_-]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"
    r")"
    r"|(?P<keep>(?<![A-Za-z0-9])[Bb](?:earer|EARER)[ \t:=]{1,4})(?=[A-Za-z._~+/-]{0,64}[0-9])[A-Za-z0-9._~+/=-]{8,}"
)


def _without_secrets(text: str, counts: Counter[str]) -> str:
    if _MARKED.search(text.lower()) is None:
        return text
    text, found = _SECRET.subn(lambda match: f"{match['keep'] or ''}[secret]", text)
    if found:
        counts["secret"] += found
    return text


_CODE_WORDS = (
    r"c[\W_]?v[\W_]?[vc][\W_]?2?|c[\W_]?s[\W_]?c|cvn2?|cid"
    r"|card (?:verification|security)(?: (?:code|value|number|digits))?"
    r"|security (?:code|number|digits)|verification (?:value|digits)"  # en
    r"|(?:karten)?pr(?:ü|ue|u)f(?:nummer|ziffer|zahl|code)|sicherheits(?:code|nummer|zahl)"  # de
    r"|cryptogramme(?: visuel)?|code de s[eé]curit[eé]|code de v[eé]rification"  # fr
    r"|c[oó]digo de (?:seguridad|verificaci[oó]n)|clave de seguridad"  # es
    r"|codice di (?:sicurezza|verifica)"  # it
    r"|c[oó]digo de (?:seguran[cç]a|verifica[cç][aã]o)"  # pt
    r"|beveiligings(?:code|nummer)|veiligheidscode|verificatiecode"  # nl
    r"|kod(?:em|u)? (?:bezpiecze[nń]stwa|zabezpieczaj[aą]cy|weryfikacyjny)"  # pl
    r"|g[uü]venlik (?:kodu|numaras[ıi])|do[gğ]rulama kodu"  # tr
    r"|t[əe]hl[uü]k[əe]sizlik (?:kodu|n[oö]mr[əe]si)"  # az
    r"|код[а-я]{0,3} (?:безопасности|проверки|подтверждения карты)|(?:защитн|проверочн)[а-я]{2,3} код[а-я]{0,3}"  # ru
    r"|安全[码碼]|[驗验][證证][码碼]|校[驗验][码碼]|卡背(?:面)?(?:三位|后三位|末三碼)?"  # zh
    r"|セキュリティー?[・ ]?(?:コード|番号)|カード確認番号"  # ja
    r"|رمز (?:ال)?(?:أمان|امان|تحقق|حماية)(?: الخاص)?|كود (?:ال)?(?:أمان|امان)|الرقم السري"  # ar
)
_ORDERS = re.compile(
    r"order|bestell|auftrag|command|pedido|ordin|encomenda|zam[oó]wi|sipari|sifari|заказ|订单|訂單|طلب|注文|#",
    re.IGNORECASE,
)
_CODE = rf"(?:{DIGIT}{{3,4}}|{DIGIT}(?:[ .\-]{DIGIT}){{2,3}})"
_CODE_AFTER = re.compile(
    rf"(?P<word>(?<![^\W_])(?:{_CODE_WORDS}))(?P<gap>(?:(?!{DIGIT})[^\n]){{0,28}}?)(?P<code>(?<![\w.,]){_CODE}|(?<=[^\x00-\u02ff]){_CODE})"
    rf"(?![A-Za-z]|[.,:/-]?{DIGIT})",
    re.IGNORECASE,
)
_CODE_BEFORE = re.compile(
    rf"(?<![\w#.,])(?P<code>{_CODE})(?P<gap>[\s\"'(:=\-,]{{0,4}}(?:(?:is|as|ist|est|es|è|é|to|jest|это|—)\s+)?"
    rf"(?:(?:my|the|mein|meine|der|die|le|mon|el|mi|il|mio|o|meu|de|mijn|mój|benim|mənim|мой)\s+)?(?:{_CODE_WORDS})(?![^\W_]))",
    re.IGNORECASE,
)
_CODE_BEHIND_CARD = re.compile(
    rf"(?P<gap>\[card\][^\w\n]{{1,4}}(?:(?:exp|exp\.|valid|ab|bis|gültig)?\W{{0,3}}{DIGIT}{{1,2}}\s?[/.\-]\s?(?:{DIGIT}{{4}}|{DIGIT}{{2}})[^\w\n]{{1,4}}))"
    rf"(?P<code>{DIGIT}{{3,4}})(?![A-Za-z]|[.,:/-]?{DIGIT})",
    re.IGNORECASE,
)


def _without_codes(text: str, known: Collection[str], counts: Counter[str]) -> str:
    """`text` without the security codes that stand near a word for them, or behind a card number and its expiry."""
    mine = frozenset(only_digits(name) for name in known)

    def after(match: re.Match[str]) -> str:
        of_an_order = _ORDERS.search(match["gap"]) or (
            ascii_digits(match["code"]) in mine and match["gap"].strip(" :=")
        )
        return match.group() if of_an_order else f"{match['word']}{match['gap']}{seen()}"

    def seen() -> str:
        counts["cvv"] += 1
        return "[cvv]"

    text = _CODE_AFTER.sub(after, text)
    text = _CODE_BEFORE.sub(lambda match: seen() + match["gap"], text)
    if "[card]" in text:
        text = _CODE_BEHIND_CARD.sub(lambda match: match["gap"] + seen(), text)
    return text
