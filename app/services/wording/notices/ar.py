"""Arabic."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "انسحابك من الطلب {number}",
    "withdrawal.will_cancel": "سيُلغى الطلب ولن يُشحن. نعيد إليك ما دفعته بطريقة الدفع نفسها.",
    "withdrawal.will_refund": (
        "ستُحذف من الطلب المنتجات التي لم تُشحن بعد. نعيد إليك ما دفعته مقابلها بطريقة الدفع نفسها."
    ),
    "withdrawal.will_return": "تعيد المنتجات إلينا. وبعد وصولها نعيد إليك ما دفعته مقابلها بطريقة الدفع نفسها.",
    "withdrawal.confirm": "يُرجى التأكيد ليصبح انسحابك ملزمًا. لا حاجة إلى ذكر السبب.",
    "withdrawal.received": (
        "لقد استلمنا انسحابك من العقد الخاص بالطلب {number}. أعلنته بتاريخ {date} في الساعة {time}. وهو "
        "يشمل هذه المنتجات:"
    ),
    "withdrawal.cancel": "سيُلغى الطلب ولن يُشحن.",
    "withdrawal.refund": "لن تُشحن هذه المنتجات ما دامت لم تغادر مستودعنا بعد.",
    "withdrawal.return": "يُرجى إعادة ما وصلك في موعد أقصاه {back}. رقم الإرجاع هو {rma}.",
    "withdrawal.person": "ينظر فريقنا فيما يجب فعله الآن وسيكتب إليك.",
    "withdrawal.due": "نعيد إليك ما دفعته بطريقة الدفع نفسها في موعد أقصاه {due}.",
    "withdrawal.due_part": "نعيد إليك ما دفعته مقابل هذه المنتجات بطريقة الدفع نفسها في موعد أقصاه {due}.",
    "withdrawal.keep": "رقمك المرجعي هو {reference}. يُرجى الاحتفاظ بهذه الرسالة.",
    "confirmation.subject": "تأكيد الطلب {number}",
    "confirmation.placed": "شكرًا على طلبك {number} بتاريخ {date}. وهو يشمل:",
    "confirmation.total": "المبلغ الإجمالي: {amount}.",
    "return.started.subject": "بدأ إرجاع الطلب {number}",
    "return.started": "بدأ الإرجاع {rma} للطلب {number}. وهو يشمل هذه المنتجات:",
    "exchange.started.subject": "بدأ استبدال الطلب {number}",
    "exchange.started": "بدأ الاستبدال {rma} للطلب {number}. وهو يشمل هذه المنتجات:",
    "return.send": "يُرجى إعادة المنتجات إلينا. سنكتب إليك فور وصولها.",
    "return.keep": "يمكنك الاحتفاظ بالمنتجات، ولا حاجة إلى إعادة أي شيء.",
    "return.arrived.subject": "وصل إلينا إرجاع الطلب {number}",
    "return.arrived": "وصل إلينا الإرجاع {rma} للطلب {number}. وقد استلمنا هذه المنتجات:",
    "refund.paid.subject": "دُفع المبلغ المسترد للطلب {number}",
    "refund.paid": "أعدنا إليك {amount} عن الطلب {number} بطريقة الدفع نفسها.",
    "credit.given.subject": "رصيد في المتجر عن الطلب {number}",
    "refund.paid_credit": "أضفنا إليك {amount} رصيدًا في المتجر عن الطلب {number}.",
    "refund.paid_method": "دفعنا {amount} عن الطلب {number} إلى طريقة الدفع التي اخترتها.",
    "code.subject": "رمز التحقق الخاص بك",
    "code.text": (
        "رمزك هو {code}، وهو صالح لمدة عشر دقائق. أدخله في الصفحة التي طلبته منها ولا تعطه لأحد. إذا لم "
        "تطلبه فلا داعي لفعل أي شيء."
    ),
}
