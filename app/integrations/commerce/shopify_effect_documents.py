"""What the Shopify adapter sends to have something done, and to look whether it was, in GraphQL.

Each document validates against 2026-07 and 2026-10. `refundCreate` without `@idempotent` would, too: a test of ours
sees to that.
"""

from app.integrations.commerce.shopify_documents import TRANSACTION

# ---- money ----------------------------------------------------------------------------------------------------

GET_PAYMENT = (
    TRANSACTION
    + """
query GetPayment($id: ID!) {
  node(id: $id) {
    id
    ... on OrderTransaction {
      order {
        id
        transactions(first: 80) { ...Transaction }
        refunds(first: 40) {
          id note createdAt
          transactions(first: 5) { nodes { id } pageInfo { hasNextPage } }
        }
      }
    }
  }
}
"""
)
CREATE_REFUND = (
    TRANSACTION
    + """
mutation CreateRefund($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id note createdAt transactions(first: 5) { nodes { ...Transaction } } }
    userErrors { field message }
  }
}
"""
)
CREDITS = """
query Credits($id: ID!, $namespace: String!, $key: String!) {
  customer(id: $id) {
    id
    metafield(namespace: $namespace, key: $key) { value }
    metafields(first: 50, namespace: $namespace, reverse: true) { nodes { key value } }
    storeCreditAccounts(first: 5) {
      nodes {
        id
        balance { currencyCode }
        transactions(first: 20, reverse: true) {
          nodes { amount { amount currencyCode } createdAt ... on StoreCreditAccountCreditTransaction { id } }
        }
      }
    }
  }
}
"""
CREDIT = """
mutation Credit($id: ID!, $input: StoreCreditAccountCreditInput!) {
  storeCreditAccountCredit(id: $id, creditInput: $input) {
    storeCreditAccountTransaction { id createdAt amount { amount currencyCode } account { id } }
    userErrors { code field message }
  }
}
"""

# ---- effects on orders and customers --------------------------------------------------------------------------

ORDER_STATE = """
query OrderState($id: ID!, $namespace: String!, $key: String!) {
  order(id: $id) {
    id cancelledAt displayFulfillmentStatus
    cancellation { staffNote }
    metafield(namespace: $namespace, key: $key) { value }
  }
}
"""
CANCEL = """
mutation Cancel($id: ID!, $reason: OrderCancelReason!, $notify: Boolean!, $note: String!) {
  orderCancel(
    orderId: $id, reason: $reason, notifyCustomer: $notify, restock: true, staffNote: $note,
    refundMethod: { originalPaymentMethodsRefund: false }
  ) {
    job { id done }
    orderCancelUserErrors { code field message }
  }
}
"""
JOB = """
query JobOf($id: ID!) { job(id: $id) { id done } }
"""
UPDATE_ORDER = """
mutation UpdateOrder($input: OrderInput!, $namespace: String!, $key: String!) {
  orderUpdate(input: $input) {
    order { id metafield(namespace: $namespace, key: $key) { value } }
    userErrors { field message }
  }
}
"""
NOTE_DOWN = """
mutation NoteDown($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) { metafields { key value } userErrors { code field message } }
}
"""
EDIT_STATE = """
query EditState($id: ID!, $namespace: String!, $key: String!, $after: String) {
  order(id: $id) {
    id cancelledAt displayFulfillmentStatus
    metafield(namespace: $namespace, key: $key) { value }
    lineItems(first: 100, after: $after) {
      nodes { id currentQuantity variant { id } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
EDIT_BEGIN = """
mutation EditBegin($id: ID!) {
  orderEditBegin(id: $id) {
    calculatedOrder { id lineItems(first: 100) { nodes { id quantity } pageInfo { hasNextPage } } }
    userErrors { field message }
  }
}
"""
EDIT_SET = """
mutation EditSet($id: ID!, $line: ID!, $quantity: Int!) {
  orderEditSetQuantity(id: $id, lineItemId: $line, quantity: $quantity, restock: true) {
    calculatedOrder { id }
    userErrors { field message }
  }
}
"""
EDIT_ADD = """
mutation EditAdd($id: ID!, $variant: ID!, $quantity: Int!) {
  orderEditAddVariant(id: $id, variantId: $variant, quantity: $quantity, allowDuplicates: true) {
    calculatedLineItem { id }
    calculatedOrder { id }
    userErrors { field message }
  }
}
"""
EDIT_COMMIT = """
mutation EditCommit($id: ID!, $note: String!) {
  orderEditCommit(id: $id, notifyCustomer: false, staffNote: $note) {
    order { id }
    userErrors { field message }
  }
}
"""
RETURNS = """
query Returns($id: ID!, $after: String) {
  order(id: $id) {
    id
    returns(first: 10, after: $after, reverse: true) {
      nodes {
        id name status
        returnLineItems(first: 20) {
          nodes {
            quantity returnReasonNote
            ... on ReturnLineItem { fulfillmentLineItem { lineItem { id } } }
          }
        }
        exchangeLineItems(first: 20) { nodes { variantId quantity } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
RETURNABLE = """
query Returnable($id: ID!) {
  order(id: $id) { id displayFulfillmentStatus }
  returnableFulfillments(orderId: $id, first: 10) {
    nodes {
      returnableFulfillmentLineItems(first: 25) {
        nodes { quantity fulfillmentLineItem { id lineItem { id } } }
      }
    }
    pageInfo { hasNextPage }
  }
  returnReasonDefinitions(first: 50) { nodes { id handle deleted } }
}
"""
CREATE_RETURN = """
mutation CreateReturn($input: ReturnInput!) {
  returnCreate(returnInput: $input) {
    return { id name status }
    userErrors { code field message }
  }
}
"""
CANCEL_RETURN = """
mutation CancelReturn($id: ID!) {
  returnCancel(id: $id, notifyCustomer: false) { return { id status } userErrors { code field message } }
}
"""
CLOSE_RETURN = """
mutation CloseReturn($id: ID!) {
  returnClose(id: $id) { return { id status } userErrors { code field message } }
}
"""
UPDATE_CUSTOMER = """
mutation UpdateCustomer($input: CustomerInput!) {
  customerUpdate(input: $input) { customer { id } userErrors { field message } }
}
"""
CUSTOMER_STATE = """
query CustomerState($id: ID!, $namespace: String!, $key: String!) {
  customer(id: $id) {
    id
    defaultAddress { id firstName lastName address1 address2 city province provinceCode countryCodeV2 zip phone }
    metafield(namespace: $namespace, key: $key) { value }
  }
}
"""
CREATE_ADDRESS = """
mutation CreateAddress($customer: ID!, $address: MailingAddressInput!) {
  customerAddressCreate(customerId: $customer, address: $address, setAsDefault: true) {
    address { id }
    userErrors { field message }
  }
}
"""
UPDATE_ADDRESS = """
mutation UpdateAddress($customer: ID!, $id: ID!, $address: MailingAddressInput!) {
  customerAddressUpdate(customerId: $customer, addressId: $id, address: $address, setAsDefault: true) {
    address { id }
    userErrors { field message }
  }
}
"""
