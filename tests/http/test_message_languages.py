"""Every shopper is answered in the language that they write, in all fourteen."""

from __future__ import annotations

import pytest

from app.services.wording import LANGUAGES, say
from tests.http.talk import tell
from tests.support.app import Tenant

ASKED = {
    "en": "Where is my order #1003?",
    "de": "Wo ist meine Bestellung #1003?",
    "fr": "Où est ma commande #1003 ?",
    "es": "¿Cuándo llega mi pedido #1003?",
    "it": "Dov'è il mio ordine #1003?",
    "pt": "Onde está a minha encomenda #1003?",
    "nl": "Waar is mijn bestelling #1003?",
    "pl": "Gdzie jest moje zamówienie #1003?",
    "tr": "1003 numaralı siparişim nerede?",
    "az": "1003 nömrəli sifarişim haradadır?",
    "ru": "Где мой заказ #1003?",
    "ar": "أين طلبي #1003؟",
    "zh": "我的订单 #1003 什么时候到？",
    "ja": "注文 #1003 の配送状況を教えてください。",
}


def test_all_fourteen_are_here() -> None:
    assert set(ASKED) == set(LANGUAGES)
    assert len(ASKED) == 14


@pytest.mark.parametrize("language", sorted(ASKED))
def test_a_question_is_answered_in_its_own_language(store: Tenant, language: str) -> None:
    proved = tell(store, ASKED[language], shopper="cust-emma")
    assert (proved["outcome"], proved["reply"]["language"]) == ("answered", language)
    assert proved["reply"]["text"] == say("status.pending", language, number="#1003")
    unproved = tell(store, ASKED[language])
    assert unproved["reply"]["text"] == say("ask.proof", language)


def test_a_text_of_no_language_is_answered_in_the_shopper_s_own(store: Tenant) -> None:
    assert tell(store, "#1006", shopper="cust-yuki")["reply"]["language"] == "ja"
    assert tell(store, "#1008", shopper="cust-jordan", locale="fr-CH")["reply"]["language"] == "fr"
    assert tell(store, "🙂", locale="xx")["reply"]["language"] == "en"
