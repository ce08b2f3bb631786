"""Turkish."""

GROUPS = {
    "order": "sipariş*|siparis*|alışveriş*|satın_al*",
    "goods": "sipariş*|siparis*|kargo*|paket*|ürün*|teslimat*|gönderi*",
    "money": (
        "para|paramı|param|paramın|iade_ücreti|ücret_iadesi|para_iadesi|ücretim|ücretimi|geri_ödeme*|"
        "para_iademi|para_iadem|ücret_iademi|ücret_iadem"
    ),
    "human": (
        "insan*|temsilci*|müşteri_temsilci*|yetkili*|biriyle|birisiyle|kişi*|operatör*|müşteri_hizmet*|canlı_destek*"
    ),
    "wish": (
        "istiyorum|isterim|istiyoruz|edebilir*|eder|edin|edilsin|lütfen|edelim|nasıl|mısınız|misiniz|"
        "ediyorum|edeceğim|rica|etmek|ettirmek"
    ),
}

PHRASES = {
    "order.cancel": """
       4  @order ~4 iptal
       4  iptal ~4 @order
       4  iptal @wish
       3  iptal
       2  vazgeçtim
      -4  üyelik*|abonelik*|hesap*|hesabım*|bülten*|iade* ~4 iptal
      -4  iptal ücret*|koşul*|şart*|politika*
      no  iptal ~1 etmeyin*|etme|etmek_istemiyorum|edilmesin|etmeyiniz|ettirmek_istemiyorum|olmasın|etmeden
      no  neden|niye ~5 iptal edildi|ettiniz|oldu
      no  iptal edilmiş|edilmedi
    """,
    "return.request": """
       4  iade ~2 etmek|edebilir*|edeceğim|ediyorum|edicem
       4  iade kod*|etiket*|formu*|talebi|işlemi|başlat*|kargo*
       4  geri göndermek|gönderebilir*|yollamak|göndereceğim|vermek
       3  iade_etmek|iade_edebilir*
       2  iade
      -4  iade ~1 şart*|koşul*|politika*|süre*|hakkı*
      -4  kaç_gün*|ne_kadar_süre*|hangi ~6 iade
      -4  para|ücret|ücretimi|paramı iade*
      -4  iade ~3 nerede|ne_zaman|durum*|yatmadı|gelmedi|ücret*|para*
      -3  iade ettim|yaptım|gönderdim
      -3  geri ödeme
      no  iade ~1 etmek_istemiyorum|etmeyeceğim|etmeden|etmiyorum|etmem
      no  geri göndermek_istemiyorum|göndermeyeceğim
    """,
    "return.policy": """
       4  iade ~1 şart*|koşul*|politika*|süre*|hakkı*
       4  kaç_gün*|ne_kadar_süre* ~6 iade
       4  iptal ücret*|koşul*|politika*
    """,
    "refund.request": """
       4  @money ~3 geri|iade @wish
       4  @money ~3 istiyorum|isterim|talep|istiyoruz|verin|verir|ödeyin
       4  para|ücret iadesi ~2 istiyorum|talep|yap*
       3  paramı|ücretimi ~1 geri|iade
       3  para|ücret iadesi
      -4  @money ~4 ne_zaman|nerede|yatmadı|gelmedi|durum*|hala|hâlâ|yatacak|bekliyorum|yapılmadı
      -4  ne_zaman|nerede ~4 @money
      no  @money ~2 istemiyorum|istemem
    """,
    "refund.status": """
       4  @money ~4 ne_zaman|nerede|yatmadı|gelmedi|durum*|hala|yatacak|bekliyorum|yapılmadı|yatar|almadım
          |alamadım|geçmedi
       4  ne_zaman|nerede ~4 @money
       4  iade* ~4 yatmadı|yatacak|ne_zaman|nerede|ücreti|bekliyorum|alamadım|sonuçlan*|onaylan*
       4  iade ettim|yaptım|gönderdim ~8 para*|ücret*|hala|yok|yatmadı
       -4 iade ~2 kodu|etmek|şart*|süre*
    """,
    "order.status": """
      -3  @money ~4 ne_zaman|nerede|gelecek|yatacak
       4  @goods ~4 nerede|nerde|ne_zaman|durum*|takip|hangi_aşamada|neredeyse
       4  ne_zaman|nerede|nerde ~4 @goods|gelir|gelecek|ulaşır|teslim
       4  takip ~1 numara*|kod*|no|link*
       4  @goods ~3 kargoya|yola ~1 verildi*|çıktı*|verilecek
       4  @goods ~2 gönderildi|çıktı|ulaştı mi|mı
       2  siparişim
       3  # ~2 @order
      -1  iptal|iade|değiş*|adres*|kırık|bozuk|yanlış|hasarlı|eksik
    """,
    "shipping.delay": """
       4  @goods ~5 gelmedi|ulaşmadı|gecikti|gecikiyor|teslim_edilmedi|kayboldu|kayıp|gelmiyor|almadım|elime_geçmedi
       4  hala|hâlâ|henüz ~4 gelmedi|ulaşmadı|almadım|yok|teslim
       3  gelmedi|ulaşmadı|gecikme|geç_kaldı|gecikti
      -4  para*|iade*|ücret*
    """,
    "exchange.request": """
       4  değişim|değiştirmek|değiştir* ~4 beden*|renk*|numara*|ürün*
       4  beden*|renk*|ürün* ~3 değiştir*|değişim
       3  değişim
    """,
    "order.change_address": """
       4  adres* ~4 değiş*|güncelle*|yanlış|düzelt*|farklı
    """,
    "order.change_items": """
       4  @order ~4 değiştirmek|eklemek|ekleme|çıkar*|güncelle*
    """,
    "item.damaged": """
       4  kırık|bozuk|hasarlı|defolu|yırtık|çalışmıyor|lekeli|arızalı|kusurlu
    """,
    "item.wrong_or_missing": """
       4  yanlış ~1 ürün*|beden|renk|model|numara
       4  eksik|farklı ~1 ürün*|geldi|çıktı|parça|model
    """,
    "subscription.manage": """
       4  abonelik*|bülten*|üyelik*|üyeliğim*
    """,
    "account.access": """
       4  şifre*|parola|giriş_yap*|giremiyorum
    """,
    "account.update": """
       4  hesap*|hesabım* ~3 sil*|kapat*|oluştur*|güncelle*
    """,
    "billing.info": """
       4  fatura*|fiş
    """,
    "payment.issue": """
       4  iki_kez|iki_kere|çift ~3 çekil*|ödeme|tahsil
       4  ödeme* ~4 hata*|başarısız|reddedil*|alınamadı|yapamıyorum
    """,
    "promo.price": """
       4  indirim*|kupon*|promosyon*
    """,
    "shipping.options": """
       4  kargo_ücreti|kargo_bedava|teslimat_süresi|ücretsiz_kargo|hangi_kargo
    """,
    "human.request": """
       4  @human ~4 görüş*|konuş*|bağla*|ulaş*|iletişim|yazış*
       4  gerçek ~1 insan*|kişi*|temsilci*
       4  telefon_numara*|beni_arayın|arar_mısınız|müşteri_hizmetleri|canlı_destek
      no  @human ~2 konuşmak|görüşmek istemiyorum
    """,
    "complaint": """
       4  şikayet*|şikâyet*
       3  rezalet|dolandırıcı*|berbat
    """,
    "praise": """
       4  teşekkür*|çok_memnun*|tavsiye_ederim|harika|mükemmel|bayıldım
      -3  nerede|iptal|iade|sorun|yok|değil|gelmedi
    """,
    "other": """
       3  merhaba|selam|günaydın|iyi_akşamlar|nasılsın*|hoşça_kal
      -2  sipariş*|kargo*|iade*|iptal|hesap*|ürün*|para*|temsilci*
    """,
}
