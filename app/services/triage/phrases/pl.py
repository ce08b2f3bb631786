"""Polish."""

GROUPS = {
    "order": "zamówienie|zamówienia|zamówieniem|zamówień|zakup|zakupu|zamówieniu",
    "goods": (
        "zamówienie|zamówienia|paczka|paczki|paczkę|przesyłka|przesyłki|przesyłkę|dostawa|dostawy|towar|"
        "produkt|zamówieniem"
    ),
    "money": (
        "zwrot_pieniędzy|zwrotu_pieniędzy|pieniądze|pieniędzy|zwrot_kosztów|zwrotu_kosztów|zwrot_środków|"
        "zwrotu_środków|refundacj*"
    ),
    "human": (
        "człowiekiem|konsultantem|konsultanta|osobą|kimś|pracownikiem|obsługą|doradcą|agentem|"
        "przedstawicielem|kierownikiem"
    ),
    "no": "nie|nigdy|bez|zamiast",
}

PHRASES = {
    "order.cancel": """
       4  anul*|odwoł*|zrezygn*|rezygn*|wycofa* ~4 @order
       4  @order ~4 anulować|anulowanie|odwołać
       3  anulować|anuluj|anulowanie|anulujcie
       3  już_nie_chcę ~3 @order
      -4  anul* ~4 subskrypcj*|konto|newsletter*|członkostw*|zwrot
      -4  opłata|koszt|opłaty|zasady ~2 anulowani*
      no  @no ~3 anulować|anuluj|anulujcie|anulowania|anulowanie|anulowali|odwoływać|odwołać
      no  dlaczego|czemu ~6 anulowane|anulowano
      no  zostało anulowane
    """,
    "return.request": """
       4  zwrócić|odesłać|odsyłam|zwracam|oddać ~4 towar|produkt|zamówienie|paczkę|buty|sukienkę|kurtkę
          |artykuł|rzecz|je|go|ją|to|#
       4  zrobić|zgłosić|dokonać|rozpocząć|zgłaszam ~2 zwrot|zwrotu
       4  etykiet* ~3 zwrot*
       4  formularz* ~2 zwrot*
       3  zwrócić|odesłać
       3  zwrot towaru|produktu|zamówienia|butów
       2  zwrot
      -4  zasady|polityka|warunki|termin|koszt|regulamin ~3 zwrotu|zwrotów
      -4  ile|jakie|jaki|jaka|do_kiedy ~6 zwrot|zwrotu|zwrócić|odesłać
      -4  zwrot*|zwróc* ~2 pieniędzy|pieniądze|kosztów|środków
      -3  status|gdzie ~4 zwrot*
      -3  zwróciłem|zwróciłam|odesłałem|odesłałam
      no  @no ~2 zwracać|zwrócić|odsyłać|odesłać|zwrotu_towaru
    """,
    "return.policy": """
       4  zasady|polityka|warunki|termin|regulamin ~3 zwrotu|zwrotów
       4  ile ~6 zwrot|zwrotu|zwrócić|odesłać
       4  opłata|koszt|opłaty ~2 anulowani*|zwrot*
    """,
    "refund.request": """
       4  chcę|chciałbym|chciałabym|proszę|żądam|poproszę|domagam|czy_mogę|wnioskuję ~5 @money
       4  zwróćcie|oddajcie|zwrócić|oddać ~3 pieniądze
       3  zwrot_pieniędzy|zwrotu_pieniędzy|zwrot_kosztów|zwrot_środków
      -4  gdzie|kiedy|status|czekam|jak_długo ~6 @money
      -3  @money ~4 jeszcze|nadal|wciąż
      no  @no ~2 @money
    """,
    "refund.status": """
       4  gdzie ~4 @money|zwrot
       4  kiedy ~6 @money
       4  kiedy ~4 zwrot za
       4  status|etap ~4 @money|zwrotu
       4  czekam|oczekuję ~5 @money
       4  nie|nadal|wciąż|jeszcze ~5 @money
       4  @money ~5 nie|nadal|wciąż|jeszcze
       4  jak_długo|ile ~6 @money
    """,
    "order.status": """
      -3  kiedy|gdzie ~5 @money|zwrot
       4  gdzie ~4 @goods
       4  kiedy ~6 dotrze|przyjdzie|dostanę|otrzymam|wysłane|wyślecie|dostarczona|dostarczone|wysyłka|będzie
       4  kiedy ~3 @goods
       4  status|stan|śledzić|śledzenie|sprawdzić|namierzyć ~4 @goods
       4  numer ~2 śledzenia|przesyłki|przewozowy|nadania
       4  czy ~5 wysłane|wysłana|nadana|wysłaliście|drodze
       2  moje|moja|moją zamówienie|paczka|przesyłka
      -1  zmienić|anul*|zwrot*|zwróc*|uszkodz*|zepsut*|wymien*|pieni*
    """,
    "shipping.delay": """
       4  nie|nadal|jeszcze|wciąż ~4 dotarła|dotarło|przyszła|przyszło|dostałem|dostałam|otrzymałem
          |otrzymałam|doszła|doszło|dostarczono
       4  @goods ~4 spóźnia|opóźnion*|opóźnienie|zaginęła|zgubiona|zaginęło
       4  czekam ~5 @goods
       3  opóźnienie|opóźniona|spóźniona
    """,
    "exchange.request": """
       4  wymien*|wymian*
       3  inny|inną rozmiar|kolor
    """,
    "order.change_address": """
       4  zmien*|zmian*|popraw*|inny|nowy|błędny|zły ~4 adres*
    """,
    "order.change_items": """
       4  zmienić|dodać|usunąć ~5 @order
    """,
    "item.damaged": """
       4  uszkodz*|zepsut*|nie_działa|pęknięt*|podart*|wadliw*
    """,
    "item.wrong_or_missing": """
       4  zły|zła|złe|niewłaściw*|błędn* produkt|rozmiar|kolor|towar
       4  brakuje|niekompletn*
    """,
    "subscription.manage": """
       4  subskrypcj*|newsletter*|członkostw*
    """,
    "account.access": """
       4  hasł*|zalogować|logowani*
    """,
    "account.update": """
       4  usunąć|zamknąć|założyć ~3 konto
    """,
    "billing.info": """
       4  faktur*|paragon*
    """,
    "payment.issue": """
       4  dwa_razy|podwójnie ~3 pobran*|obciążon*
       4  płatność ~4 odrzucon*|nieudan*|błąd
    """,
    "promo.price": """
       4  kod ~1 rabatow*|promocyjn*
       4  rabat*|zniżk*
    """,
    "shipping.options": """
       4  koszt_dostawy|koszty_wysyłki|opcje_dostawy|wysyłacie_do
    """,
    "human.request": """
       4  porozmawiać|rozmawiać|połączyć|skontaktować|kontakt|rozmowa|rozmowę|połączcie|rozmowy ~4 @human
       4  prawdziwym|żywym człowiekiem|konsultantem
       4  numer_telefonu|zadzwonić|oddzwonić|zadzwońcie|infolinia
      no  @no ~2 rozmawiać|dzwonić|dzwońcie
    """,
    "complaint": """
       4  skarg*|reklamacj*|zażaleni*
       3  skandal|oszust*|żenada
    """,
    "praise": """
       4  dziękuję|dzięki|polecam|świetna_obsługa|jestem_zadowolon*|opini*
      -3  gdzie|kiedy|anul*|zwrot*|nie|problem|pomoc*
    """,
    "other": """
       3  cześć|dzień_dobry|dobry_wieczór|witam|hej|do_widzenia|pa
      -2  zamówieni*|paczk*|zwrot*|anul*|konto|produkt|konsultant*|przesyłk*
    """,
}
