"""German."""

GROUPS = {
    "order": "bestellung|bestellungen|auftrag|kauf|einkauf|bestellnummer",
    "goods": "bestellung|bestellungen|paket|päckchen|sendung|lieferung|ware|artikel|auftrag",
    "thing": "bestellung|paket|ware|artikel|produkt|es|ihn|sie|das|den|die|schuhe|jacke|kleid|hose|teil|teile|hemd",
    "money": "geld|rückerstattung|erstattung|rückzahlung|gutschrift|kaufpreis|betrag|refund",
    "human": (
        "mensch|menschen|mitarbeiter|mitarbeiterin|berater|person|jemandem|jemanden|kundenservice|kundendienst|support"
    ),
    "no": "nicht|nie|keinesfalls|niemals",
}

PHRASES = {
    "order.cancel": """
       4  stornier*|storno|annullier*|cancel*|abbestell*|widerruf* ~5 @order
       4  @order ~6 stornier*|storno|annullieren|abbestell*|rückgängig|canceln|widerrufen
       3  stornier*|storno|abbestellen
       2  stornierung|abbrechen
       3  @order nicht mehr
      -4  abo|abonnement|newsletter|konto|mitgliedschaft|retoure|rücksendung ~4 stornieren|kündigen|löschen
      -4  stornogebühr*|stornierungsgebühr*|stornokosten|stornobedingungen
      no  @no|statt ~1 zu? stornier*|abbestellen|annullier*|rückgängig
      no  stornier* sie|bitte ~4 nicht
      no  wurde|warum ~5 storniert
    """,
    "return.request": """
       4  zurückschick*|zurückgeben|zurücksenden|zurückzuschicken|zurückzugeben|zurückzusenden|retournier*
          |umtauschen_zurück
       4  schick* ~5 zurück
       4  send* ~5 zurück
       4  gebe ~5 zurück
       4  retourenlabel|rücksendeetikett|retourenschein|rücksendeschein|rücksendelabel|rückgabeschein
       4  retoure|rücksendung|rückgabe ~3 anmeld*|start*|veranlass*|beantrag*|machen|starten
       3  retoure|rücksendung|rückgabe
      -4  rückgaberecht|rückgabefrist|rückgabebedingungen|rückgaberichtlinie*|rückgabebestimmungen
      -4  wie_lange|welche ~6 zurückgeben|zurückschicken|zurücksenden|rückgabe
      -3  status|wo ~4 retoure|rücksendung
      -3  zurückgeschickt|zurückgesendet|zurückgegeben
      no  @no|statt zurückschick*|zurückgeben|zurücksenden|zurückzuschicken|zurückzugeben|retournieren
    """,
    "return.policy": """
       4  rückgaberecht|rückgabefrist|rückgabebedingungen|rückgaberichtlinie*|rückgabebestimmungen
          |widerrufsfrist|widerrufsrecht
       4  wie_lange ~6 zurückgeben|zurückschicken|zurücksenden|umtauschen
       4  stornogebühr*|stornierungsgebühr*|stornobedingungen
    """,
    "refund.request": """
       4  @money ~4 zurück|haben|beantragen|fordern|verlang*|erstattet|anfordern
       4  will|möchte|brauche|verlange|bitte|fordere|hätte ~4 @money
       4  erstatte*|zurückerstatte* ~4 @money|mir|kosten
       3  geld zurück
       3  erstatten|erstattet_haben
       2  rückerstattung|erstattung|rückzahlung
      -4  wo|wann|status|wartet|warte ~5 @money
      -3  @money ~5 noch|nicht|status
      no  @no|keine|kein|statt ~1 rückerstattung|erstattung|geld|erstatten
    """,
    "refund.status": """
       4  wo ~3 @money
       4  wann ~6 @money|erstatt*
       4  @money ~5 noch_nicht|immer_noch|nicht angekommen|erhalten|da|bekommen|eingegangen|gutgeschrieben
       4  @money ~3 noch_nicht
       4  status|stand ~4 rückerstattung|erstattung|rückzahlung|gutschrift
       4  warte* ~6 @money
       4  wie_lange ~4 rückerstattung|erstattung|rückzahlung
    """,
    "order.status": """
      -3  wann|wo ~4 @money
       4  wo ~1 ist|bleibt|steckt|sind ~2 @goods
       4  wann ~4 kommt|geliefert|ankommen|versendet|verschickt|erhalte|bekomme|versandt|zugestellt
       4  wann ~3 @goods
       4  status|stand ~4 @goods
       4  @goods ~2 status
       4  sendungsverfolgung|sendungsnummer|trackingnummer|tracking|lieferstatus|bestellstatus
       4  wurde|ist ~5 schon|bereits verschickt|versendet|versandt|unterwegs
       4  @goods ~3 verfolgen
       2  meine|der bestellung|paket
      -1  ändern|geändert|stornier*|zurück*|kaputt|falsch*|defekt|beschädigt|umtausch*
      no  @no ~1 verfolgen
    """,
    "shipping.delay": """
       4  @goods ~6 noch_nicht|immer_noch_nicht|nicht ~2 angekommen|da|erhalten|geliefert|gekommen
          |eingetroffen|bekommen
       4  @goods ~4 verspätet|überfällig|verloren|verschwunden|verspätung
       4  warte ~4 @goods
       3  verspätung|verspätet|überfällig|immer_noch_nicht|noch_nicht_angekommen
       3  nichts angekommen
    """,
    "exchange.request": """
       4  umtausch*|tauschen|austausch*
       3  andere* größe|farbe
    """,
    "order.change_address": """
       4  adresse|lieferadresse|anschrift|lieferanschrift ~4 ändern|falsch*|korrigieren|geändert|andere
       4  andere|neue|falsche adresse|lieferadresse|anschrift
    """,
    "order.change_items": """
       4  @order ~4 ändern|bearbeiten|hinzufügen|ergänzen
    """,
    "item.damaged": """
       4  kaputt|beschädigt|defekt|zerbrochen|gerissen|fleck*|funktioniert_nicht
    """,
    "item.wrong_or_missing": """
       4  falsche* artikel|größe|farbe|produkt|ware
       4  fehlt|fehlen|unvollständig
    """,
    "subscription.manage": """
       4  newsletter|abo|abonnement|mitgliedschaft
    """,
    "account.access": """
       4  passwort|einloggen|anmelden|login
       -3 retoure|rücksendung
    """,
    "account.update": """
       4  konto ~3 löschen|schließen|ändern|kündigen
    """,
    "billing.info": """
       4  rechnung|quittung|beleg
    """,
    "payment.issue": """
       4  doppelt|zweimal abgebucht|belastet|bezahlt
       4  zahlung ~4 abgelehnt|fehlgeschlagen|problem
    """,
    "promo.price": """
       4  gutscheincode|rabatt*|rabattcode|aktionscode
    """,
    "shipping.options": """
       4  versandkosten|lieferkosten|expressversand|versandart*|liefern_sie|lieferzeit
    """,
    "human.request": """
       4  @human ~4 sprechen|reden|verbinden|kontaktieren|chatten|telefonieren
       4  sprechen|reden|verbinden|telefonieren ~5 @human
       4  echte* mensch*|mitarbeiter|person
       4  telefonnummer|hotline|rückruf|anrufen|zurückrufen
      no  @no ~1 sprechen|reden|telefonieren
    """,
    "complaint": """
       4  beschwerde|beschweren|reklamation
       3  frechheit|unverschämt*|betrug|sauerei
    """,
    "praise": """
       4  danke|vielen_dank|super_service|toller_service|sehr_zufrieden|bewertung
    """,
    "other": """
       3  hallo|guten_tag|guten_morgen|tschüss|wie_geht_es|moin|servus
      -2  bestell*|paket|rück*|geld|konto|stornier*|lieferung|artikel|mitarbeiter
    """,
}
