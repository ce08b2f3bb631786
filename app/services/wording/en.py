"""English."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "Order {number} has been received and is waiting to be prepared.",
    "status.processing": "Order {number} is being prepared for shipping.",
    "status.shipped": "Order {number} is on its way.",
    "status.shipped_eta": "Order {number} is on its way and should arrive by {date}.",
    "status.out_for_delivery": "Order {number} is out for delivery today.",
    "status.delayed": "Order {number} is on its way but later than announced.",
    "status.exception": "Order {number} is on its way; the carrier reports a problem with the delivery.",
    "status.delivered": "Order {number} has been delivered.",
    "status.delivered_on": "Order {number} was delivered on {date}.",
    "status.canceled": "Order {number} has been canceled.",
    # asking for something
    "ask.proof": (
        "To look into this, please tell us the order number and the e-mail address, phone number or postal "
        "code of the order."
    ),
    "ask.sign_in": "For your safety we need to be sure who you are before we do this. Please sign in and ask again.",
    "ask.which_order": "Which of your orders is it about?",
    "ask.which_items": "Which items of order {number} would you like to send back?",
    "ask.what_item": "Which item of order {number} is it about?",
    "ask.wrong_or_missing": "Is it the wrong item, or is it missing?",
    "ask.how_many": "How many of them are affected?",
    # acting
    "return.started": (
        "Your return {rma} for order {number} is approved. Your return label is being made and will be here "
        "in a moment. We refund you after the items have arrived and were checked."
    ),
    "return.awaits": (
        "Your request to return items of order {number} has reached us ({rma}). A colleague checks it and answers you."
    ),
    "claim.opened": "Your report about order {number} has reached us. A colleague looks at it and answers you here.",
    "cancel.started": "We are canceling order {number}. What you have paid goes back the way you paid.",
    "cancel.started_unpaid": "We are canceling order {number}. Nothing was charged.",
    "refund.started": "We are refunding {amount} for order {number} the way you paid.",
    "refund.status_succeeded": "Your refund of {amount} for order {number} has been paid out.",
    "refund.status_pending": "Your refund of {amount} for order {number} is on its way.",
    "refund.status_failed": (
        "Your refund of {amount} for order {number} could not be paid out yet. A colleague looks into it."
    ),
    "refund.status_none": "There is no refund for order {number} so far.",
    "policy.return_window": "You can return items within {days} days of delivery. Just tell us the order number.",
    # saying no
    "no.order_not_pending": (
        "Order {number} can no longer be canceled because it is already being shipped. You can return it "
        "once it has arrived."
    ),
    "no.already_canceled": "Order {number} is already canceled.",
    "no.order_not_delivered": "Order {number} has not been delivered yet, so it cannot be returned yet.",
    "no.return_window_closed": "The time to return order {number} is over.",
    "no.already_returned": "The items of order {number} are already in a return.",
    "no.already_claimed": "A colleague is already looking at these items of order {number}.",
    "no.item_not_returnable": "These items of order {number} cannot be returned.",
    # passing on
    "handoff": "Thank you for your message. A colleague will take care of it and answer you here.",
    "handoff.angry": "We are sorry about this. A colleague will take care of it personally and answer you here.",
    "thanks": "Thank you, we are glad to hear that!",
    "hello": "Hello! How can we help you with your order?",
    # buttons
    "button.all_items": "All items",
    "button.wrong": "The wrong item",
    "button.missing": "It is missing",
    "button.person": "Talk to a person",
}
