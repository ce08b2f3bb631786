"""English."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "Your withdrawal from order {number}",
    "withdrawal.will_cancel": ("The order is canceled and not shipped. What you have paid goes back the way you paid."),
    "withdrawal.will_refund": (
        "The items that have not been shipped are taken off the order. What you have paid for them goes "
        "back the way you paid."
    ),
    "withdrawal.will_return": (
        "You send the items back. What you have paid for them goes back the way you paid once they have arrived."
    ),
    "withdrawal.confirm": "Please confirm to make your withdrawal binding. You need not give a reason.",
    "withdrawal.received": (
        "We have received your withdrawal from the contract for order {number}. You declared it on "
        "{date} at {time}. It covers these items:"
    ),
    "withdrawal.cancel": "The order is canceled and not shipped.",
    "withdrawal.refund": "These items are not shipped any more where they have not left us yet.",
    "withdrawal.return": (
        "Please send back what has reached you, by {back} at the latest. Your return number is {rma}."
    ),
    "withdrawal.person": "Our team looks at what has to be done now and writes to you.",
    "withdrawal.due": "What you have paid goes back the way you paid, by {due} at the latest.",
    "withdrawal.due_part": "What you have paid for these items goes back the way you paid, by {due} at the latest.",
    "withdrawal.keep": "Your reference is {reference}. Please keep this message.",
    "confirmation.subject": "Confirmation of order {number}",
    "confirmation.placed": "Thank you for your order {number} of {date}. It holds:",
    "confirmation.total": "Total: {amount}.",
    "return.started.subject": "Your return for order {number} has started",
    "return.started": "Your return {rma} for order {number} has started. It covers these items:",
    "exchange.started.subject": "Your exchange for order {number} has started",
    "exchange.started": "Your exchange {rma} for order {number} has started. It covers these items:",
    "return.send": "Please send the items back. We write to you as soon as they have arrived.",
    "return.keep": "You may keep the items; nothing has to be sent back.",
    "return.arrived.subject": "Your return for order {number} has arrived",
    "return.arrived": "Your return {rma} for order {number} has arrived. We have received these items:",
    "refund.paid.subject": "Your refund for order {number} has been paid",
    "refund.paid": "We have refunded {amount} for order {number} the way you paid.",
    "credit.given.subject": "Store credit for order {number}",
    "refund.paid_credit": "We have given you {amount} as store credit for order {number}.",
    "refund.paid_method": "We have paid {amount} for order {number} to the payment method that you chose.",
    "code.subject": "Your code",
    "code.text": (
        "Your code is {code}. It is good for ten minutes. Enter it on the page where you asked for it "
        "and give it to nobody. If you did not ask for it, you need not do anything."
    ),
}
