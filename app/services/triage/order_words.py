"""The words around order and tracking numbers in 14 languages, as pieces of regular expressions."""

from __future__ import annotations

ORDER = (
    r"(?:\b(?:orders?|purchases?|po|bestell(?:ung(?:en|s)?)?|auftrag(?:s)?|commandes?|pedidos?|compra|órdenes|orden|ordin[ei]"
    r"|acquisto|encomendas?|zamówieni[ae]|zamówień|zamowieni[ae]|siparişi?m?i?n?i?z?|siparis(?:im)?|sifarişi?m?|sifaris(?:im)?"
    r"|заказ(?:а|у|е|ом|ы|ов)?)|订单|訂單|订购|طلبي|الطلب|طلب|طلبية|طلبيه|注文|ご注文|オーダー)"
)
"""A word for an order."""

NUMBERED = (
    r"(?:nummern?|number|numbers|num|nrs?|no|id|code|ref|reference|numéros?|numero|número|nº|n°|n|nums|numer(?:ze)?|nummers?"
    r"|numaras?ı?|numarası|numarali|numaralı|nolu|nömrəsi|nömrə|номер(?:ом)?|号码|编号|号|编码|番号|رقم|رقمها|رقمه)"
)
"""A word for a number."""

LINK = (
    r"(?:is|was|ist|lautet|est|es|è|é|to|jest|это|mit|with|der|the|my|meine?r?|ma|mon|mi|mio|minha|meu|mijn|moje|mój|de|la|le"
    r"|met|van|del|do|da|是|为|は|が|の|هو|هي)"
)
"""A word that may stand between the two and the number itself."""

AFTER = (
    r"(?:numaralı|numarali|no['’]?lu|nolu|nömrəli|号的?|號的?|番(?:号)?の?|号の)\s{0,2}"
    r"(?:sipariş|siparis|sifariş|sifaris|订单|訂單|ご?注文|オーダー)"
)
"""What follows a number that stands before its word (`1001 numaralı sipariş`)."""

TRACKING = (
    r"(?:track(?:ing|ed)?|parcel|package|shipment|waybill|awb|sendungs\w{0,12}|paket\w{0,8}|colis|suivi|seguimiento|guía|envío"
    r"|spedizione|tracciamento|pacco|rastrei\w{0,4}|rastream\w{0,5}|pakket|zending|przesyłk\w{0,3}|paczk\w{0,3}|śledzeni\w{0,3}"
    r"|kargo|takip|gönderi|izləmə|bağlama|трек\w{0,5}|отслеж\w{0,8}|посылк\w{0,3}|накладн\w{0,4}|运单|快递|物流|追踪|追跡|伝票|送り状"
    r"|تتبع|شحن\w{0,3}|طرد|بوليصة)"
)
"""A word for a parcel or its tracking."""

CALL = (
    r"(?:phone|telephone|tel|call|mobile|cell|whatsapp|sms|telefon\w{0,4}|handy\w{0,8}|rückruf\w{0,4}|téléphone|portable|teléfono"
    r"|móvil|telefone|celular|telemóvel|cellulare|telefoon\w{0,6}|mobiel|komórk\w{0,3}|cep|тел|телефон\w{0,3}|звон\w{0,4}|电话|手机"
    r"|電話|携帯|هاتف|جوال|موبايل|اتصل)"
)
"""A word for a telephone."""
