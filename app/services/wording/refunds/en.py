"""English."""

EXPLANATIONS: dict[str, str] = {
    "approval": "Your refund of {amount} for order {number} waits for a colleague to approve it.",
    "waiting": (
        "Your refund of {amount} for order {number} will be paid once the shop has confirmed the change to the order."
    ),
    "pending": "Your refund of {amount} for order {number} is on its way.",
    "unknown": (
        "Your refund of {amount} for order {number} has been requested; the payment provider has not "
        "confirmed it yet, and the amount stays reserved for you until then."
    ),
    "paid": "Your refund of {amount} for order {number} has been paid back the way you paid.",
    "paid_credit": "Your refund of {amount} for order {number} has been given to you as store credit.",
    "paid_method": ("Your refund of {amount} for order {number} has been paid to the payment method that you chose."),
    "part_open": (
        "Of your refund of {amount} for order {number}, {part} has been paid and {rest} is still on its way."
    ),
    "part_failed": ("Of your refund of {amount} for order {number}, {part} has been paid; {rest} could not be paid."),
    "failed": "Your refund of {amount} for order {number} could not be paid.",
    "elsewhere": (
        "Your refund of {amount} for order {number} was not paid again, because the money had already "
        "been refunded another way."
    ),
    "reversed": ("Your refund of {amount} for order {number} had been paid, but on {date} the bank sent it back."),
    "part_reversed": (
        "Of your refund of {amount} for order {number}, {part} has been paid; the bank sent {rest} back on {date}."
    ),
    "kept": "Your refund of {amount} for order {number} was not paid, because the order stayed as it was.",
    "rejected": "Your refund of {amount} for order {number} was not approved.",
    "after_all": (
        "Your refund of {amount} for order {number} was first taken to have failed; the payment provider now "
        "says that it has been paid."
    ),
    "short": "{short} of it could not be paid.",
    "fee": "{fee} was kept back as a fee.",
    "shipping": "{shipping} of it is for shipping.",
    "currency": "You paid in {currency}: your bank converts the amount at its own rate.",
}
