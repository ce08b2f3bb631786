"""Azerbaijani."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "{number} nömrəli sifarişdən imtinanız",
    "withdrawal.will_cancel": (
        "Sifariş ləğv olunur və göndərilmir. Ödədiyiniz məbləğ eyni ödəniş üsulu ilə qaytarılır."
    ),
    "withdrawal.will_refund": (
        "Hələ göndərilməmiş məhsullar sifarişdən çıxarılır. Onlar üçün ödədiyiniz məbləğ eyni ödəniş "
        "üsulu ilə qaytarılır."
    ),
    "withdrawal.will_return": (
        "Məhsulları geri göndərirsiniz. Onlar bizə çatanda ödədiyiniz məbləğ eyni ödəniş üsulu ilə qaytarılır."
    ),
    "withdrawal.confirm": "İmtinanızın qüvvəyə minməsi üçün təsdiq edin. Səbəb göstərmək lazım deyil.",
    "withdrawal.received": (
        "{number} nömrəli sifariş üzrə müqavilədən imtinanızı aldıq. Siz onu {date} tarixində saat "
        "{time} bildirmisiniz. Bu məhsulları əhatə edir:"
    ),
    "withdrawal.cancel": "Sifariş ləğv olunur və göndərilmir.",
    "withdrawal.refund": "Bu məhsullar anbarımızdan hələ çıxmayıbsa, artıq göndərilməyəcək.",
    "withdrawal.return": "Aldıqlarınızı ən geci {back} tarixinədək geri göndərin. Qaytarma nömrəniz: {rma}.",
    "withdrawal.person": "Komandamız indi nə edilməli olduğuna baxır və sizə yazacaq.",
    "withdrawal.due": "Ödədiyiniz məbləğ ən geci {due} tarixinədək eyni ödəniş üsulu ilə qaytarılır.",
    "withdrawal.due_part": (
        "Bu məhsullar üçün ödədiyiniz məbləğ ən geci {due} tarixinədək eyni ödəniş üsulu ilə qaytarılır."
    ),
    "withdrawal.keep": "İstinad nömrəniz: {reference}. Bu mesajı saxlayın.",
    "confirmation.subject": "{number} nömrəli sifarişin təsdiqi",
    "confirmation.placed": "{date} tarixli {number} nömrəli sifarişiniz üçün təşəkkür edirik. Tərkibi:",
    "confirmation.total": "Ümumi məbləğ: {amount}.",
    "return.started.subject": "{number} nömrəli sifarişin qaytarılması başladı",
    "return.started": "{number} nömrəli sifariş üzrə {rma} nömrəli qaytarmanız başladı. Bu məhsulları əhatə edir:",
    "exchange.started.subject": "{number} nömrəli sifarişin dəyişdirilməsi başladı",
    "exchange.started": "{number} nömrəli sifariş üzrə {rma} nömrəli dəyişdirməniz başladı. Bu məhsulları əhatə edir:",
    "return.send": "Məhsulları geri göndərin. Onlar bizə çatan kimi sizə yazacağıq.",
    "return.keep": "Məhsullar sizdə qala bilər; heç nə geri göndərmək lazım deyil.",
    "return.arrived.subject": "{number} nömrəli sifarişin qaytarılması bizə çatdı",
    "return.arrived": "{number} nömrəli sifariş üzrə {rma} nömrəli qaytarmanız bizə çatdı. Bu məhsulları aldıq:",
    "refund.paid.subject": "{number} nömrəli sifariş üzrə məbləğ qaytarıldı",
    "refund.paid": "{number} nömrəli sifariş üzrə {amount} məbləğini eyni ödəniş üsulu ilə qaytardıq.",
    "credit.given.subject": "{number} nömrəli sifariş üzrə mağaza krediti",
    "refund.paid_credit": "{number} nömrəli sifariş üzrə {amount} məbləğini mağaza krediti kimi verdik.",
    "refund.paid_method": "{number} nömrəli sifariş üzrə {amount} məbləğini seçdiyiniz ödəniş üsuluna ödədik.",
    "code.subject": "Kodunuz hazırdır",
    "code.text": (
        "Kodunuz {code}. O, on dəqiqə ərzində etibarlıdır. Kodu istədiyiniz səhifəyə daxil edin və heç "
        "kimə verməyin. Onu siz istəməmisinizsə, heç nə etməyinizə ehtiyac yoxdur."
    ),
}
