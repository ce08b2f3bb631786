"""A shop, a payment provider, a carrier and a mailbox of our own: a separate server with faults to order.

Nothing else in `app/` imports it, and of `app/` it uses only money, ids and clock: what our adapters know of it
they learn over HTTP, as they would of anybody's server.
"""
