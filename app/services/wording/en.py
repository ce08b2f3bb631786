"""English."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "Order {number} has been received and is waiting to be prepared.",
    "status.processing": "Order {number} is being prepared for shipping.",
    "status.shipped": "Order {number} is on its way.",
    "status.shipped_eta": "Order {number} is on its way and should arrive by {date}.",
    "status.out_for_delivery": "Order {number} is out for delivery today.",
    "status.delayed": "Order {number} is on its way but late: it should have arrived by {date}.",
    "status.exception": "Order {number} is on its way; the carrier reports a problem with the delivery.",
    "status.delivered": "Order {number} has been delivered.",
    "status.delivered_on": "Order {number} was delivered on {date}.",
    "status.canceled": "Order {number} has been canceled.",
    "status.lost": (
        "The parcel of order {number} has probably been lost on its way. Please write to us, and we will sort it out."
    ),
    "status.announced": "Order {number} is packed; the carrier has not picked it up yet.",
    "status.returned": "The parcel of order {number} is going back to the sender.",
    "status.unshipped_late": "Order {number} should have arrived by {date} but has not been shipped yet.",
    "status.parts": "Order {number} comes in parts: {parts}.",
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
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "{parcels} delivered",
    "part.shipped": "{parcels} on the way",
    "part.shipped_eta": "{parcels} expected by {date}",
    "part.out_for_delivery": "{parcels} out for delivery today",
    "part.announced": "{parcels} not picked up by the carrier yet",
    "part.delayed": "{parcels} late",
    "part.silent": "{parcels} without news from the carrier",
    "part.exception": "{parcels} with a delivery problem",
    "part.lost": "{parcels} probably lost",
    "part.returned": "{parcels} going back to the sender",
    "part.preparing": "{items} still being prepared",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} parcel",
        "other": "{count} parcels",
    },
    "items": {
        "one": "{count} item",
        "other": "{count} items",
    },
    "status.silent": {
        "one": "Order {number} is on its way; the carrier has had no news of it for {count} day.",
        "other": "Order {number} is on its way; the carrier has had no news of it for {count} days.",
    },
    "policy.return_window": {
        "one": "You can return items within {count} day of delivery. Just tell us the order number.",
        "other": "You can return items within {count} days of delivery. Just tell us the order number.",
    },
}
