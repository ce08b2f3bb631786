"""What the Shopify adapter asks to read a shop, in GraphQL; each document validates against 2026-07 and 2026-10.

How many items a connection gives stands in variables where an order is read, so that the cost of a query stays under
Shopify's ceiling of 1,000 points whether it reads one order or three. Whoever reads looks at `hasNextPage`.
"""

MONEY = """
fragment Money on MoneyBag { presentmentMoney { amount currencyCode } }
"""
ADDRESS = """
fragment Address on MailingAddress {
  name firstName lastName company address1 address2 city province provinceCode countryCodeV2 zip phone
}
"""
CUSTOMER = (
    ADDRESS
    + """
fragment Customer on Customer {
  id displayName firstName lastName locale
  defaultEmailAddress { emailAddress }
  defaultPhoneNumber { phoneNumber }
  defaultAddress { id ...Address }
}
"""
)
TRANSACTION = """
fragment Transaction on OrderTransaction {
  id kind status gateway formattedGateway createdAt errorCode
  parentTransaction { id }
  amountSet { presentmentMoney { amount currencyCode } shopMoney { amount currencyCode } }
}
"""
LINE = (
    MONEY
    + """
fragment Line on LineItem {
  id title variantTitle quantity currentQuantity
  originalUnitPriceSet { ...Money }
  discountAllocations { allocatedAmountSet { ...Money } }
  taxLines(first: 3) { priceSet { ...Money } }
  product { id tags }
  variant { id selectedOptions { name value } }
}
"""
)
PARCEL = """
fragment Parcel on Fulfillment {
  id status displayStatus createdAt deliveredAt estimatedDeliveryAt
  trackingInfo(first: 3) { company number url }
  fulfillmentLineItems(first: $held) { nodes { quantity lineItem { id } } pageInfo { hasNextPage } }
}
"""
REFUND = (
    MONEY
    + """
fragment RefundOf on Refund {
  id note createdAt
  refundLineItems(first: $parts) {
    nodes { quantity lineItem { id } subtotalSet { ...Money } totalTaxSet { ...Money } }
    pageInfo { hasNextPage }
  }
  transactions(first: 5) { nodes { id } pageInfo { hasNextPage } }
}
"""
)
ORDER = (
    LINE
    + CUSTOMER
    + TRANSACTION
    + PARCEL
    + REFUND.removeprefix(MONEY)
    + """
fragment Order on Order {
  id name email phone processedAt cancelledAt edited taxesIncluded customerLocale tags
  currencyCode presentmentCurrencyCode displayFinancialStatus displayFulfillmentStatus
  customer { ...Customer }
  shippingAddress { ...Address }
  shippingLine { title }
  shippingLines(first: 3) {
    nodes { discountedPriceSet { ...Money } taxLines { priceSet { ...Money } } }
  }
  totalDiscountsSet { ...Money }
  totalTaxSet { ...Money }
  originalTotalDutiesSet { ...Money }
  totalPriceSet { ...Money }
  totalRefundedSet { ...Money }
  lineItems(first: $lines) { nodes { ...Line } pageInfo { hasNextPage endCursor } }
  fulfillments(first: $parcels) { ...Parcel }
  refunds(first: $refunds) { ...RefundOf }
  transactions(first: $transactions) { ...Transaction }
  returns(first: 3, reverse: true) {
    nodes { status exchangeLineItems(first: 1) { nodes { id } } }
  }
}
"""
)
GET_ORDER = (
    ORDER
    + """
query GetOrder(
  $id: ID!, $lines: Int!, $parcels: Int!, $held: Int!, $refunds: Int!, $parts: Int!, $transactions: Int!
) {
  order(id: $id) { ...Order }
}
"""
)
FIND_ORDERS = (
    ORDER
    + """
query FindOrders(
  $query: String!, $first: Int!, $after: String,
  $lines: Int!, $parcels: Int!, $held: Int!, $refunds: Int!, $parts: Int!, $transactions: Int!
) {
  orders(first: $first, after: $after, query: $query, sortKey: CREATED_AT, reverse: true) {
    nodes { ...Order }
    pageInfo { hasNextPage endCursor }
  }
}
"""
)
LIST_ORDERS = """
query ListOrders($query: String!, $first: Int!, $after: String) {
  orders(first: $first, after: $after, query: $query, sortKey: CREATED_AT, reverse: true) {
    nodes { id }
    pageInfo { hasNextPage endCursor }
  }
}
"""
CHANGED_ORDERS = """
query ChangedOrders($query: String!, $first: Int!, $after: String, $counted: Boolean!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id }
    pageInfo { hasNextPage endCursor }
  }
  ordersCount(query: $query, limit: null) @include(if: $counted) { count }
}
"""
MORE_LINES = (
    LINE
    + """
query MoreLines($id: ID!, $first: Int!, $after: String) {
  order(id: $id) {
    lineItems(first: $first, after: $after) { nodes { ...Line } pageInfo { hasNextPage endCursor } }
  }
}
"""
)

MORE_PARCELS = (
    PARCEL
    + """
query MoreParcels($id: ID!, $parcels: Int!, $held: Int!) {
  order(id: $id) { fulfillments(first: $parcels) { ...Parcel } }
}
"""
)
MORE_REFUNDS = (
    REFUND
    + """
query MoreRefunds($id: ID!, $refunds: Int!, $parts: Int!) {
  order(id: $id) { refunds(first: $refunds) { ...RefundOf } }
}
"""
)
MORE_TRANSACTIONS = (
    TRANSACTION
    + """
query MoreTransactions($id: ID!, $transactions: Int!) {
  order(id: $id) { transactions(first: $transactions) { ...Transaction } }
}
"""
)

# ---- customers, products --------------------------------------------------------------------------------------

GET_CUSTOMER = (
    CUSTOMER
    + """
query GetCustomer($id: ID!) { customer(id: $id) { ...Customer addressesV2(first: 10) { nodes { ...Address } } } }
"""
)
FIND_CUSTOMERS = (
    CUSTOMER
    + """
query FindCustomers($query: String!) {
  customers(first: 10, query: $query) { nodes { ...Customer addressesV2(first: 10) { nodes { ...Address } } } }
}
"""
)
VARIANT = """
fragment Variant on ProductVariant {
  id price availableForSale
  selectedOptions { name value }
  product { id title }
}
"""
GET_VARIANT = (
    VARIANT
    + """
query GetVariant($id: ID!) { shop { currencyCode } productVariant(id: $id) { ...Variant } }
"""
)
GET_VARIANTS = (
    VARIANT
    + """
query GetVariants($id: ID!, $after: String) {
  shop { currencyCode }
  product(id: $id) { variants(first: 100, after: $after) { nodes { ...Variant } pageInfo { hasNextPage endCursor } } }
}
"""
)

CHECK = """
query Check {
  shop { myshopifyDomain plan { partnerDevelopment } }
  currentAppInstallation { accessScopes { handle } }
}
"""
