"""Turkish."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "{number} numaralı siparişten cayma bildiriminiz",
    "withdrawal.will_cancel": (
        "Sipariş iptal edilir ve gönderilmez. Ödediğiniz tutar aynı ödeme yöntemiyle iade edilir."
    ),
    "withdrawal.will_refund": (
        "Henüz gönderilmemiş ürünler siparişten çıkarılır. Bunlar için ödediğiniz tutar aynı ödeme "
        "yöntemiyle iade edilir."
    ),
    "withdrawal.will_return": (
        "Ürünleri geri gönderirsiniz. Bize ulaştıklarında ödediğiniz tutar aynı ödeme yöntemiyle iade edilir."
    ),
    "withdrawal.confirm": (
        "Cayma bildiriminizin bağlayıcı olması için lütfen onaylayın. Gerekçe belirtmeniz gerekmez."
    ),
    "withdrawal.received": (
        "{number} numaralı siparişe ilişkin sözleşmeden cayma bildiriminizi aldık. Bildirimi {date} "
        "tarihinde saat {time} itibarıyla yaptınız. Şu ürünleri kapsar:"
    ),
    "withdrawal.cancel": "Sipariş iptal edilir ve gönderilmez.",
    "withdrawal.refund": "Bu ürünler depomuzdan henüz çıkmadıysa artık gönderilmez.",
    "withdrawal.return": (
        "Lütfen elinize ulaşanları en geç {back} tarihine kadar geri gönderin. İade numaranız: {rma}."
    ),
    "withdrawal.person": "Ekibimiz şimdi ne yapılması gerektiğine bakıyor ve size yazacak.",
    "withdrawal.due": "Ödediğiniz tutar en geç {due} tarihine kadar aynı ödeme yöntemiyle iade edilir.",
    "withdrawal.due_part": (
        "Bu ürünler için ödediğiniz tutar en geç {due} tarihine kadar aynı ödeme yöntemiyle iade edilir."
    ),
    "withdrawal.keep": "Referans numaranız: {reference}. Lütfen bu mesajı saklayın.",
    "confirmation.subject": "{number} numaralı siparişin onayı",
    "confirmation.placed": "{date} tarihli {number} numaralı siparişiniz için teşekkür ederiz. İçeriği:",
    "confirmation.total": "Toplam tutar: {amount}.",
    "return.started.subject": "{number} numaralı siparişin iadesi başladı",
    "return.started": "{number} numaralı sipariş için {rma} numaralı iadeniz başladı. Şu ürünleri kapsıyor:",
    "exchange.started.subject": "{number} numaralı siparişin değişimi başladı",
    "exchange.started": "{number} numaralı sipariş için {rma} numaralı değişiminiz başladı. Şu ürünleri kapsıyor:",
    "return.send": "Lütfen ürünleri geri gönderin. Bize ulaşır ulaşmaz size yazacağız.",
    "return.keep": "Ürünler sizde kalabilir; geri göndermeniz gerekmez.",
    "return.arrived.subject": "{number} numaralı siparişin iadesi bize ulaştı",
    "return.arrived": "{number} numaralı sipariş için {rma} numaralı iadeniz bize ulaştı. Şu ürünleri aldık:",
    "refund.paid.subject": "{number} numaralı siparişin para iadesi ödendi",
    "refund.paid": "{number} numaralı sipariş için {amount} tutarını aynı ödeme yöntemiyle iade ettik.",
    "credit.given.subject": "{number} numaralı sipariş için mağaza kredisi",
    "refund.paid_credit": "{number} numaralı sipariş için {amount} tutarını mağaza kredisi olarak tanımladık.",
    "refund.paid_method": "{number} numaralı sipariş için {amount} tutarını seçtiğiniz ödeme yöntemine ödedik.",
    "code.subject": "Kodunuz",
    "code.text": (
        "Kodunuz: {code}. On dakika geçerlidir. Kodu, istediğiniz sayfaya girin ve kimseyle paylaşmayın. "
        "Siz istemediyseniz bir şey yapmanız gerekmez."
    ),
}
