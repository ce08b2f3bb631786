"""Turkish."""

EXPLANATIONS: dict[str, str] = {
    "approval": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz bir çalışma arkadaşımızın "
        "onayını bekliyor."
    ),
    "waiting": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz, mağaza sipariş "
        "değişikliğini onaylayınca ödenecek."
    ),
    "pending": "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz yolda.",
    "unknown": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz istendi; ödeme kuruluşu "
        "henüz onaylamadı ve tutar o zamana kadar sizin için ayrılmış durumda."
    ),
    "paid": ("{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz ödeme yaptığınız yolla ödendi."),
    "paid_credit": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz mağaza kredisi olarak verildi."
    ),
    "paid_method": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz seçtiğiniz ödeme yöntemine ödendi."
    ),
    "part_open": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadenizin {part} kadarı ödendi, "
        "{rest} kadarı hâlâ yolda."
    ),
    "part_failed": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadenizin {part} kadarı ödendi; "
        "{rest} kadarı ödenemedi."
    ),
    "failed": "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz ödenemedi.",
    "elsewhere": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz yeniden ödenmedi, çünkü "
        "para daha önce başka bir yolla iade edilmişti."
    ),
    "reversed": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz ödenmişti, ancak banka "
        "{date} tarihinde geri gönderdi."
    ),
    "part_reversed": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadenizin {part} kadarı ödendi; "
        "banka {rest} kadarını {date} tarihinde geri gönderdi."
    ),
    "kept": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz ödenmedi, çünkü sipariş "
        "olduğu gibi kaldı."
    ),
    "rejected": "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz onaylanmadı.",
    "after_all": (
        "{number} numaralı siparişiniz için {amount} tutarındaki para iadeniz önce başarısız sayılmıştı; "
        "ödeme kuruluşu şimdi ödendiğini bildiriyor."
    ),
    "short": "Bunun {short} kadarı ödenemedi.",
    "fee": "{fee} ücret olarak kesildi.",
    "shipping": "Bunun {shipping} kadarı kargo içindir.",
    "currency": "{currency} ile ödediniz: bankanız tutarı kendi kuruyla çevirir.",
}
