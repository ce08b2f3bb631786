"""Refusals: one class per stable `code`, one HTTP status per kind; services raise them, one handler answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class AppError(Exception):
    """A refusal that a caller may see: `detail` is a sentence fit to be shown."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    code: ClassVar[str] = "internal_error"
    detail: str = "Something went wrong on our side."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        code: str | None = None,
        decision: Mapping[str, Any] | None = None,
    ) -> None:
        self.detail = detail or type(self).detail
        self.errors = [dict(error) for error in errors]
        self.headers = dict(headers or {})
        self.name = code or type(self).code
        self.decision = dict(decision) if decision is not None else None
        """The guard's decision that this refusal carries out, as its row; kept after the write is rolled back."""
        self.decision_id: str | None = None
        """Set once the decision is kept: nobody is told of one that is not there."""
        self.order_id: str | None = None
        """Our id of the order that was meant, where a write got as far as to know it; never told."""
        super().__init__(f"{self.name}: {self.detail}")

    def problem(self, request_id: str) -> dict[str, Any]:
        """The RFC 9457 body."""
        body: dict[str, Any] = {
            "type": f"https://aftersale.dev/problems/{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.name,
            "request_id": request_id,
        }
        if self.errors:
            body["errors"] = self.errors
        if self.decision_id is not None:
            body["decision_id"] = self.decision_id
        return body


# ---- kinds: the only place that knows HTTP numbers ----------------------------------------------------------------


class BadRequest(AppError):
    """The request cannot be read."""

    status = 400
    title = "Bad request"
    code = "bad_request"
    detail = "The request could not be read."


class Unauthorized(AppError):
    """No valid credential."""

    status = 401
    title = "Unauthorized"
    code = "unauthorized"
    detail = "A valid API key or shopper's token is needed: Authorization: Bearer sk_…"


class Forbidden(AppError):
    """The credential is good and does not reach this."""

    status = 403
    title = "Forbidden"
    code = "forbidden"
    detail = "This credential may not do that."


class NotFound(AppError):
    """It does not exist for this caller."""

    status = 404
    title = "Not found"
    code = "not_found"
    detail = "There is nothing here."


class MethodNotAllowed(AppError):
    """The path exists, the method does not."""

    status = 405
    title = "Method not allowed"
    code = "method_not_allowed"
    detail = "This path does not take that method."


class Conflict(AppError):
    """The state or the policy says no."""

    status = 409
    title = "Conflict"
    code = "conflict"
    detail = "The present state does not allow that."


class PreconditionFailed(AppError):
    """`If-Match` names an older version."""

    status = 412
    title = "Precondition failed"
    code = "version_stale"
    detail = "The object has changed since the version in If-Match."


class TooLarge(AppError):
    """The body is over the limit."""

    status = 413
    title = "Content too large"
    code = "body_too_large"
    detail = "The body is larger than this API accepts."


class UnsupportedMediaType(AppError):
    """The body is not JSON."""

    status = 415
    title = "Unsupported media type"
    code = "unsupported_media_type"
    detail = "Send application/json, UTF-8, without a content encoding."


class Invalid(AppError):
    """It can be read and cannot be meant."""

    status = 422
    title = "Unprocessable content"
    code = "validation_failed"
    detail = "The request is not valid."


class TooManyRequests(AppError):
    """The key is over its rate."""

    status = 429
    title = "Too many requests"
    code = "rate_limited"
    detail = "Too many requests with this key: wait for the seconds in Retry-After."


class Unavailable(AppError):
    """Try again later; nothing was done, or the same idempotency key finds what was."""

    status = 503
    title = "Service unavailable"
    code = "unavailable"
    detail = "The service cannot answer right now. Try again with the same Idempotency-Key."

    def __init__(self, detail: str | None = None, *, retry_after: int = 1, **extra: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **extra)


class RequestTimeout(AppError):
    """The client took too long to send its body."""

    status = 408
    title = "Request timeout"
    code = "body_too_slow"
    detail = "The body took too long to arrive."


# ---- codes --------------------------------------------------------------------------------------------------------


class InvalidMultipart(BadRequest):
    """The body is not the form of one file that it should be."""

    code = "invalid_multipart"
    detail = "Send multipart/form-data with one file in the field file."


class SignatureInvalid(Unauthorized):
    """The call is not signed by whom it should be, or was signed too long ago."""

    code = "signature_invalid"
    detail = "The call is not signed with this connection's secret, or its time is more than five minutes from ours."


class UriTooLong(BadRequest):
    """The address is longer than it may be."""

    code = "uri_too_long"
    detail = "The address is too long."


class InvalidJson(BadRequest):
    """The body is not strict JSON."""

    code = "invalid_json"
    detail = "The body is not valid JSON."


class InvalidCursor(BadRequest):
    """The cursor was changed, or belongs to another list."""

    code = "invalid_cursor"
    detail = "This cursor was not made by this list."


class InvalidHeader(BadRequest):
    """A header cannot be read."""

    code = "invalid_header"
    detail = "A header of the request could not be read."


class TooManyFiles(TooManyRequests):
    """A shopper sends more files than people do."""

    code = "too_many_files"
    detail = "Too many files in one hour: wait for the seconds in Retry-After."


class IdempotencyKeyRequired(BadRequest):
    """A write that moves something needs a key."""

    code = "idempotency_key_required"
    detail = "Send an Idempotency-Key header of at most 255 printable characters."


class ScopeMissing(Forbidden):
    """The key lacks the scope."""

    code = "scope_missing"
    detail = "This key does not have the scope that this call needs."


class OriginNotAllowed(Forbidden):
    """A web page on another origin than those that the key lists."""

    code = "origin_not_allowed"
    detail = "This key may not be used from this origin: `aftersale keys set` lists those that may."


class CodeIncorrect(Forbidden):
    """It is not the code that was sent, if one was."""

    code = "code_incorrect"
    detail = "This is not the code. After five tries the session is locked."


class JwtRefused(Forbidden):
    """The storefront's word does not count."""

    code = "jwt_refused"
    detail = "The JWT is not accepted."


class NotOwner(Forbidden):
    """The acting shopper does not own it."""

    code = "not_owner"
    detail = "This order belongs to another customer."


class ProofRequired(Forbidden):
    """The shopper has not proved enough."""

    code = "proof_required"
    detail = "The shopper must prove who they are before this."


class SelfApproval(Forbidden):
    """Nobody approves what they have asked for."""

    code = "self_approval"
    detail = "You have asked for this yourself: another person must approve it."


class ActorRequired(Forbidden):
    """A named person must do this."""

    code = "actor_required"
    detail = "A named person must do this: send Aftersale-Actor: agent:<id>."


class OrderNotFound(NotFound):
    """No such order here."""

    code = "order_not_found"
    detail = "No such order."


class CustomerNotFound(NotFound):
    """No such customer here."""

    code = "customer_not_found"
    detail = "No such customer."


class ProductNotFound(NotFound):
    """No such product here."""

    code = "product_not_found"
    detail = "No such product."


class TicketNotFound(NotFound):
    """No such ticket here."""

    code = "ticket_not_found"
    detail = "No such ticket."


class RefundNotFound(NotFound):
    """No such refund here."""

    code = "refund_not_found"
    detail = "No such refund."


class ReturnNotFound(NotFound):
    """No such return here."""

    code = "return_not_found"
    detail = "No such return."


class ClaimNotFound(NotFound):
    """No such claim here."""

    code = "claim_not_found"
    detail = "No such claim."


class WithdrawalNotFound(NotFound):
    """No such withdrawal here."""

    code = "withdrawal_not_found"
    detail = "No such withdrawal."


class CreditNotFound(NotFound):
    """No such store credit here."""

    code = "credit_not_found"
    detail = "No such store credit."


class ExchangeNotFound(NotFound):
    """No such exchange here."""

    code = "exchange_not_found"
    detail = "No such exchange."


class LabelNotFound(NotFound):
    """No such return label here."""

    code = "label_not_found"
    detail = "No such return label."


class OperationNotFound(NotFound):
    """No such operation here."""

    code = "operation_not_found"
    detail = "No such operation."


class ApprovalNotFound(NotFound):
    """No such approval here."""

    code = "approval_not_found"
    detail = "No such approval."


class ActionNotFound(NotFound):
    """No action has this name."""

    code = "action_not_found"
    detail = "No action has this name: GET /v1/actions lists them."


class FileNotFound(NotFound):
    """No such file here, or it is not this customer's."""

    code = "file_not_found"
    detail = "No such file."


class EventNotFound(NotFound):
    """No such event here."""

    code = "event_not_found"
    detail = "No such event."


class ConnectionNotFound(NotFound):
    """No such connection here, or it takes no calls."""

    code = "connection_not_found"
    detail = "No such connection."


class WebhookEndpointNotFound(NotFound):
    """No such endpoint here."""

    code = "webhook_endpoint_not_found"
    detail = "No such webhook endpoint."


class PrivacyRequestNotFound(NotFound):
    """No shop has asked that here."""

    code = "privacy_request_not_found"
    detail = "No such privacy request."


class DeliveryNotFound(NotFound):
    """No such delivery of this connection."""

    code = "delivery_not_found"
    detail = "No such delivery."


class SubscriptionNotFound(NotFound):
    """No such subscription of this customer."""

    code = "subscription_not_found"
    detail = "No such subscription."


class PolicyNotFound(NotFound):
    """No such policy here."""

    code = "policy_not_found"
    detail = "No such policy."


class AgentNotFound(NotFound):
    """No such person at this store."""

    code = "agent_not_found"
    detail = "No such agent."


class TeamNotFound(NotFound):
    """No such team at this store."""

    code = "team_not_found"
    detail = "No such team."


class TicketUpdateNotFound(NotFound):
    """No such update of many tickets here."""

    code = "ticket_update_not_found"
    detail = "No such update of tickets."


class RatingLinkNotFound(NotFound):
    """The link was not made by us, or belongs to nothing any more."""

    code = "rating_link_not_found"
    detail = "This link leads to nothing."


class RatingLinkExpired(NotFound):
    """The link has had its time."""

    code = "rating_link_expired"
    detail = "This link has expired."


class BacktestNotFound(NotFound):
    """No such backtest here."""

    code = "backtest_not_found"
    detail = "No such backtest."


class DecisionNotFound(NotFound):
    """No such decision here."""

    code = "decision_not_found"
    detail = "No such decision."


class SessionNotFound(NotFound):
    """No such session of this key."""

    code = "session_not_found"
    detail = "No such shopper session."


class SessionLocked(Conflict):
    """Five wrong codes."""

    code = "session_locked"
    detail = "Too many wrong codes: start another session."


class SessionExpired(Conflict):
    """The code's ten minutes are over."""

    code = "session_expired"
    detail = "The code is no longer good: start another session."


class SessionVerified(Conflict):
    """A code is good for one token."""

    code = "session_verified"
    detail = "This code was used already: start another session."


class OrderNotPending(Conflict):
    """Only an order that has not shipped can be canceled."""

    code = "order_not_pending"
    detail = "The order is not pending any more."


class OrderAlreadyModified(Conflict):
    """Its items were swapped already."""

    code = "order_already_modified"
    detail = "The items of this order were changed already."


class PaymentAlreadyChanged(Conflict):
    """Its payment method was changed already."""

    code = "payment_already_changed"
    detail = "The payment method of this order was changed already."


class ChangeInProgress(Conflict):
    """Another change of the same order or customer has not ended."""

    code = "change_in_progress"
    detail = "Another change is still on its way: wait for it to end."


class PrivacyRequestEnded(Conflict):
    """It was done, or stopped."""

    code = "privacy_request_ended"
    detail = "The request has been done or stopped already."


class ErasureTooEarly(Conflict):
    """Something of the person's has not ended: without their data it could not."""

    code = "erasure_too_early"
    detail = "Something of theirs is still on its way: end or cancel it first, then erase."


class ChangeRefused(Conflict):
    """The shop said no in words that are not ours."""

    code = "change_refused"
    detail = "The shop did not accept the change."


class PaymentDeclined(Conflict):
    """The payment provider did not take the money."""

    code = "payment_declined"
    detail = "The payment provider did not accept the charge; nothing was changed."


class OrderNotDelivered(Conflict):
    """Only what arrived can be returned."""

    code = "order_not_delivered"
    detail = "The order has not been delivered yet."


class AlreadyCanceled(Conflict):
    """The order is canceled."""

    code = "already_canceled"
    detail = "The order is canceled already."


class AlreadyReturned(Conflict):
    """These items are in a return already."""

    code = "already_returned"
    detail = "These items are in a return already."


class ReturnWindowClosed(Conflict):
    """The time to return is over."""

    code = "return_window_closed"
    detail = "The time in which this order could be returned is over."


class ItemNotReturnable(Conflict):
    """This item cannot be sent back."""

    code = "item_not_returnable"
    detail = "This item cannot be returned."


class RefundExceedsCaptured(Conflict):
    """More than what is left of the payments or of the lines."""

    code = "refund_exceeds_captured"
    detail = "The refund is more than what is left to refund."


class LimitReached(Conflict):
    """A cap on what happens without a person."""

    code = "limit_reached"
    detail = "This is more than what may be refunded without a person."


class ApprovalRequired(Conflict):
    """A person must say yes first, and this door cannot wait for one."""

    code = "approval_required"
    detail = "A person must say yes to this first."


class ApprovalNotPending(Conflict):
    """It has been decided, has expired or was canceled."""

    code = "approval_not_pending"
    detail = "This approval does not wait for anybody any more."


class AlreadyApproved(Conflict):
    """Two persons are two different ones."""

    code = "already_approved"
    detail = "You have approved this already: another person must, too."


class FactsChanged(Conflict):
    """Something has moved since the preview."""

    code = "facts_changed"
    detail = "Something has changed since the preview: ask for a new one."


class ConfirmationRequired(Conflict):
    """The write needs a confirmation token of its own preview that is valid."""

    code = "confirmation_required"
    detail = "Send the confirmation_token of a preview of this very request, at most 15 minutes old and not used yet."


class OrderAmbiguous(Conflict):
    """Two orders answer to this reference."""

    code = "order_ambiguous"
    detail = "Two orders answer to this reference: use the order's id."


class ReturnNotInState(Conflict):
    """The return's status does not allow that."""

    code = "return_not_in_state"
    detail = "The return's status does not allow that."


class ClaimNotInState(Conflict):
    """The claim's status does not allow that."""

    code = "claim_not_in_state"
    detail = "The claim's status does not allow that."


class AlreadyClaimed(Conflict):
    """These items are in a claim already."""

    code = "already_claimed"
    detail = "These items are in a claim already."


class WithdrawalNotInState(Conflict):
    """The withdrawal's status does not allow that."""

    code = "withdrawal_not_in_state"
    detail = "The withdrawal's status does not allow that."


class SubscriptionNotActive(Conflict):
    """What is paused, ends or has ended is not changed like that."""

    code = "subscription_not_active"
    detail = "The subscription is not active."


class SubscriptionNotPaused(Conflict):
    """Only what is paused, or is to end, goes on again."""

    code = "subscription_not_paused"
    detail = "The subscription is not paused."


class ConfirmationJustSent(Conflict):
    """The same mail went out a moment ago."""

    code = "confirmation_just_sent"
    detail = "The confirmation was sent less than ten minutes ago."


class NoContact(Conflict):
    """Nobody can be written to."""

    code = "no_contact"
    detail = "No e-mail address stands on the order."


class LabelNotActive(Conflict):
    """The label is used, void or not there yet."""

    code = "label_not_active"
    detail = "The label is not active."


class LabelExists(Conflict):
    """One active label per return parcel."""

    code = "label_exists"
    detail = "This return has an active label already."


class OperationSettled(Conflict):
    """Nothing is left to resolve."""

    code = "operation_settled"
    detail = "The operation has ended already."


class OperationRunning(Conflict):
    """It is being tried at this moment."""

    code = "operation_running"
    detail = "The operation is being tried right now: wait a few seconds."


class TicketClosed(Conflict):
    """A closed ticket takes no more messages."""

    code = "ticket_closed"
    detail = "The ticket is closed."


class TicketMerged(Conflict):
    """It has gone on in another ticket."""

    code = "ticket_merged"
    detail = "The ticket was merged into another one."


class CustomerMerged(Conflict):
    """All that was theirs is another's now."""

    code = "customer_merged"
    detail = "The customer was merged into another one."


class CustomersDiffer(Conflict):
    """What one shopper wrote is not shown to another."""

    code = "customers_differ"
    detail = "The two tickets are not the same customer's."


class AlreadyRated(Conflict):
    """One answer of each kind."""

    code = "already_rated"
    detail = "The ticket was rated already."


class AgentExists(Conflict):
    """The id is taken."""

    code = "agent_exists"
    detail = "An agent with this id is there already."


class TeamExists(Conflict):
    """The id is taken."""

    code = "team_exists"
    detail = "A team with this id is there already."


class StatusNotAllowed(Conflict):
    """The ticket cannot go from its status to that one."""

    code = "status_not_allowed"
    detail = "The ticket cannot go to that status from where it is."


class IdempotencyKeyInUse(Conflict):
    """The first request with this key is still running."""

    code = "idempotency_key_in_use"
    detail = "The first request with this Idempotency-Key is still running."


class PolicyNotDraft(Conflict):
    """What decided once stays as it was: only drafts change."""

    code = "policy_not_draft"
    detail = "Only a draft can be changed: a version that was active stays as it was."


class DecisionNotReplayable(Conflict):
    """It was written before all facts were kept."""

    code = "decision_not_replayable"
    detail = "This decision was written down without all of its facts."


class FileQuotaReached(Conflict):
    """The store keeps as many bytes of files as it may."""

    code = "file_quota_reached"
    detail = "The store's room for files is used up."


class NotConnected(Conflict):
    """No provider is connected for this mode."""

    code = "not_connected"
    detail = "No shop is connected for live data yet."


class NotSupported(Conflict):
    """The connected shop has nothing of the kind."""

    code = "not_supported"
    detail = "The connected shop cannot do that."


class EncryptionKeyMissing(Conflict):
    """Nothing to keep credentials with."""

    code = "encryption_key_missing"
    detail = "This server has no key to keep credentials with: set AFTERSALE_ENCRYPTION_KEYS."


class FamilyTaken(Conflict):
    """A store has one shop, one payment provider, one carrier and one channel in each mode."""

    code = "family_taken"
    detail = "Another connection serves that already: change it, delete it, or name other families."


class ConnectionInUse(Conflict):
    """Effects that were begun through it have not ended."""

    code = "connection_in_use"
    detail = "Operations of this store have not ended: they could not be looked up any more. Wait for them."


class DeliveryNotDead(Conflict):
    """It waits or has been worked on."""

    code = "delivery_not_dead"
    detail = "Only what was given up or refused is tried again."


class ScopesExceeded(Forbidden):
    """Nobody gives away more than they have."""

    code = "scopes_exceeded"
    detail = "A connection may have the scopes of the key that makes it, and no others."


class NoItems(Invalid):
    """Nothing was asked for."""

    code = "no_items"
    detail = "Name lines, an amount or shipping."


class ResolutionRequired(Invalid):
    """Nobody has said how the claim is to be settled."""

    code = "resolution_required"
    detail = "The claim names no resolution: accept it at its own route, with one."


class ItemNotInOrder(Invalid):
    """The line is not of this order."""

    code = "item_not_in_order"
    detail = "A line does not belong to this order."


class ItemCountMismatch(Invalid):
    """As many new items as old ones, and no more than the order has."""

    code = "item_count_mismatch"
    detail = "The order has fewer of this line."


class DifferentProduct(Invalid):
    """A swap stays within one product."""

    code = "different_product"
    detail = "The new item is of another product."


class NewItemNotFound(Invalid):
    """The shop sells no such variant."""

    code = "new_item_not_found"
    detail = "There is no such item."


class NewItemUnavailable(Invalid):
    """The variant cannot be had now."""

    code = "new_item_unavailable"
    detail = "The new item is not available."


class SameItem(Invalid):
    """Nothing would change."""

    code = "same_item"
    detail = "The new item is the one that was ordered."


class ReasonNotAllowed(Invalid):
    """The store does not list this reason."""

    code = "reason_not_allowed"
    detail = "The store does not accept this reason."


class RefundMethodNotAllowed(Invalid):
    """The money cannot go there."""

    code = "refund_method_not_allowed"
    detail = "The refund cannot go to that destination."


class PaymentMethodNotFound(Invalid):
    """The customer has no such method, or the order was not paid with it."""

    code = "payment_method_not_found"
    detail = "There is no such payment method for this order."


class SamePaymentMethod(Invalid):
    """The method pays already."""

    code = "same_payment_method"
    detail = "The order is paid with that payment method already."


class GiftCardInsufficient(Invalid):
    """The gift card or credit does not hold as much."""

    code = "gift_card_insufficient"
    detail = "The gift card does not hold enough for this."


class KindUnknown(Invalid):
    """No adapter of that name."""

    code = "kind_unknown"
    detail = "There is no kind of connection with this name, or not in this mode."


class CurrencyMismatch(Invalid):
    """Another currency than the order's."""

    code = "currency_mismatch"
    detail = "The amount is not in the order's currency."


class FileTypeNotAllowed(Invalid):
    """What it is, by its content, is not taken."""

    code = "file_type_not_allowed"
    detail = "Send a photo (JPEG, PNG, WebP or GIF) or a PDF; what it is called does not matter."


class FileUnreadable(Invalid):
    """It begins like a picture or a PDF and cannot be read as one."""

    code = "file_unreadable"
    detail = "The file is broken, protected or cut off: it cannot be read."


class ImageTooLarge(Invalid):
    """More pixels than are read."""

    code = "image_too_large"
    detail = "The picture has more than 50 million pixels."


class IdempotencyKeyReused(Invalid):
    """The key came with another request before."""

    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used with another request."


class StorageUnavailable(Unavailable):
    """The database cannot take it now."""

    code = "storage_unavailable"
    detail = "The database cannot take this right now; nothing was acknowledged. Try again."


class ProviderUnavailable(Unavailable):
    """The shop, the carrier or the payment provider does not answer."""

    code = "provider_unavailable"
    detail = "A connected system does not answer right now. Try again."


STORED_REFUSALS = frozenset({404, 409})
"""Refusals that are kept with an idempotency key for a day; all others may be tried again with it."""
NEVER_STORED = frozenset(
    {
        "facts_changed",
        "confirmation_required",
        "order_ambiguous",
        "idempotency_key_in_use",
        "change_in_progress",
        "file_quota_reached",
    }
)


def refusal_of(code: str) -> type[AppError]:
    """The refusal with this stable code; a plain conflict where none is known by it."""
    if code not in _BY_CODE:
        _BY_CODE.update({kind.code: kind for kind in _kinds(AppError)})
    return _BY_CODE.get(code, Conflict)


_BY_CODE: dict[str, type[AppError]] = {}


def _kinds(kind: type[AppError]) -> list[type[AppError]]:
    return [kind, *(found for heir in kind.__subclasses__() for found in _kinds(heir))]
