"""Arabic."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "تم استلام الطلب {number} وهو بانتظار التجهيز.",
    "status.processing": "يجري تجهيز الطلب {number} للشحن.",
    "status.shipped": "الطلب {number} في الطريق إليكم.",
    "status.shipped_eta": "الطلب {number} في الطريق، ومن المتوقع وصوله في موعد أقصاه {date}.",
    "status.out_for_delivery": "خرج الطلب {number} للتوصيل اليوم.",
    "status.delayed": "الطلب {number} في الطريق لكنه متأخر، فقد كان من المتوقع وصوله في موعد أقصاه {date}.",
    "status.exception": "الطلب {number} في الطريق، وقد أبلغت شركة الشحن عن مشكلة في التوصيل.",
    "status.delivered": "تم توصيل الطلب {number}.",
    "status.delivered_on": "تم توصيل الطلب {number} بتاريخ {date}.",
    "status.canceled": "تم إلغاء الطلب {number}.",
    "status.lost": "يُرجَّح أن طرد الطلب {number} قد فُقد في الطريق. يرجى مراسلتنا وسنجد لكم حلًا.",
    "status.announced": "تم تغليف الطلب {number}، ولم تستلمه شركة الشحن بعد.",
    "status.returned": "طرد الطلب {number} في طريق العودة إلى المرسِل.",
    "status.unshipped_late": "كان من المتوقع وصول الطلب {number} في موعد أقصاه {date}، لكنه لم يُشحن بعد.",
    "status.parts": "يصل الطلب {number} على دفعات: {parts}.",
    # asking for something
    "ask.proof": (
        "لنتمكن من التحقق من الأمر، يرجى تزويدنا برقم الطلب مع البريد الإلكتروني أو رقم الهاتف أو الرمز "
        "البريدي الخاص بالطلب."
    ),
    "ask.sign_in": "حرصًا على سلامتكم، نحتاج أولًا إلى التأكد من هويتكم. يرجى تسجيل الدخول ثم مراسلتنا مرة أخرى.",
    "ask.which_order": "عن أي طلب من طلباتكم تستفسرون؟",
    "ask.which_items": "ما المنتجات التي تودون إرجاعها من الطلب {number}؟",
    "ask.what_item": "ما المنتج المقصود من الطلب {number}؟",
    "ask.wrong_or_missing": "هل وصل منتج خاطئ أم أن المنتج ناقص؟",
    "ask.how_many": "كم قطعة تأثرت بذلك؟",
    # acting
    "return.started": (
        "تمت الموافقة على الإرجاع {rma} للطلب {number}. يجري إعداد ملصق الإرجاع وسيكون متاحًا هنا بعد لحظات. "
        "سنعيد إليكم المبلغ بعد وصول المنتجات وفحصها."
    ),
    "return.awaits": "وصلنا طلبكم لإرجاع منتجات من الطلب {number} ({rma}). سيراجعه أحد موظفينا ويرد عليكم.",
    "claim.opened": "وصلنا بلاغكم بشأن الطلب {number}. سيراجعه أحد موظفينا ويرد عليكم هنا.",
    "cancel.started": "نقوم الآن بإلغاء الطلب {number}. سيعود إليكم المبلغ المدفوع بطريقة الدفع نفسها.",
    "cancel.started_unpaid": "نقوم الآن بإلغاء الطلب {number}. لم يُخصم منكم أي مبلغ.",
    "refund.started": "نعيد إليكم الآن مبلغ {amount} عن الطلب {number} بطريقة الدفع نفسها.",
    "refund.status_succeeded": "تمت إعادة مبلغ {amount} إليكم عن الطلب {number}.",
    "refund.status_pending": "عملية إعادة مبلغ {amount} عن الطلب {number} جارية الآن.",
    "refund.status_failed": "لم نتمكن بعد من إعادة مبلغ {amount} عن الطلب {number}. يتابع أحد موظفينا الأمر.",
    "refund.status_none": "لا توجد حتى الآن أي إعادة مبالغ عن الطلب {number}.",
    # saying no
    "no.order_not_pending": "لم يعد بالإمكان إلغاء الطلب {number} لأنه قيد الشحن. يمكنكم إرجاعه بعد استلامه.",
    "no.already_canceled": "تم إلغاء الطلب {number} سابقًا.",
    "no.order_not_delivered": "لم يتم توصيل الطلب {number} بعد، لذلك لا يمكن إرجاعه الآن.",
    "no.return_window_closed": "انتهت مدة إرجاع الطلب {number}.",
    "no.already_returned": "منتجات الطلب {number} قيد الإرجاع بالفعل.",
    "no.already_claimed": "أحد موظفينا يراجع بالفعل هذه المنتجات من الطلب {number}.",
    "no.item_not_returnable": "هذه المنتجات من الطلب {number} غير قابلة للإرجاع.",
    # passing on
    "handoff": "شكرًا على رسالتكم. سيتولى أحد موظفينا الأمر ويرد عليكم هنا.",
    "handoff.angry": "نأسف لما حدث. سيتولى أحد موظفينا الأمر شخصيًا ويرد عليكم هنا.",
    "thanks": "شكرًا لكم، يسعدنا سماع ذلك!",
    "hello": "مرحبًا بكم! كيف يمكننا مساعدتكم بشأن طلبكم؟",
    # buttons
    "button.all_items": "جميع المنتجات",
    "button.wrong": "منتج خاطئ",
    "button.missing": "منتج ناقص",
    "button.person": "التحدث مع موظف",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": "، ",
    "part.delivered": "{parcels} (تم التوصيل)",
    "part.shipped": "{parcels} (في الطريق)",
    "part.shipped_eta": "{parcels} (في موعد أقصاه {date})",
    "part.out_for_delivery": "{parcels} (قيد التوصيل اليوم)",
    "part.announced": "{parcels} (بانتظار شركة الشحن)",
    "part.delayed": "{parcels} (مع تأخير)",
    "part.silent": "{parcels} (بلا أخبار من شركة الشحن)",
    "part.exception": "{parcels} (مع مشكلة في التوصيل)",
    "part.lost": "{parcels} (يُرجَّح فقدانه)",
    "part.returned": "{parcels} (في طريق العودة إلى المرسِل)",
    "part.preparing": "{items} (قيد التجهيز)",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "zero": "لا طرود",
        "one": "طرد واحد",
        "two": "طردان",
        "few": "{count} طرود",
        "many": "{count} طردًا",
        "other": "{count} طرد",
    },
    "items": {
        "zero": "لا قطع",
        "one": "قطعة واحدة",
        "two": "قطعتان",
        "few": "{count} قطع",
        "many": "{count} قطعة",
        "other": "{count} قطعة",
    },
    "status.silent": {
        "zero": "الطلب {number} في الطريق، ولم تصلنا أخبار من شركة الشحن منذ أقل من يوم.",
        "one": "الطلب {number} في الطريق، ولم تصلنا أخبار من شركة الشحن منذ يوم واحد.",
        "two": "الطلب {number} في الطريق، ولم تصلنا أخبار من شركة الشحن منذ يومين.",
        "few": "الطلب {number} في الطريق، ولم تصلنا أخبار من شركة الشحن منذ {count} أيام.",
        "many": "الطلب {number} في الطريق، ولم تصلنا أخبار من شركة الشحن منذ {count} يومًا.",
        "other": "الطلب {number} في الطريق، ولم تصلنا أخبار من شركة الشحن منذ {count} يوم.",
    },
    "policy.return_window": {
        "zero": "يمكنكم إرجاع المنتجات خلال {count} يوم من التوصيل. يكفي أن تزودونا برقم الطلب.",
        "one": "يمكنكم إرجاع المنتجات خلال يوم واحد من التوصيل. يكفي أن تزودونا برقم الطلب.",
        "two": "يمكنكم إرجاع المنتجات خلال يومين من التوصيل. يكفي أن تزودونا برقم الطلب.",
        "few": "يمكنكم إرجاع المنتجات خلال {count} أيام من التوصيل. يكفي أن تزودونا برقم الطلب.",
        "many": "يمكنكم إرجاع المنتجات خلال {count} يومًا من التوصيل. يكفي أن تزودونا برقم الطلب.",
        "other": "يمكنكم إرجاع المنتجات خلال {count} يوم من التوصيل. يكفي أن تزودونا برقم الطلب.",
    },
}
