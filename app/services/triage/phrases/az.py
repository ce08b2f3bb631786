"""Azerbaijani."""

GROUPS = {
    "order": "sifariş*|sifaris*|alış*",
    "goods": "sifariş*|sifaris*|bağlama*|məhsul*|çatdırılma*|paket*|mal|malım|göndəriş*",
    "money": "pul|pulu|pulumu|pulum|pulun|vəsait*|ödəniş|ödənişi|geri_ödəniş*|pulumun|məbləğ*",
    "human": "operator*|insan*|əməkdaş*|adam*|nümayəndə*|kimsə*|müştəri_xidmət*|canlı_dəstək|menecer*",
    "wish": "istəyirəm|istərdim|istəyirik|edin|xahiş|etmək|olar|mümkündür|necə|edə|edərdiniz|edilsin",
}

PHRASES = {
    "order.cancel": """
       4  @order ~4 ləğv|imtina|dayandır*
       4  ləğv ~4 @order
       4  ləğv @wish
       3  ləğv
      -4  abunə*|hesab*|üzvlük*|bülleten* ~4 ləğv
      -4  ləğv ~1 haqqı|şərt*|qayda*
      no  ləğv ~1 etməyin*|etmə|etmək_istəmirəm|edilməsin|etmirəm|olunmasın
      no  niyə|nə_üçün ~5 ləğv edildi|olundu|etdiniz
      no  ləğv edilib|olunub
    """,
    "return.request": """
       4  @goods|bunu|onu|ayaqqabı*|paltar* ~3 qaytarmaq|qaytarım|geri_göndərmək|qaytara|qaytarıram
       4  qaytarma ~2 etiket*|forma*|kod*|sorğu*|prosesi
       4  geri göndərmək|göndərim|qaytarmaq
       3  qaytarmaq|iadə
      -4  qaytarma ~1 şərt*|qayda*|müddət*|siyasət*
      -4  neçə_gün*|hansı ~6 qaytar*
      -4  pul*|vəsait*|ödəniş*|məbləğ* ~3 qaytar*|geri
      -3  qaytardım|göndərdim
      no  qaytarmaq|göndərmək istəmirəm
      no  qaytarmayacağam|qaytarmıram
    """,
    "return.policy": """
       4  qaytarma ~1 şərt*|qayda*|müddət*|siyasət*
       4  neçə_gün* ~6 qaytar*
    """,
    "refund.request": """
       4  @money ~3 geri|qaytar*|iadə ~2 @wish
       4  @money ~3 qaytarın|qaytarmaq|istəyirəm|tələb|qaytarmağınızı|qaytarılsın|qaytarılmasını
       3  pulumu geri|qaytar*
      -4  @money ~4 nə_vaxt|haradadır|hanı|gəlməyib|hələ|gözləyirəm|qaytarılacaq|qaytarılmayıb|vəziyyət*|status*
      -4  nə_vaxt|harada|hanı|nə_zaman ~4 @money
      no  @money ~3 istəmirəm
    """,
    "refund.status": """
       4  @money ~4 nə_vaxt|nə_zaman|haradadır|hanı|gəlməyib|hələ|gözləyirəm|qaytarılacaq|qaytarılmayıb
          |vəziyyət*|status*|qayıdacaq
       4  nə_vaxt|nə_zaman|harada|haradadır|hanı ~4 @money
       4  qaytardım|göndərdim ~8 pul*|vəsait*|hələ
       4  status*|vəziyyət* ~3 geri_ödəniş*
    """,
    "order.status": """
      -3  @money ~4 nə_vaxt|nə_zaman|harada*|hanı|gələcək
       4  @goods ~4 harada*|hanı|nə_vaxt|nə_zaman|status*|vəziyyət*|izləmə*|hardadır
       4  nə_vaxt|nə_zaman|harada|haradadır|hanı|hardadır ~4 @goods|gələcək|çatacaq|çatdırılacaq
       4  izləmə ~1 nömrə*|kod*|link*
       4  @goods ~3 göndərilib*|yoldadır*|yola_düşüb*
       2  sifarişim
      -1  ləğv|qaytar*|dəyiş*|ünvan*|sınıq|zədə*|səhv|pul*|imtina
    """,
    "shipping.delay": """
       4  @goods ~5 gəlməyib|çatmayıb|gecikir|gecikib|itib|almamışam|gəlmədi|çatdırılmayıb|gəlmir
       4  hələ ~4 gəlməyib|çatmayıb|almamışam|yoxdur|gəlmədi
       3  gəlməyib|gecikmə|gecikir|gəlmədi
      -4  pul*|vəsait*
    """,
    "exchange.request": """
       4  dəyişdir*|dəyişmək ~3 ölçü*|rəng*|məhsul*|başqa
       4  ölçü*|rəng*|məhsul* ~3 dəyiş*
    """,
    "order.change_address": """
       4  ünvan* ~4 dəyiş*|səhv|düzəlt*|yenilə*
    """,
    "item.damaged": """
       4  sınıq|zədəli*|zədələn*|işləmir|cırıq|qırıq|qüsurlu
    """,
    "item.wrong_or_missing": """
       4  səhv|yanlış|başqa ~1 məhsul*|ölçü|rəng
       4  çatışmır|əskik
    """,
    "subscription.manage": """
       4  abunə*|bülleten*|üzvlük*
    """,
    "account.access": """
       4  şifrə*|parol*|daxil_ola
    """,
    "account.update": """
       4  hesab* ~3 sil*|bağla*|yarat*
    """,
    "billing.info": """
       4  faktura*|qəbz*|çek
    """,
    "payment.issue": """
       4  iki_dəfə ~3 çıxıl*|ödəniş
       4  ödəniş* ~4 alınmır|xəta|uğursuz
    """,
    "promo.price": """
       4  endirim*|kupon*|promokod*
    """,
    "human.request": """
       4  @human ~4 danış*|əlaqə*|bağla*|qoş*|yazış*|görüş*
       4  real|canlı ~1 insan*|operator*|adam*
       4  telefon_nömrə*|mənə_zəng|zəng_edin
      no  @human ~2 danışmaq istəmirəm
    """,
    "complaint": """
       4  şikayət*
       3  biabır*|fırıldaq*|rüsvay*
    """,
    "praise": """
       4  təşəkkür*|çox_razıyam|əla|sağ_olun|mükəmməl
      -3  harada|ləğv|qaytar*|problem|yox|deyil|gəlməyib
    """,
    "other": """
       3  salam|sabahınız_xeyir|axşamınız_xeyir|necəsiniz|sağ_ol
      -2  sifariş*|bağlama*|qaytar*|ləğv|hesab*|məhsul*|pul*|operator*
    """,
}
