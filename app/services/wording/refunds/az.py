"""Azerbaijani."""

EXPLANATIONS: dict[str, str] = {
    "approval": ("{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz əməkdaşımızın təsdiqini gözləyir."),
    "waiting": (
        "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz mağaza sifarişdəki "
        "dəyişikliyi təsdiqlədikdən sonra ödəniləcək."
    ),
    "pending": "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz yoldadır.",
    "unknown": (
        "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz tələb olunub; ödəniş xidməti "
        "hələ təsdiqləməyib və məbləğ o vaxta qədər sizin üçün saxlanılır."
    ),
    "paid": "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz ödədiyiniz üsulla qaytarılıb.",
    "paid_credit": ("{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz mağaza krediti kimi verilib."),
    "paid_method": (
        "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz seçdiyiniz ödəniş üsuluna köçürülüb."
    ),
    "part_open": (
        "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişinizin {part} hissəsi ödənilib, "
        "{rest} hələ yoldadır."
    ),
    "part_failed": (
        "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişinizin {part} hissəsi ödənilib; "
        "{rest} ödənilə bilmədi."
    ),
    "failed": "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz ödənilə bilmədi.",
    "elsewhere": (
        "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz yenidən ödənilmədi, çünki "
        "pul artıq başqa yolla qaytarılmışdı."
    ),
    "reversed": (
        "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz ödənilmişdi, lakin bank onu "
        "{date} tarixində geri göndərdi."
    ),
    "part_reversed": (
        "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişinizin {part} hissəsi ödənilib; "
        "bank {rest} məbləğini {date} tarixində geri göndərdi."
    ),
    "kept": (
        "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz ödənilmədi, çünki sifariş olduğu kimi qaldı."
    ),
    "rejected": "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz təsdiqlənmədi.",
    "after_all": (
        "{number} nömrəli sifariş üçün {amount} məbləğində geri ödənişiniz əvvəlcə uğursuz sayılmışdı; "
        "ödəniş xidməti indi onun ödənildiyini bildirir."
    ),
    "short": "Bunun {short} hissəsi ödənilə bilmədi.",
    "fee": "{fee} rüsum kimi tutulub.",
    "shipping": "Bunun {shipping} hissəsi çatdırılma üçündür.",
    "currency": "{currency} ilə ödəmisiniz: bankınız məbləği öz məzənnəsi ilə çevirir.",
}
