"""Arabic."""

EXPLANATIONS: dict[str, str] = {
    "approval": "استرداد مبلغ {amount} للطلب {number} ينتظر موافقة أحد زملائنا.",
    "waiting": "سيُدفع استرداد مبلغ {amount} للطلب {number} فور تأكيد المتجر لتعديل الطلب.",
    "pending": "استرداد مبلغ {amount} للطلب {number} في الطريق إليك.",
    "unknown": (
        "طُلب استرداد مبلغ {amount} للطلب {number}؛ لم تؤكده جهة الدفع بعد، ويبقى المبلغ محجوزًا لك حتى ذلك الحين."
    ),
    "paid": "دُفع استرداد مبلغ {amount} للطلب {number} بالطريقة التي دفعت بها.",
    "paid_credit": "مُنح لك استرداد مبلغ {amount} للطلب {number} كرصيد في المتجر.",
    "paid_method": "دُفع استرداد مبلغ {amount} للطلب {number} إلى وسيلة الدفع التي اخترتها.",
    "part_open": "من استرداد مبلغ {amount} للطلب {number} دُفع {part} وما زال {rest} في الطريق.",
    "part_failed": "من استرداد مبلغ {amount} للطلب {number} دُفع {part}؛ وتعذّر دفع {rest}.",
    "failed": "تعذّر دفع استرداد مبلغ {amount} للطلب {number}.",
    "elsewhere": "لم يُدفع استرداد مبلغ {amount} للطلب {number} مرة أخرى لأن المال كان قد أُعيد بطريقة أخرى.",
    "reversed": "كان استرداد مبلغ {amount} للطلب {number} قد دُفع، لكن البنك أعاده في {date}.",
    "part_reversed": "من استرداد مبلغ {amount} للطلب {number} دُفع {part}؛ وأعاد البنك {rest} في {date}.",
    "kept": "لم يُدفع استرداد مبلغ {amount} للطلب {number} لأن الطلب بقي كما كان.",
    "rejected": "لم تتم الموافقة على استرداد مبلغ {amount} للطلب {number}.",
    "after_all": ("عُدّ استرداد مبلغ {amount} للطلب {number} فاشلًا في البداية؛ وتفيد جهة الدفع الآن بأنه دُفع."),
    "short": "تعذّر دفع {short} منها.",
    "fee": "خُصم {fee} كرسوم.",
    "shipping": "منها {shipping} للشحن.",
    "currency": "لقد دفعت بعملة {currency}: يحوّل البنك المبلغ بسعر الصرف لديه.",
}
