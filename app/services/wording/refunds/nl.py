"""Dutch."""

EXPLANATIONS: dict[str, str] = {
    "approval": ("Uw terugbetaling van {amount} voor bestelling {number} wacht op goedkeuring door een medewerker."),
    "waiting": (
        "Uw terugbetaling van {amount} voor bestelling {number} wordt betaald zodra de winkel de "
        "wijziging van de bestelling heeft bevestigd."
    ),
    "pending": "Uw terugbetaling van {amount} voor bestelling {number} is onderweg.",
    "unknown": (
        "Uw terugbetaling van {amount} voor bestelling {number} is aangevraagd; de betaaldienst heeft "
        "die nog niet bevestigd en het bedrag blijft tot dan voor u gereserveerd."
    ),
    "paid": ("Uw terugbetaling van {amount} voor bestelling {number} is betaald op de manier waarop u hebt betaald."),
    "paid_credit": "Uw terugbetaling van {amount} voor bestelling {number} hebt u als winkeltegoed gekregen.",
    "paid_method": (
        "Uw terugbetaling van {amount} voor bestelling {number} is betaald op de betaalmethode die u hebt gekozen."
    ),
    "part_open": (
        "Van uw terugbetaling van {amount} voor bestelling {number} is {part} betaald en is {rest} nog onderweg."
    ),
    "part_failed": (
        "Van uw terugbetaling van {amount} voor bestelling {number} is {part} betaald; {rest} kon niet worden betaald."
    ),
    "failed": "Uw terugbetaling van {amount} voor bestelling {number} kon niet worden betaald.",
    "elsewhere": (
        "Uw terugbetaling van {amount} voor bestelling {number} is niet nog eens betaald, omdat het "
        "geld al op een andere manier was terugbetaald."
    ),
    "reversed": (
        "Uw terugbetaling van {amount} voor bestelling {number} was betaald, maar de bank heeft die op "
        "{date} teruggestuurd."
    ),
    "part_reversed": (
        "Van uw terugbetaling van {amount} voor bestelling {number} is {part} betaald; de bank heeft "
        "{rest} op {date} teruggestuurd."
    ),
    "kept": (
        "Uw terugbetaling van {amount} voor bestelling {number} is niet betaald, omdat de bestelling "
        "bleef zoals die was."
    ),
    "rejected": "Uw terugbetaling van {amount} voor bestelling {number} is niet goedgekeurd.",
    "after_all": (
        "Uw terugbetaling van {amount} voor bestelling {number} gold eerst als mislukt; de betaaldienst "
        "meldt nu dat die is betaald."
    ),
    "short": "Daarvan kon {short} niet worden betaald.",
    "fee": "Er is {fee} aan kosten ingehouden.",
    "shipping": "Daarvan is {shipping} voor de verzending.",
    "currency": "U hebt in {currency} betaald: uw bank rekent het bedrag om tegen de eigen koers.",
}
