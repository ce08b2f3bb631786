"""Dutch."""

GROUPS = {
    "order": "bestelling|bestellingen|order|aankoop",
    "goods": "bestelling|bestellingen|order|pakket|pakketje|zending|levering|artikel|product",
    "thing": (
        "bestelling|order|artikel|artikelen|product|producten|het|ze|deze|dit|pakket|schoenen|jurk|jas|broek|shirt|die"
    ),
    "money": "geld|terugbetaling|restitutie|terugstorting|refund|aankoopbedrag",
    "human": "mens|persoon|medewerker|iemand|agent|klantenservice|klantendienst|manager",
    "no": "niet|nooit|zonder|geen|in_plaats_van",
}

PHRASES = {
    "order.cancel": """
       4  annul*|cancel*|intrekken ~4 @order
       4  @order ~5 annuleren|geannuleerd|annuleer|cancelen|intrekken|stopzetten|cancellen
       4  annulering ~3 @order
       3  annuleren|annuleer|cancelen
       3  wil|hoef ~3 @order niet_meer
      -4  annul*|cancel*|opzeg* ~4 abonnement|account|nieuwsbrief|lidmaatschap|retour
      -4  abonnement|account|nieuwsbrief|lidmaatschap|retour ~4 annuleren|opzeggen
      -4  annuleringskosten|annuleringsvoorwaarden
      no  @no ~1 te? annuleren|cancelen|geannuleerd
      no  annuleer ~4 niet
      no  waarom ~5 geannuleerd
    """,
    "return.request": """
       4  retourneren|terugsturen|terugzenden|terugbrengen|terug_te_sturen|retour_sturen|terug_sturen
       4  stuur ~4 terug|retour
       4  retourlabel|retouretiket|verzendlabel|retourformulier
       4  retour ~2 aanmelden|aanvragen|starten|regelen|sturen
       3  retour
      -4  retourbeleid|retourvoorwaarden|retourtermijn|retourkosten|bedenktijd
      -4  hoe_lang|hoeveel|welke|wat ~7 retourneren|terugsturen|retour
      -3  status|waar ~4 retour
      -3  teruggestuurd|geretourneerd
      no  @no ~1 te? retourneren|terugsturen|terugzenden|terug_te_sturen|retour_sturen
    """,
    "return.policy": """
       4  retourbeleid|retourvoorwaarden|retourtermijn|bedenktijd|retourkosten|annuleringskosten
       4  hoe_lang|hoeveel ~6 retourneren|terugsturen|retour
    """,
    "refund.request": """
       4  wil|graag|eis|verzoek|vraag|kan|krijgen|aanvragen|zou ~5 @money
       4  @money ~2 terug|aanvragen|terugkrijgen|terughebben
       4  terugbetaal*|terugbetalen ~2 mij|me|aub
       3  terugbetalen|terugbetaald_krijgen
       2  terugbetaling|restitutie
      -4  waar|wanneer|status|wacht|hoe_lang ~6 @money
      -3  @money ~4 nog|niet
      no  @no ~1 @money|terugbetaald|terugbetalen
    """,
    "refund.status": """
       4  waar ~4 @money
       4  wanneer ~6 @money|terugbetaald
       4  status ~4 terugbetaling|restitutie|terugstorting
       4  wacht* ~5 @money
       4  @money ~5 nog_niet|niet|nooit|nog_steeds
       4  nog_niet|niet|nog_steeds ~5 terugbetaald|terugbetaling|teruggestort
       4  hoe_lang ~6 terugbetaling|restitutie|terugstorting
    """,
    "order.status": """
      -3  wanneer|waar ~5 @money
       4  waar ~3 @goods
       4  wanneer ~6 geleverd|aankomt|komt|ontvang|verzonden|bezorgd|krijg|verstuurd
       4  wanneer ~3 @goods
       4  status ~4 @goods
       4  @goods ~3 volgen|traceren|status
       4  track_and_trace|trackingnummer|track|volgnummer|trackingcode|traceercode
       4  is|wordt ~4 al|reeds verzonden|verstuurd|onderweg
       2  mijn bestelling|pakket|pakketje
      -1  wijzigen|veranderen|annul*|retour*|terug*|kapot|beschadigd|verkeerd*|ruilen
    """,
    "shipping.delay": """
       4  @goods ~6 niet|nog_niet|nooit|nog_steeds_niet ~2 ontvangen|aangekomen|geleverd|bezorgd|gekregen|binnen
       4  nog|steeds niets|niet ontvangen|aangekomen|binnen
       4  @goods ~4 vertraagd|vertraging|te_laat|kwijt|zoek
       4  wacht ~5 @goods
       3  vertraging|vertraagd
    """,
    "exchange.request": """
       4  ruilen|omruilen|omwisselen
       3  andere maat|kleur
    """,
    "order.change_address": """
       4  adres|bezorgadres|afleveradres ~4 wijzigen|veranderen|aanpassen|verkeerd|fout
       4  ander|nieuw|verkeerd adres|bezorgadres
    """,
    "order.change_items": """
       4  @order ~5 wijzigen|aanpassen|toevoegen|veranderen
    """,
    "item.damaged": """
       4  kapot|beschadigd|defect|gescheurd|werkt_niet|gebroken
    """,
    "item.wrong_or_missing": """
       4  verkeerde artikel|maat|kleur|product
       4  ontbreekt|ontbreken|incompleet|mis
    """,
    "subscription.manage": """
       4  abonnement|nieuwsbrief|lidmaatschap
    """,
    "account.access": """
       4  wachtwoord|inloggen
    """,
    "account.update": """
       4  account ~3 verwijderen|sluiten|wijzigen|aanmaken
    """,
    "billing.info": """
       4  factuur|bon|betaalmethoden
    """,
    "payment.issue": """
       4  dubbel|twee_keer afgeschreven|betaald
       4  betaling ~4 geweigerd|mislukt
    """,
    "promo.price": """
       4  kortingscode|korting|actiecode
    """,
    "shipping.options": """
       4  verzendkosten|bezorgkosten|levertijd|leveren_jullie
    """,
    "human.request": """
       4  spreken|praten|contact|verbinden|chatten|bellen ~5 @human
       4  @human ~4 spreken|praten|bellen|chatten|verbinden
       4  echt|echte mens|persoon|medewerker
       4  telefoonnummer|bel_me|bel_mij|terugbellen|klantenservice
      no  @no ~1 spreken|praten|bellen
    """,
    "complaint": """
       4  klacht|klagen
       3  schandalig|belachelijk|oplichting|schande
    """,
    "praise": """
       4  bedankt|dank_je|dank_u|heel_tevreden|geweldige_service|review
      -3  waar|wanneer|annul*|terug*|niet|probleem|help*|retour*
    """,
    "other": """
       3  hallo|hoi|goedemorgen|goedemiddag|goedenavond|dag|doei|hoe_gaat_het
      -2  bestelling|pakket|terug*|geld|retour*|annul*|account|artikel|medewerker
    """,
}
