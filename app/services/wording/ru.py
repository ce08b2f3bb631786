"""Russian. A date ends in `г.`, so that none stands at the end of a sentence."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "Заказ {number} принят и скоро будет передан в обработку.",
    "status.processing": "Заказ {number} готовится к отправке.",
    "status.shipped": "Заказ {number} в пути.",
    "status.shipped_eta": "Заказ {number} в пути и не позднее {date} должен быть доставлен.",
    "status.out_for_delivery": "Заказ {number} сегодня передан курьеру для доставки.",
    "status.delayed": "Заказ {number} в пути, но задерживается: не позднее {date} он должен был прибыть.",
    "status.exception": "Заказ {number} в пути; служба доставки сообщает о проблеме с доставкой.",
    "status.delivered": "Заказ {number} доставлен.",
    "status.delivered_on": "{date} заказ {number} был доставлен.",
    "status.canceled": "Заказ {number} отменён.",
    "status.lost": "Посылка с заказом {number}, вероятно, потерялась в пути. Напишите нам, и мы решим этот вопрос.",
    "status.announced": "Заказ {number} упакован; служба доставки ещё не забрала его.",
    "status.returned": "Посылка с заказом {number} возвращается отправителю.",
    "status.unshipped_late": "Заказ {number} ещё не отправлен, хотя не позднее {date} он должен был прибыть.",
    "status.parts": "Заказ {number} приходит частями: {parts}.",
    # asking for something
    "ask.proof": (
        "Чтобы мы могли всё проверить, сообщите, пожалуйста, номер заказа, а также адрес электронной почты, "
        "номер телефона или почтовый индекс, указанные в заказе."
    ),
    "ask.sign_in": (
        "Ради вашей безопасности сначала мы должны убедиться, что это именно вы. Пожалуйста, войдите в свой "
        "аккаунт и повторите запрос."
    ),
    "ask.which_order": "О каком из ваших заказов идёт речь?",
    "ask.which_items": "Какие товары из заказа {number} вы хотите вернуть?",
    "ask.what_item": "О каком товаре из заказа {number} идёт речь?",
    "ask.wrong_or_missing": "Пришёл не тот товар, или он отсутствует?",
    "ask.how_many": "Скольких штук это касается?",
    # acting
    "return.started": (
        "Ваш возврат {rma} по заказу {number} одобрен. Этикетка для возврата уже готовится и скоро появится "
        "здесь. Мы вернём деньги, когда получим и проверим товары."
    ),
    "return.awaits": (
        "Мы получили ваш запрос на возврат товаров из заказа {number} ({rma}). Наш сотрудник рассмотрит его "
        "и ответит вам."
    ),
    "claim.opened": "Мы получили ваше сообщение о заказе {number}. Наш сотрудник рассмотрит его и ответит вам здесь.",
    "cancel.started": "Мы отменяем заказ {number}. Оплаченная сумма вернётся тем же способом, которым вы платили.",
    "cancel.started_unpaid": "Мы отменяем заказ {number}. Деньги не были списаны.",
    "refund.started": "Мы возвращаем вам {amount} за заказ {number} тем же способом, которым вы платили.",
    "refund.status_succeeded": "Деньги за заказ {number} в размере {amount} возвращены.",
    "refund.status_pending": "Возврат денег за заказ {number} на сумму {amount} уже выполняется.",
    "refund.status_failed": (
        "Вернуть {amount} за заказ {number} пока не удалось. Наш сотрудник занимается этим вопросом."
    ),
    "refund.status_none": "Возвратов денег за заказ {number} пока не было.",
    # saying no
    "no.order_not_pending": (
        "Заказ {number} уже нельзя отменить, так как он отправляется. Вы сможете вернуть его после получения."
    ),
    "no.already_canceled": "Заказ {number} уже отменён.",
    "no.order_not_delivered": "Заказ {number} ещё не доставлен, поэтому вернуть его пока нельзя.",
    "no.return_window_closed": "Срок возврата по заказу {number} истёк.",
    "no.already_returned": "Возврат товаров из заказа {number} уже оформлен.",
    "no.already_claimed": "Наш сотрудник уже занимается этими товарами из заказа {number}.",
    "no.item_not_returnable": "Эти товары из заказа {number} возврату не подлежат.",
    # passing on
    "handoff": "Спасибо за ваше сообщение. Наш сотрудник займётся этим вопросом и ответит вам здесь.",
    "handoff.angry": "Нам очень жаль, что так вышло. Наш сотрудник лично займётся этим вопросом и ответит вам здесь.",
    "thanks": "Спасибо, нам очень приятно это слышать!",
    "hello": "Здравствуйте! Чем мы можем помочь вам с заказом?",
    # buttons
    "button.all_items": "Все товары",
    "button.wrong": "Не тот товар",
    "button.missing": "Товар отсутствует",
    "button.person": "Связаться с сотрудником",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "доставлено — {parcels}",
    "part.shipped": "в пути — {parcels}",
    "part.shipped_eta": "не позднее {date} — {parcels}",
    "part.out_for_delivery": "сегодня у курьера — {parcels}",
    "part.announced": "ждёт службу доставки — {parcels}",
    "part.delayed": "с задержкой — {parcels}",
    "part.silent": "без вестей от службы доставки — {parcels}",
    "part.exception": "проблема с доставкой — {parcels}",
    "part.lost": "потеря вероятна — {parcels}",
    "part.returned": "возвращается отправителю — {parcels}",
    "part.preparing": "ещё готовится — {items}",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} посылка",
        "few": "{count} посылки",
        "many": "{count} посылок",
        "other": "{count} посылки",
    },
    "items": {
        "one": "{count} товар",
        "few": "{count} товара",
        "many": "{count} товаров",
        "other": "{count} товара",
    },
    "status.silent": {
        "one": "Заказ {number} в пути; служба доставки уже {count} день ничего не сообщает.",
        "few": "Заказ {number} в пути; служба доставки уже {count} дня ничего не сообщает.",
        "many": "Заказ {number} в пути; служба доставки уже {count} дней ничего не сообщает.",
        "other": "Заказ {number} в пути; служба доставки уже {count} дня ничего не сообщает.",
    },
    "policy.return_window": {
        "one": "Вернуть товары можно в течение {count} дня после доставки. Просто сообщите нам номер заказа.",
        "few": "Вернуть товары можно в течение {count} дней после доставки. Просто сообщите нам номер заказа.",
        "many": "Вернуть товары можно в течение {count} дней после доставки. Просто сообщите нам номер заказа.",
        "other": "Вернуть товары можно в течение {count} дня после доставки. Просто сообщите нам номер заказа.",
    },
}
