"""The actionable intents in 14 languages, in sentences of our own writing."""

import pytest

from app.services.triage.contract import IntentName
from app.services.triage.plain import PlainTriager

CANCEL, RETURN, REFUND, STATUS = "order.cancel", "return.request", "refund.request", "order.status"

SAID = {
    "en": {
        CANCEL: [
            "Please cancel my order #1001",
            "I want to cancel order 1001 right away",
            "Can you cancel the order I placed?",
            "I need my order cancelled today",
        ],
        RETURN: [
            "I would like to return these shoes",
            "How do I send this jacket back?",
            "Please send me a return label",
            "I want to start a return for my order",
        ],
        REFUND: [
            "I want a refund for the blue lamp",
            "Please refund me",
            "I demand my money back",
            "Could I get a refund for this?",
        ],
        STATUS: [
            "Where is my order from Monday?",
            "Has my package shipped yet?",
            "When will my parcel arrive?",
            "What is the status of order 1001?",
        ],
    },
    "de": {
        CANCEL: [
            "Bitte stornieren Sie meine Bestellung",
            "Ich möchte meine Bestellung 1001 stornieren",
            "Können Sie den Auftrag stornieren?",
            "Stornierung der Bestellung 1001 bitte",
        ],
        RETURN: [
            "Ich möchte die Schuhe zurückschicken",
            "Wie kann ich den Artikel zurückgeben?",
            "Bitte schicken Sie mir ein Retourenlabel",
            "Ich würde das Kleid gerne zurücksenden",
        ],
        REFUND: [
            "Ich möchte mein Geld zurück",
            "Ich verlange eine Rückerstattung",
            "Bitte erstatten Sie mir den Betrag",
            "Ich hätte gerne eine Erstattung",
        ],
        STATUS: [
            "Wo ist meine Bestellung?",
            "Wann kommt mein Paket an?",
            "Wie ist der Status meiner Bestellung 1001?",
            "Wurde mein Paket schon verschickt?",
        ],
    },
    "fr": {
        CANCEL: [
            "Je veux annuler ma commande",
            "Pouvez-vous annuler la commande 1001 ?",
            "Merci d'annuler ma commande svp",
            "Je souhaite l'annulation de ma commande",
        ],
        RETURN: [
            "Je voudrais retourner cet article",
            "Comment renvoyer ces chaussures ?",
            "Je souhaite faire un retour",
            "Pouvez-vous m'envoyer une étiquette de retour ?",
        ],
        REFUND: [
            "Je veux être remboursé",
            "Je demande un remboursement",
            "Remboursez-moi s'il vous plaît",
            "Je voudrais obtenir le remboursement de cet achat",
        ],
        STATUS: [
            "Où est ma commande ?",
            "Quand vais-je recevoir mon colis ?",
            "Quel est le statut de ma commande 1001 ?",
            "Ma commande est-elle expédiée ?",
        ],
    },
    "es": {
        CANCEL: [
            "Quiero cancelar mi pedido",
            "Por favor, cancelen el pedido 1001",
            "¿Pueden anular mi compra?",
            "Necesito la cancelación de mi pedido",
        ],
        RETURN: [
            "Quiero devolver estos zapatos",
            "¿Cómo puedo devolver el artículo?",
            "Quisiera hacer una devolución",
            "Necesito una etiqueta de devolución",
        ],
        REFUND: [
            "Quiero un reembolso",
            "Exijo que me devuelvan mi dinero",
            "Solicito el reembolso de mi compra",
            "Necesito que me reembolsen",
        ],
        STATUS: [
            "¿Dónde está mi pedido del lunes?",
            "¿Cuándo llega mi paquete?",
            "¿Cuál es el estado de mi pedido 1001?",
            "Quiero rastrear mi envío",
        ],
    },
    "it": {
        CANCEL: [
            "Vorrei annullare il mio ordine",
            "Per favore cancellate l'ordine 1001",
            "Potete annullare il mio acquisto?",
            "Chiedo l'annullamento dell'ordine",
        ],
        RETURN: [
            "Vorrei restituire queste scarpe",
            "Come posso restituire l'articolo?",
            "Voglio fare un reso",
            "Mi serve l'etichetta per il reso",
        ],
        REFUND: [
            "Voglio un rimborso",
            "Rivoglio i miei soldi indietro",
            "Chiedo il rimborso dell'acquisto",
            "Vorrei essere rimborsato",
        ],
        STATUS: [
            "Dov'è il mio ordine?",
            "Quando arriva il mio pacco?",
            "Qual è lo stato del mio ordine 1001?",
            "Avete spedito il mio ordine?",
        ],
    },
    "pt": {
        CANCEL: [
            "Quero cancelar o meu pedido",
            "Por favor cancelem a encomenda 1001",
            "Podem cancelar minha compra?",
            "Solicito o cancelamento do pedido",
        ],
        RETURN: [
            "Quero devolver estes sapatos",
            "Como posso devolver o produto?",
            "Gostaria de fazer uma devolução",
            "Preciso de uma etiqueta de devolução",
        ],
        REFUND: [
            "Quero um reembolso",
            "Quero o meu dinheiro de volta",
            "Solicito o reembolso da compra",
            "Gostaria de pedir o estorno",
        ],
        STATUS: [
            "Onde está o meu pedido?",
            "Quando chega a minha encomenda?",
            "Qual é o status do meu pedido 1001?",
            "Quero rastrear minha encomenda",
        ],
    },
    "nl": {
        CANCEL: [
            "Ik wil mijn bestelling annuleren",
            "Graag bestelling 1001 annuleren",
            "Kunt u mijn order annuleren?",
            "Annuleer mijn bestelling alstublieft",
        ],
        RETURN: [
            "Ik wil deze schoenen retourneren",
            "Hoe kan ik dit artikel terugsturen?",
            "Stuur mij een retourlabel",
            "Ik zou de jas graag terugsturen",
        ],
        REFUND: [
            "Ik wil mijn geld terug",
            "Ik wil graag een terugbetaling",
            "Ik eis een terugbetaling",
            "Kan ik mijn geld terugkrijgen?",
        ],
        STATUS: [
            "Waar is mijn bestelling?",
            "Wanneer komt mijn pakket aan?",
            "Wat is de status van bestelling 1001?",
            "Ik wil mijn pakketje volgen",
        ],
    },
    "pl": {
        CANCEL: [
            "Chcę anulować zamówienie",
            "Proszę anulować moje zamówienie 1001",
            "Czy można odwołać zamówienie?",
            "Proszę o anulowanie zamówienia",
        ],
        RETURN: [
            "Chcę zwrócić buty",
            "Jak mogę odesłać towar?",
            "Chciałbym zgłosić zwrot towaru",
            "Poproszę etykietę zwrotną do paczki",
        ],
        REFUND: ["Chcę zwrot pieniędzy", "Żądam zwrotu pieniędzy", "Proszę o zwrot kosztów", "Oddajcie mi pieniądze"],
        STATUS: [
            "Gdzie jest moje zamówienie?",
            "Kiedy dotrze moja paczka?",
            "Jaki jest status zamówienia 1001?",
            "Czy moja paczka została wysłana?",
        ],
    },
    "tr": {
        CANCEL: [
            "Dünkü siparişimi iptal etmek istiyorum",
            "Lütfen 1001 numaralı siparişimi iptal edin",
            "Siparişi iptal eder misiniz?",
            "Sipariş iptali yapabilir misiniz, iptal istiyorum",
        ],
        RETURN: [
            "Ayakkabıyı iade etmek istiyorum",
            "Ürünü nasıl iade edebilirim?",
            "İade kodu alabilir miyim?",
            "Bu ürünü geri göndermek istiyorum",
        ],
        REFUND: [
            "Paramı geri istiyorum",
            "Para iadesi istiyorum",
            "Ücret iadesi talep ediyorum",
            "Paramın iade edilmesini istiyorum",
        ],
        STATUS: [
            "Dünkü siparişim nerede?",
            "Kargom ne zaman gelecek?",
            "1001 numaralı siparişimin durumu nedir?",
            "Kargo takip numarası alabilir miyim?",
        ],
    },
    "az": {
        CANCEL: [
            "Sifarişimi ləğv etmək istəyirəm",
            "Zəhmət olmasa 1001 nömrəli sifarişi ləğv edin",
            "Sifarişi ləğv etmək olar?",
            "Sifarişimdən imtina etmək istəyirəm",
        ],
        RETURN: [
            "Məhsulu qaytarmaq istəyirəm",
            "Bu ayaqqabını necə qaytara bilərəm?",
            "Paltarı geri göndərmək istəyirəm",
            "Qaytarma etiketi göndərin",
        ],
        REFUND: [
            "Pulumu geri istəyirəm",
            "Pulumun qaytarılmasını istəyirəm",
            "Ödənişi geri qaytarmağınızı xahiş edirəm",
            "Pulu geri qaytarmaq üçün tələb edirəm",
        ],
        STATUS: [
            "Sifarişim haradadır?",
            "Bağlamam nə vaxt gələcək?",
            "1001 nömrəli sifarişin statusu nədir?",
            "İzləmə nömrəsi verə bilərsiniz?",
        ],
    },
    "ru": {
        CANCEL: [
            "Хочу отменить заказ",
            "Пожалуйста, отмените мой заказ 1001",
            "Можно аннулировать заказ?",
            "Прошу отмены заказа",
        ],
        RETURN: [
            "Хочу вернуть товар",
            "Как мне вернуть эти ботинки?",
            "Хочу оформить возврат товара",
            "Пришлите этикетку для возврата",
        ],
        REFUND: [
            "Верните мне деньги",
            "Хочу вернуть деньги за покупку",
            "Требую возврат денег",
            "Прошу возместить средства",
        ],
        STATUS: [
            "Где мой заказ?",
            "Когда придет моя посылка?",
            "Какой статус заказа 1001?",
            "Вы уже отправили мой заказ?",
        ],
    },
    "zh": {
        CANCEL: ["我想取消订单", "请帮我取消订单1001", "订单可以取消吗", "我要取消這個訂單"],
        RETURN: ["我想退货", "怎么申请退货", "这双鞋我要退货", "我想把衣服退回去"],
        REFUND: ["我要退款", "请给我退款", "我要求退钱", "我想申请退款"],
        STATUS: ["我的订单到哪了", "包裹什么时候到", "查一下我的快递", "我的订单发货了吗"],
    },
    "ar": {
        CANCEL: [
            "أريد إلغاء طلبي",
            "الرجاء إلغاء الطلب رقم 1001",
            "هل يمكن إلغاء الطلب؟",
            "ارغب في إلغاء طلبي من فضلكم",
        ],
        RETURN: ["أريد إرجاع المنتج", "كيف يمكنني إرجاع الحذاء؟", "أود إرجاع هذا المنتج", "أحتاج ملصق إرجاع"],
        REFUND: [
            "أريد استرداد المبلغ",
            "أريد استرداد أموالي",
            "أطالب باسترجاع فلوسي",
            "أعيدوا لي نقودي، أريد استرداد المال",
        ],
        STATUS: ["أين طلبي؟", "متى يصل طلبي؟", "ما حالة الطلب رقم 1001؟", "أريد تتبع شحنتي"],
    },
    "ja": {
        CANCEL: [
            "注文をキャンセルしたいです",
            "注文番号1001をキャンセルしてください",
            "オーダーを取り消してください",
            "先ほどの注文のキャンセルをお願いします",
        ],
        RETURN: [
            "商品を返品したいです",
            "返品の方法を教えてください",
            "この靴を返品できますか",
            "返送ラベルを送ってください",
        ],
        REFUND: ["返金してください", "返金をお願いします", "返金を希望します", "代金を返してください"],
        STATUS: [
            "注文した商品はどこですか",
            "荷物はいつ届きますか",
            "配送状況を確認したいです",
            "注文1001の状況を教えてください",
        ],
    },
}

DENIED = {
    "en": ["Please don't cancel my order", "I do not want to cancel order 1001", "Never cancel my order!"],
    "de": ["Bitte nicht stornieren, meine Bestellung soll kommen", "Stornieren Sie die Bestellung bitte nicht"],
    "fr": ["Je ne veux pas annuler ma commande", "N'annulez pas ma commande"],
    "es": ["No quiero cancelar mi pedido", "No cancelen el pedido 1001"],
    "it": ["Non voglio annullare l'ordine", "Non annullate il mio ordine"],
    "pt": ["Não quero cancelar o pedido", "Não cancelem a minha encomenda"],
    "nl": ["Ik wil mijn bestelling niet annuleren", "Annuleer mijn bestelling niet"],
    "pl": ["Nie chcę anulować zamówienia", "Proszę nie anulować zamówienia"],
    "tr": ["Siparişimi iptal etmek istemiyorum", "Siparişimi iptal etmeyin"],
    "az": ["Sifarişimi ləğv etmək istəmirəm", "Sifarişimi ləğv etməyin"],
    "ru": ["Не отменяйте мой заказ", "Я не хочу отменять заказ"],
    "zh": ["请不要取消订单", "我不想取消订单"],
    "ar": ["لا تلغوا طلبي", "لا أريد إلغاء الطلب"],
    "ja": ["注文をキャンセルしないでください", "注文はキャンセルしたくないです"],
}

ROWS = [(code, name, text) for code, said in SAID.items() for name, texts in said.items() for text in texts]


@pytest.mark.parametrize(("code", "name", "text"), ROWS)
def test_a_plain_request_is_understood_with_high_confidence(code, name, text):
    result = PlainTriager().triage(text, locale_hint=code)
    assert (result.intent.name, result.intent.confidence >= 0.7) == (IntentName(name), True), result.intents


def test_every_language_has_four_sentences_of_each_actionable_intent():
    assert len(SAID) == 14
    assert all(len(texts) >= 4 for said in SAID.values() for texts in said.values())


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in DENIED.items() for text in texts])
def test_a_denied_cancellation_is_no_cancellation(code, text):
    result = PlainTriager().triage(text, locale_hint=code)
    assert all(intent.name != IntentName.ORDER_CANCEL or intent.confidence < 0.5 for intent in result.intents), (
        result.intents
    )


@pytest.mark.parametrize(
    ("code", "texts"), [(code, [t for s in said.values() for t in s]) for code, said in SAID.items()]
)
def test_the_language_is_found_without_a_hint(code, texts):
    found = [PlainTriager().triage(text).language.code for text in texts]
    assert found.count(code) >= len(texts) - 3, found
