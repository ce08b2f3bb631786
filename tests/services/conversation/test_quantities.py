"""How many a text means: what it says, all where it says nothing, a question where it may be either."""

from __future__ import annotations

import pytest

from app.services.conversation.quantities import NUMBERS, quantities
from app.services.wording import LANGUAGES

MUG = {"mug": "Mug white"}


@pytest.mark.parametrize(
    ("language", "title", "text", "wanted"),
    [
        ("en", "Mug white", "Return one of my three mugs", 1),
        ("en", "Mug white", "I want to return 2 mugs of order #1001", 2),
        ("en", "Mug white", "I'd like to send back two white mugs please", 2),
        ("en", "Mug white", "I want to return the mugs", 3),
        ("en", "Mug white", "Return order #1001, bought for 9.99", 3),
        ("en", "Mug white", "Return the mugs I bought 2 weeks ago", None),
        ("en", "Mug white", "Return 4 mugs", None),
        ("en", "Mug white", "Return 1 or 2 mugs", None),
        ("en", "Mug white", "Return ２ mugs", 2),
        ("de", "Tasse weiß", "Ich möchte eine der drei Tassen zurückschicken", 1),
        ("de", "Tasse weiß", "Ich habe eine Frage: Ich möchte die Ware zurückschicken", 3),
        ("de", "Tasse weiß", "Ich möchte zwei Tassen zurückgeben", 2),
        ("de", "Tasse weiß", "Ich möchte eine Tasse zurückgeben", None),
        ("fr", "Tasse blanche", "Je veux retourner deux tasses", 2),
        ("fr", "Tasse blanche", "Je veux retourner une de mes trois tasses", 1),
        ("es", "Taza blanca", "Quiero devolver dos tazas", 2),
        ("es", "Taza blanca", "Llegó el 2 de mayo, quiero devolver el pedido", None),
        ("it", "Tazza bianca", "Vorrei restituire due tazze", 2),
        ("pt", "Caneca branca", "Quero devolver uma das três canecas", 1),
        ("nl", "Mok wit", "Ik wil twee mokken terugsturen", 2),
        ("pl", "Kubek biały", "Chcę zwrócić dwa kubki", 2),
        ("ru", "Кружка белая", "Хочу вернуть одну из кружек", 1),
        ("tr", "Kupa beyaz", "İki kupa iade etmek istiyorum", 2),
        ("ar", "كوب أبيض", "أريد إرجاع واحد من الأكواب", 1),
        ("ja", "マグカップ", "マグカップを2個返品したい", None),
        ("zh", "白色马克杯", "我想退一个", None),
    ],
)
def test_a_number_counts_where_it_can_mean_one_thing_only(
    language: str, title: str, text: str, wanted: int | None
) -> None:
    said = quantities(text, language, {"mug": title}, {"mug": 3})
    assert said == (None if wanted is None else {"mug": wanted})


def test_each_of_several_lines_has_its_own_number() -> None:
    titles, most = {**MUG, "sock": "Merino socks"}, {"mug": 3, "sock": 2, "other": 5}
    assert quantities("Return two mugs and one pair of socks", "en", titles, most) == {"mug": 2, "sock": 1}
    assert quantities("Return the mugs and the socks", "en", titles, most) == {"mug": 3, "sock": 2}


def test_of_what_there_is_one_nothing_need_be_understood() -> None:
    assert quantities("Return it, I ordered 2 weeks ago", "en", MUG, {"mug": 1}) == {"mug": 1}


def test_every_language_counts_to_ten() -> None:
    assert NUMBERS.keys() == set(LANGUAGES)
    assert all(set(forms.values()) == set(range(1, 11)) for forms in NUMBERS.values())
