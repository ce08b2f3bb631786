"""Dutch."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "Bestelling {number} is ontvangen en wordt binnenkort in behandeling genomen.",
    "status.processing": "Bestelling {number} wordt klaargemaakt voor verzending.",
    "status.shipped": "Bestelling {number} is onderweg.",
    "status.shipped_eta": "Bestelling {number} is onderweg en komt naar verwachting uiterlijk op {date} aan.",
    "status.out_for_delivery": "Bestelling {number} wordt vandaag bezorgd.",
    "status.delayed": (
        "Bestelling {number} is onderweg, maar heeft vertraging: de levering werd uiterlijk op {date} verwacht."
    ),
    "status.exception": "Bestelling {number} is onderweg; de vervoerder meldt een probleem met de bezorging.",
    "status.delivered": "Bestelling {number} is bezorgd.",
    "status.delivered_on": "Bestelling {number} is op {date} bezorgd.",
    "status.canceled": "Bestelling {number} is geannuleerd.",
    "status.lost": (
        "Het pakket van bestelling {number} is onderweg waarschijnlijk zoekgeraakt. Schrijf ons, dan lossen we het op."
    ),
    "status.announced": "Bestelling {number} is ingepakt; de vervoerder heeft het pakket nog niet opgehaald.",
    "status.returned": "Het pakket van bestelling {number} gaat terug naar de afzender.",
    "status.unshipped_late": "Bestelling {number} zou uiterlijk op {date} aankomen, maar is nog niet verzonden.",
    "status.parts": "Bestelling {number} komt in delen: {parts}.",
    # asking for something
    "ask.proof": (
        "Om dit voor u na te kijken, ontvangen wij graag het bestelnummer en het e-mailadres, het "
        "telefoonnummer of de postcode van de bestelling."
    ),
    "ask.sign_in": (
        "Voor uw veiligheid moeten wij eerst zeker weten dat u het bent. Log in en stel uw vraag daarna opnieuw."
    ),
    "ask.which_order": "Om welke van uw bestellingen gaat het?",
    "ask.which_items": "Welke artikelen van bestelling {number} wilt u terugsturen?",
    "ask.what_item": "Om welk artikel van bestelling {number} gaat het?",
    "ask.wrong_or_missing": "Is het het verkeerde artikel, of ontbreekt het?",
    "ask.how_many": "Om hoeveel stuks gaat het?",
    # acting
    "return.started": (
        "Uw retour {rma} voor bestelling {number} is goedgekeurd. Uw retourlabel wordt gemaakt en staat hier "
        "zo voor u klaar. U krijgt uw geld terug zodra de artikelen bij ons zijn aangekomen en gecontroleerd."
    ),
    "return.awaits": (
        "Wij hebben uw verzoek om artikelen van bestelling {number} terug te sturen ontvangen ({rma}). Onze "
        "klantenservice bekijkt het en laat u iets weten."
    ),
    "claim.opened": (
        "Uw melding over bestelling {number} is bij ons binnengekomen. "
        "Onze klantenservice bekijkt die en antwoordt u hier."
    ),
    "cancel.started": (
        "Wij annuleren bestelling {number}. U krijgt het betaalde bedrag terug via de betaalmethode die u "
        "hebt gebruikt."
    ),
    "cancel.started_unpaid": "Wij annuleren bestelling {number}. Er is niets afgeschreven.",
    "refund.started": "Wij betalen u {amount} voor bestelling {number} terug via de betaalmethode die u hebt gebruikt.",
    "refund.status_succeeded": "Uw terugbetaling van {amount} voor bestelling {number} is uitgevoerd.",
    "refund.status_pending": "Uw terugbetaling van {amount} voor bestelling {number} is onderweg.",
    "refund.status_failed": (
        "Uw terugbetaling van {amount} voor bestelling {number} is nog niet gelukt. Onze klantenservice kijkt ernaar."
    ),
    "refund.status_none": "Er is tot nu toe geen terugbetaling voor bestelling {number}.",
    # saying no
    "no.order_not_pending": (
        "Bestelling {number} kan niet meer worden geannuleerd, omdat de verzending al is begonnen. U kunt de "
        "bestelling terugsturen zodra u die hebt ontvangen."
    ),
    "no.already_canceled": "Bestelling {number} is al geannuleerd.",
    "no.order_not_delivered": "Bestelling {number} is nog niet bezorgd en kan daarom nog niet worden teruggestuurd.",
    "no.return_window_closed": "De retourtermijn van bestelling {number} is verstreken.",
    "no.already_returned": "Voor de artikelen van bestelling {number} loopt al een retour.",
    "no.already_claimed": "Onze klantenservice bekijkt deze artikelen van bestelling {number} al.",
    "no.item_not_returnable": "Deze artikelen van bestelling {number} kunnen niet worden teruggestuurd.",
    # passing on
    "handoff": "Bedankt voor uw bericht. Onze klantenservice gaat ermee aan de slag en antwoordt u hier.",
    "handoff.angry": (
        "Dit spijt ons zeer. Iemand van onze klantenservice pakt het persoonlijk voor u op en antwoordt u hier."
    ),
    "thanks": "Hartelijk dank, dat horen wij graag!",
    "hello": "Goedendag! Waarmee kunnen wij u helpen bij uw bestelling?",
    # buttons
    "button.all_items": "Alle artikelen",
    "button.wrong": "Verkeerd artikel",
    "button.missing": "Het ontbreekt",
    "button.person": "Een medewerker spreken",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "{parcels} bezorgd",
    "part.shipped": "{parcels} onderweg",
    "part.shipped_eta": "{parcels} uiterlijk op {date} verwacht",
    "part.out_for_delivery": "{parcels} vandaag in bezorging",
    "part.announced": "{parcels} nog niet opgehaald",
    "part.delayed": "{parcels} vertraagd",
    "part.silent": "{parcels} zonder bericht van de vervoerder",
    "part.exception": "{parcels} met een bezorgprobleem",
    "part.lost": "{parcels} waarschijnlijk zoekgeraakt",
    "part.returned": "{parcels} op de terugweg naar de afzender",
    "part.preparing": "{items} nog in voorbereiding",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} pakket",
        "other": "{count} pakketten",
    },
    "items": {
        "one": "{count} artikel",
        "other": "{count} artikelen",
    },
    "status.silent": {
        "one": "Bestelling {number} is onderweg; de vervoerder heeft al {count} dag niets gemeld.",
        "other": "Bestelling {number} is onderweg; de vervoerder heeft al {count} dagen niets gemeld.",
    },
    "policy.return_window": {
        "one": "U kunt artikelen binnen {count} dag na bezorging terugsturen. Geef ons gewoon het bestelnummer door.",
        "other": (
            "U kunt artikelen binnen {count} dagen na bezorging terugsturen. Geef ons gewoon het bestelnummer door."
        ),
    },
}
