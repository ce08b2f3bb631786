"""Italian."""

GROUPS = {
    "order": "ordine|ordini|acquisto|acquisti",
    "goods": "ordine|ordini|pacco|spedizione|consegna|articolo|prodotto|acquisto",
    "thing": (
        "ordine|articolo|articoli|prodotto|prodotti|lo|la|li|le|questo|pacco|scarpe|vestito|giacca|maglia|pantaloni"
    ),
    "money": "rimborso|rimborsi|soldi|denaro|rimborsare|rimborsato|rimborsati|rimborsata",
    "human": (
        "umano|persona|operatore|operatrice|qualcuno|agente|assistenza_clienti|servizio_clienti|responsabile|consulente"
    ),
    "no": "non|mai|senza|invece_di|anziché",
}

PHRASES = {
    "order.cancel": """
       4  annull*|cancell*|disdi*|revoc* ~4 @order
       4  @order ~5 annullare|cancellare|annullato|disdire
       4  annullamento|cancellazione ~3 @order
       3  annullare|cancellare|annullarlo|disdire|cancellarlo|annullate
       3  non_voglio_più|non_mi_serve_più ~3 @order?
      -4  annull*|cancell*|disd* ~4 abbonamento|account|newsletter|iscrizione|reso|rimborso
      -4  costi|penale|politica|condizioni ~2 annullamento|cancellazione
      no  @no ~3 annullare|cancellare|annullate|annulli|cancellate|cancelli|annullarlo|disdire
      no  perché ~6 annullato|cancellato
      no  è_stato annullato|cancellato
    """,
    "return.request": """
       4  restitu*|rendere|rispedire|rimandare|reso ~4 @thing
       4  rimandar*|rispedir*|mandare|spedire ~3 indietro
       4  fare|effettuare|richiedere|aprire|avviare|chiedere ~2 reso
       4  etichetta ~3 reso|restituzione
       3  restituire|restituirlo|restituirla|restituirli|un_reso|restituzione
      -4  politica|condizioni|termini|tempi|costi|regole ~3 reso|resi|restituzione
      -4  quanto|quanti|quale|quali|entro ~7 restituire|reso|resi|restituirlo
      -4  restituzione|restitu* ~3 soldi|denaro
      -3  stato|dove ~4 reso
      -3  restituito|rispedito|reso_effettuato
      no  @no ~2 restituire|rendere|restituirlo|fare_il_reso|rispedire
    """,
    "return.policy": """
       4  politica|condizioni|termini|regole|tempi ~3 reso|resi|restituzione|rimborso|recesso
       4  quanto|quanti|entro ~6 restituire|reso|restituirlo
       4  costi|penale ~2 annullamento|reso
    """,
    "refund.request": """
       4  voglio|vorrei|chied*|richied*|esigo|posso|potete|ottenere|avere|ricevere|pretendo ~5 @money
       4  indietro ~3 soldi
       4  soldi|denaro indietro
       4  rimborsatemi|rimborsarmi
       3  rimborsare
       2  rimborso|rimborsato
      -4  dove|dov|quando|stato|aspett*|attend*|quanto_tempo ~6 @money
      -4  politica|condizioni|tempi ~3 rimborso
      -3  @money ~4 ancora|non
      no  @no ~2 rimborso|rimborsato|soldi|rimborsare
    """,
    "refund.status": """
       4  dove|dov ~4 rimborso|soldi
       4  quando ~6 rimborso|soldi|rimborsato|rimborsati|rimborsate
       4  stato ~4 rimborso
       4  aspett*|attend*|attesa ~5 rimborso|soldi
       4  non|ancora|mai ~5 rimborso|rimborsato|rimborsati
       4  rimborso ~4 ancora|non|mai
       4  quanto|tempo ~6 rimborso
    """,
    "order.status": """
      -3  quando|dove|dov ~5 @money
       4  dove|dov ~4 @goods
       4  quando ~6 arriva|arriverà|ricevo|riceverò|consegnato|consegnate|spedito|spedite|consegna
       4  quando ~3 @goods
       4  stato|tracciare|tracciamento|seguire|rintracciare ~4 @goods
       4  numero|codice|link ~2 tracciamento|tracking|spedizione
       4  avete|è|stato ~3 spedito|partito|inviato
       2  mio ordine|pacco
      -1  modificare|cambiare|annull*|cancell*|restitu*|rimbors*|rotto|rotta|danneggiat*|sbagliat*
    """,
    "shipping.delay": """
       4  non|mai|ancora|nulla|niente ~4 arrivato|arrivata|ricevuto|consegnato|consegnata|arriva
       4  @goods ~4 ritardo|perso|smarrito|bloccato
       4  aspettando|aspetto ~5 @goods
       3  ritardo|non_è_arrivato
    """,
    "exchange.request": """
       4  cambi*|sostitu* ~6 taglia|colore|misura|modelo
    """,
    "order.change_address": """
       4  cambiare|modificare|correggere|altro|nuovo|sbagliato ~4 indirizzo
       4  indirizzo sbagliato|diverso
    """,
    "order.change_items": """
       4  modificare|cambiare|aggiungere|togliere|rimuovere ~5 @order
    """,
    "item.damaged": """
       4  rotto|rotta|rotti|danneggiat*|difettos*|non_funziona|macchiat*
    """,
    "item.wrong_or_missing": """
       4  sbagliat*|errat*|incomplet*
       4  manca|mancano
    """,
    "subscription.manage": """
       4  abbonamento|newsletter|iscrizione
    """,
    "account.access": """
       4  password|accedere|login
    """,
    "account.update": """
       4  eliminare|chiudere|cancellare|creare ~3 account|profilo
    """,
    "billing.info": """
       4  fattura|ricevuta|metodi_di_pagamento
    """,
    "payment.issue": """
       4  addebitat*|pagato ~3 due_volte|doppio
       4  pagamento ~4 rifiutato|fallito|errore
    """,
    "promo.price": """
       4  codice ~1 sconto|promozionale
       4  sconto|coupon
    """,
    "shipping.options": """
       4  costi_di_spedizione|spese_di_spedizione|spedite_in|spedizione_express
    """,
    "human.request": """
       4  parlare|contattare|chattare|parli|passare|passatemi|chiamare ~5 @human
       4  persona|operatore|essere vera|reale|umano
       4  numero_di_telefono|richiamatemi|chiamatemi
       4  assistenza_clienti|servizio_clienti|un_operatore
      no  @no ~2 parlare|chiamare|contattare
    """,
    "complaint": """
       4  reclamo|lamentela|lamentarmi
       3  vergogna|truffa|inaccettabile|schifo
    """,
    "praise": """
       4  grazie|molto_contento|molto_contenta|ottimo_servizio|adoro|recensione
      -3  dove|quando|annull*|rimbors*|restitu*|non|problema|aiut*
    """,
    "other": """
       3  ciao|buongiorno|buonasera|salve|arrivederci|come_stai
      -2  ordine|pacco|rimbors*|reso|annull*|account|articolo|operatore|pagamento
    """,
}
