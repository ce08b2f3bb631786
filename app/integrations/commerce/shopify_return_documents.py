"""What the Shopify adapter sends about returns that stand: their labels, and goods that go out early, in GraphQL.

Each document validates against 2026-07 and 2026-10. None of these mutations has an idempotency key.
"""

# ---- labels ---------------------------------------------------------------------------------------------------

RETURN_PARCELS = """
query ReturnParcels($id: ID!) {
  return(id: $id) {
    id status
    reverseFulfillmentOrders(first: 5) {
      nodes {
        id status
        reverseDeliveries(first: 20, reverse: true) {
          nodes {
            id
            deliverable { ... on ReverseDeliveryShippingDeliverable { tracking { number } } }
          }
          pageInfo { hasNextPage }
        }
      }
      pageInfo { hasNextPage }
    }
  }
}
"""
STAGE_LABEL = """
mutation StageLabel($input: [StagedUploadInput!]!) {
  stagedUploadsCreate(input: $input) {
    stagedTargets { url resourceUrl parameters { name value } }
    userErrors { field message }
  }
}
"""
CREATE_DELIVERY = """
mutation CreateDelivery($id: ID!, $tracking: ReverseDeliveryTrackingInput, $label: ReverseDeliveryLabelInput) {
  reverseDeliveryCreateWithShipping(
    reverseFulfillmentOrderId: $id, reverseDeliveryLineItems: [], trackingInput: $tracking, labelInput: $label,
    notifyCustomer: false
  ) {
    reverseDelivery { id }
    userErrors { code field message }
  }
}
"""
UPDATE_DELIVERY = """
mutation UpdateDelivery($id: ID!, $tracking: ReverseDeliveryTrackingInput, $label: ReverseDeliveryLabelInput) {
  reverseDeliveryShippingUpdate(
    reverseDeliveryId: $id, trackingInput: $tracking, labelInput: $label, notifyCustomer: false
  ) {
    reverseDelivery { id }
    userErrors { code field message }
  }
}
"""

# ---- exchanges ------------------------------------------------------------------------------------------------

EXCHANGE_STATE = """
query ExchangeState($id: ID!) {
  return(id: $id) {
    id status
    exchangeLineItems(first: 20) {
      nodes { id quantity processedQuantity unprocessedQuantity lineItems { id } }
      pageInfo { hasNextPage }
    }
    order {
      id
      fulfillmentOrders(first: 15, reverse: true) {
        nodes {
          id status
          lineItems(first: 20) { nodes { lineItem { id } } pageInfo { hasNextPage } }
          fulfillmentHolds { id reason }
        }
        pageInfo { hasNextPage }
      }
    }
  }
}
"""
PROCESS_EXCHANGE = """
mutation ProcessExchange($input: ReturnProcessInput!) {
  returnProcess(input: $input) {
    return { id status }
    userErrors { code field message }
  }
}
"""
RELEASE_HOLDS = """
mutation ReleaseHolds($id: ID!, $holds: [ID!]!) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) {
    fulfillmentOrder { id status }
    userErrors { code field message }
  }
}
"""
