"""Turkish."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "{number} numaralı sipariş alındı ve hazırlanmayı bekliyor.",
    "status.processing": "{number} numaralı sipariş kargoya hazırlanıyor.",
    "status.shipped": "{number} numaralı sipariş yolda.",
    "status.shipped_eta": "{number} numaralı sipariş yolda; en geç {date} tarihinde ulaşması bekleniyor.",
    "status.out_for_delivery": "{number} numaralı sipariş bugün dağıtıma çıktı.",
    "status.delayed": (
        "{number} numaralı sipariş yolda, ancak gecikti: en geç {date} tarihinde ulaşması bekleniyordu."
    ),
    "status.exception": "{number} numaralı sipariş yolda; kargo firması teslimatta bir sorun bildiriyor.",
    "status.delivered": "{number} numaralı sipariş teslim edildi.",
    "status.delivered_on": "{number} numaralı sipariş {date} tarihinde teslim edildi.",
    "status.canceled": "{number} numaralı sipariş iptal edildi.",
    "status.lost": (
        "{number} numaralı siparişin kolisi büyük olasılıkla yolda kayboldu. Lütfen bize yazın, çözüm bulalım."
    ),
    "status.announced": "{number} numaralı sipariş paketlendi; kargo firması henüz teslim almadı.",
    "status.returned": "{number} numaralı siparişin kolisi gönderene geri dönüyor.",
    "status.unshipped_late": (
        "{number} numaralı siparişin en geç {date} tarihinde ulaşması gerekiyordu, ancak henüz gönderilmedi."
    ),
    "status.parts": "{number} numaralı sipariş parçalar hâlinde geliyor: {parts}.",
    # asking for something
    "ask.proof": (
        "Kontrol edebilmemiz için lütfen sipariş numaranızı ve siparişteki e-posta adresini, telefon "
        "numarasını veya posta kodunu bize yazın."
    ),
    "ask.sign_in": (
        "Güvenliğiniz için önce kimliğinizi doğrulamamız gerekiyor. Lütfen giriş yapıp isteğinizi tekrar iletin."
    ),
    "ask.which_order": "Hangi siparişinizden bahsediyorsunuz?",
    "ask.which_items": "{number} numaralı siparişteki hangi ürünleri iade etmek istersiniz?",
    "ask.what_item": "{number} numaralı siparişinizdeki hangi ürün söz konusu?",
    "ask.wrong_or_missing": "Yanlış ürün mü geldi, yoksa ürün eksik mi?",
    "ask.how_many": "Kaç adet ürün etkilendi?",
    # acting
    "return.started": (
        "{number} numaralı sipariş için {rma} numaralı iadeniz onaylandı. İade etiketiniz hazırlanıyor ve "
        "birazdan burada olacak. Ürünler bize ulaşıp kontrol edildikten sonra ödemenizi iade edeceğiz."
    ),
    "return.awaits": (
        "{number} numaralı sipariş için iade talebiniz bize ulaştı ({rma}). Müşteri temsilcimiz inceleyip "
        "size yanıt verecek."
    ),
    "claim.opened": (
        "{number} numaralı siparişinizle ilgili bildiriminiz bize ulaştı. "
        "Müşteri temsilcimiz inceleyip size buradan yanıt verecek."
    ),
    "cancel.started": (
        "{number} numaralı siparişi iptal ediyoruz. Ödediğiniz tutar, kullandığınız ödeme yöntemine iade edilecek."
    ),
    "cancel.started_unpaid": "{number} numaralı siparişi iptal ediyoruz. Sizden herhangi bir ücret alınmadı.",
    "refund.started": (
        "{number} numaralı sipariş için {amount} tutarındaki para iadesini kullandığınız ödeme yöntemine yapıyoruz."
    ),
    "refund.status_succeeded": "{number} numaralı sipariş için {amount} tutarındaki para iadeniz yapıldı.",
    "refund.status_pending": "{number} numaralı sipariş için {amount} tutarındaki para iadeniz yolda.",
    "refund.status_failed": (
        "{number} numaralı sipariş için {amount} tutarındaki para iadeniz henüz yapılamadı. Müşteri "
        "temsilcimiz konuyla ilgileniyor."
    ),
    "refund.status_none": "{number} numaralı sipariş için şu ana kadar bir para iadesi bulunmuyor.",
    # saying no
    "no.order_not_pending": (
        "{number} numaralı sipariş kargoya verilmekte olduğu için artık iptal edilemiyor. Elinize ulaştıktan "
        "sonra iade edebilirsiniz."
    ),
    "no.already_canceled": "{number} numaralı sipariş zaten iptal edilmiş.",
    "no.order_not_delivered": "{number} numaralı sipariş henüz teslim edilmediği için şu anda iade edilemiyor.",
    "no.return_window_closed": "{number} numaralı siparişin iade süresi doldu.",
    "no.already_returned": "{number} numaralı siparişteki ürünler için zaten bir iade süreci var.",
    "no.already_claimed": "Müşteri temsilcimiz {number} numaralı siparişinizdeki bu ürünleri zaten inceliyor.",
    "no.item_not_returnable": "{number} numaralı siparişteki bu ürünler iade edilemiyor.",
    # passing on
    "handoff": "Mesajınız için teşekkür ederiz. Müşteri temsilcimiz konuyla ilgilenecek ve size buradan yanıt verecek.",
    "handoff.angry": (
        "Yaşadıklarınız için özür dileriz. Bir müşteri temsilcimiz konuyla bizzat ilgilenecek ve size "
        "buradan yanıt verecek."
    ),
    "thanks": "Teşekkür ederiz, bunu duyduğumuza çok sevindik!",
    "hello": "Merhaba! Siparişinizle ilgili size nasıl yardımcı olabiliriz?",
    # buttons
    "button.all_items": "Tüm ürünler",
    "button.wrong": "Yanlış ürün",
    "button.missing": "Ürün eksik",
    "button.person": "Müşteri temsilcisine bağlanın",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "{parcels} teslim edildi",
    "part.shipped": "{parcels} yolda",
    "part.shipped_eta": "{parcels} en geç {date} tarihinde bekleniyor",
    "part.out_for_delivery": "{parcels} bugün dağıtımda",
    "part.announced": "{parcels} henüz kargoya verilmedi",
    "part.delayed": "{parcels} gecikti",
    "part.silent": "{parcels} için kargo firmasından haber yok",
    "part.exception": "{parcels} için teslimat sorunu var",
    "part.lost": "{parcels} büyük olasılıkla kayboldu",
    "part.returned": "{parcels} gönderene geri dönüyor",
    "part.preparing": "{items} hâlâ hazırlanıyor",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} koli",
        "other": "{count} koli",
    },
    "items": {
        "one": "{count} ürün",
        "other": "{count} ürün",
    },
    "status.silent": {
        "one": "{number} numaralı sipariş yolda; kargo firmasından {count} gündür haber alınamıyor.",
        "other": "{number} numaralı sipariş yolda; kargo firmasından {count} gündür haber alınamıyor.",
    },
    "policy.return_window": {
        "one": (
            "Ürünleri teslimattan sonra {count} gün içinde iade edebilirsiniz. Sipariş numaranızı bize yazmanız "
            "yeterli."
        ),
        "other": (
            "Ürünleri teslimattan sonra {count} gün içinde iade edebilirsiniz. Sipariş numaranızı bize yazmanız "
            "yeterli."
        ),
    },
}
