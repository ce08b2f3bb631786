"""Azerbaijani."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "{number} nömrəli sifariş qəbul edilib və hazırlanmağı gözləyir.",
    "status.processing": "{number} nömrəli sifariş göndərilmək üçün hazırlanır.",
    "status.shipped": "{number} nömrəli sifariş yoldadır.",
    "status.shipped_eta": "{number} nömrəli sifariş yoldadır və ən gec {date} tarixində çatacağı gözlənilir.",
    "status.out_for_delivery": "{number} nömrəli sifariş bu gün kuryerlə çatdırılır.",
    "status.delayed": "{number} nömrəli sifariş yoldadır, lakin gecikir: ən gec {date} tarixində çatmalı idi.",
    "status.exception": "{number} nömrəli sifariş yoldadır; çatdırılma şirkəti problem olduğunu bildirir.",
    "status.delivered": "{number} nömrəli sifariş çatdırılıb.",
    "status.delivered_on": "{number} nömrəli sifariş {date} tarixində çatdırılıb.",
    "status.canceled": "{number} nömrəli sifariş ləğv edilib.",
    "status.lost": (
        "{number} nömrəli sifarişin bağlaması, çox güman ki, yolda itib. Zəhmət olmasa, bizə yazın, məsələni həll edək."
    ),
    "status.announced": "{number} nömrəli sifariş qablaşdırılıb; çatdırılma şirkəti onu hələ götürməyib.",
    "status.returned": "{number} nömrəli sifarişin bağlaması göndərənə qayıdır.",
    "status.unshipped_late": (
        "{number} nömrəli sifariş ən gec {date} tarixində çatmalı idi, lakin hələ göndərilməyib."
    ),
    "status.parts": "{number} nömrəli sifariş hissə-hissə gəlir: {parts}.",
    # asking for something
    "ask.proof": (
        "Yoxlaya bilməyimiz üçün zəhmət olmasa, sifariş nömrəsini və sifarişdəki e-poçt ünvanını, telefon "
        "nömrəsini və ya poçt indeksini bizə yazın."
    ),
    "ask.sign_in": (
        "Təhlükəsizliyiniz üçün əvvəlcə kimliyinizi təsdiqləməliyik. Zəhmət olmasa, hesabınıza daxil olun və "
        "sorğunuzu təkrarlayın."
    ),
    "ask.which_order": "Söhbət hansı sifarişinizdən gedir?",
    "ask.which_items": "{number} nömrəli sifarişdən hansı məhsulları qaytarmaq istəyirsiniz?",
    "ask.what_item": "{number} nömrəli sifarişdəki hansı məhsuldan söhbət gedir?",
    "ask.wrong_or_missing": "Səhv məhsul gəlib, yoxsa məhsul çatışmır?",
    "ask.how_many": "Neçə ədəd məhsula aiddir?",
    # acting
    "return.started": (
        "{number} nömrəli sifariş üzrə {rma} nömrəli qaytarmanız təsdiqləndi. Qaytarma etiketiniz hazırlanır "
        "və bir azdan burada olacaq. Məhsullar bizə çatıb yoxlanıldıqdan sonra pulunuzu qaytaracağıq."
    ),
    "return.awaits": (
        "{number} nömrəli sifariş üzrə qaytarma sorğunuz bizə çatıb ({rma}). Əməkdaşımız onu yoxlayıb sizə "
        "cavab verəcək."
    ),
    "claim.opened": (
        "{number} nömrəli sifarişlə bağlı bildirişiniz bizə çatdı. Əməkdaşımız ona baxıb sizə burada cavab verəcək."
    ),
    "cancel.started": (
        "{number} nömrəli sifarişi ləğv edirik. Ödədiyiniz məbləğ eyni ödəniş üsulu ilə sizə qaytarılacaq."
    ),
    "cancel.started_unpaid": "{number} nömrəli sifarişi ləğv edirik. Sizdən heç bir məbləğ tutulmayıb.",
    "refund.started": "{number} nömrəli sifariş üzrə {amount} məbləğini eyni ödəniş üsulu ilə sizə qaytarırıq.",
    "refund.status_succeeded": "{number} nömrəli sifariş üzrə {amount} məbləği sizə qaytarılıb.",
    "refund.status_pending": "{number} nömrəli sifariş üzrə {amount} məbləğinin qaytarılması icra olunur.",
    "refund.status_failed": (
        "{number} nömrəli sifariş üzrə {amount} məbləğini hələ qaytarmaq mümkün olmayıb. Əməkdaşımız bununla "
        "məşğul olur."
    ),
    "refund.status_none": "{number} nömrəli sifariş üzrə hələlik pul qaytarılması yoxdur.",
    # saying no
    "no.order_not_pending": (
        "{number} nömrəli sifarişi artıq ləğv etmək mümkün deyil, çünki o, göndərilməkdədir. Sifarişi "
        "alandan sonra qaytara bilərsiniz."
    ),
    "no.already_canceled": "{number} nömrəli sifariş artıq ləğv edilib.",
    "no.order_not_delivered": (
        "{number} nömrəli sifariş hələ çatdırılmayıb, buna görə də onu hələ qaytarmaq mümkün deyil."
    ),
    "no.return_window_closed": "{number} nömrəli sifarişin qaytarılma müddəti bitib.",
    "no.already_returned": "{number} nömrəli sifarişdəki məhsullar üzrə qaytarma artıq başlanıb.",
    "no.already_claimed": "Əməkdaşımız {number} nömrəli sifarişdəki bu məhsullara artıq baxır.",
    "no.item_not_returnable": "{number} nömrəli sifarişdəki bu məhsulları qaytarmaq mümkün deyil.",
    # passing on
    "handoff": "Mesajınız üçün təşəkkür edirik. Əməkdaşımız bununla məşğul olacaq və sizə burada cavab verəcək.",
    "handoff.angry": (
        "Baş verənlərə görə üzr istəyirik. Əməkdaşımız bununla şəxsən məşğul olacaq və sizə burada cavab verəcək."
    ),
    "thanks": "Təşəkkür edirik, bunu eşitməyə çox şadıq!",
    "hello": "Salam! Sifarişinizlə bağlı sizə necə kömək edə bilərik?",
    # buttons
    "button.all_items": "Bütün məhsullar",
    "button.wrong": "Səhv məhsul",
    "button.missing": "Məhsul çatışmır",
    "button.person": "Əməkdaşla danışmaq",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "{parcels} çatdırılıb",
    "part.shipped": "{parcels} yoldadır",
    "part.shipped_eta": "{parcels} ən gec {date} tarixində gözlənilir",
    "part.out_for_delivery": "{parcels} bu gün kuryerdədir",
    "part.announced": "{parcels} hələ götürülməyib",
    "part.delayed": "{parcels} gecikir",
    "part.silent": "{parcels} barədə xəbər yoxdur",
    "part.exception": "{parcels} üzrə çatdırılma problemi var",
    "part.lost": "{parcels} itmiş ola bilər",
    "part.returned": "{parcels} göndərənə qayıdır",
    "part.preparing": "{items} hələ hazırlanır",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} bağlama",
        "other": "{count} bağlama",
    },
    "items": {
        "one": "{count} məhsul",
        "other": "{count} məhsul",
    },
    "status.silent": {
        "one": "{number} nömrəli sifariş yoldadır; çatdırılma şirkəti {count} gündür məlumat vermir.",
        "other": "{number} nömrəli sifariş yoldadır; çatdırılma şirkəti {count} gündür məlumat vermir.",
    },
    "policy.return_window": {
        "one": (
            "Məhsulları çatdırıldıqdan sonra {count} gün ərzində qaytara bilərsiniz. Sadəcə sifariş nömrəsini "
            "bizə yazın."
        ),
        "other": (
            "Məhsulları çatdırıldıqdan sonra {count} gün ərzində qaytara bilərsiniz. Sadəcə sifariş nömrəsini "
            "bizə yazın."
        ),
    },
}
