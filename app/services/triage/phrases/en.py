"""English."""

GROUPS = {
    "order": "order|orders|oder|ordr|purchase|purchases",
    "goods": (
        "order|orders|purchase|package|packages|parcel|parcels|shipment|item|items|product|"
        "products|stuff|goods|delivery|things|box"
    ),
    "thing": (
        "item|items|product|products|article|articles|thing|something|shirt|shoes|dress|jacket|"
        "boots|jeans|it|them|this|these|that|purchase|order|parcel"
    ),
    "no": "don't|do_not|didn't|did_not|never|not|without|instead_of|rather_than|won't|no_need_to",
    "fill": "want|wish|need|please|to|ever|actually|you|have|like|mean|be",
    "money": (
        "refund*|reimburse*|reimbursment|restitution*|compensation*|rebate*|money_back|my_money|repayment*|refudn"
    ),
    "wait": "wait*|expect*|awaiting",
    "human": ("human|person|agent|operator|representative|rep|advisor|adviser|supervisor|manager|somebody|someone"),
    "support": (
        "customer_service|customer_support|customer_care|customer_assistance|assistant|call_center|"
        "support_team|service_team|support"
    ),
    "late": "late|delayed|overdue|delay|lost|stuck",
}

PHRASES = {
    "order.cancel": """
       4  cancel|cancelling|canceling|cancle|cancell|cancling|cacnel|canel|revoke ~3 @order
       4  want|like|need|get|have ~4 @order ~1 cancelled|canceled
       4  cancellation|cancelation|canceling|cancelling of? my|the|an|this @order
       3  call_off|withdraw|undo|stop|abort|void ~1 @order
       3  @order ~8 cancel it|that|this|them
       3  no_longer|don't want|need ~1 @order
       3  cancel everything|all|both|order
       2  cancel|cancelling|canceling|cancle|cancellation|cancell
       1  by mistake|accident
      -4  cancel* ~4 subscription|membership|newsletter|account|return|exchange|refund|transfer|appointment
          |plan|premium
      -4  cancellation|cancelation fee*|charge*|penalt*|polic*|cost*
      no  @no @fill? @fill? @fill? cancel|cancelling|canceling|cancle
      no  was|were|been|got|is|already|you|i|it_says cancelled|canceled
      no  why ~6 cancelled|canceled
    """,
    "return.request": """
       4  return|returning|retrun ~3 @thing
       4  send|sending|ship|mail|bring @thing ~1 back
       4  send|sending|ship|mail back ~2 @thing
       4  return label|shipping_label|form
       4  start|make|initiate|open|request|process|do|arrange|create|set_up a|the|my return
       4  want|like|need|have|how|can|could|may ~4 to? return
       3  want|like|need|have ~2 to_return
       3  take it|them|this back
       2  return
      -4  return|returns|returned polic*|window|period|rules|conditions|fee|fees|cost|costs|deadline
      -3  how_long|how_many|what|which ~6 return*
      -3  status|track|received|get|got ~4 return
      -3  returned
      -2  stain*|broken|torn|damaged|defective|wrong_item|wrong_size|faulty
      -4  return|returning ~1 to|customer|call|visit
      no  @no @fill? @fill? @fill? return|returning|send_it_back|send_them_back
    """,
    "return.policy": """
       4  return*|refund*|exchange|reimburse*|money_back|cancel*|rebate polic*|rules|terms|window|period
          |conditions|guarantee
       4  cancel*|withdrawal|termination|exit fee*|penalt*|charge*
       4  what|which|when ~4 cases|situations|circumstances ~6 @money|return*
       4  how_long|how_many_days|until_when ~5 to|can|for return
       4  policy ~3 on|for|about|regarding return*|refund*|exchange*
       3  can|may|could|do|does|is|are ~2 returnable|refundable
       3  do|are you ~2 accept|offer|allow|give returns|refunds|exchanges
       3  how_long ~5 return
       2  polic*
       2  is_it_possible|possible|am_i_able|can_i|could_i ~3 get|receive|have ~2 @money
    """,
    "refund.request": """
       4  want|need|like|demand*|request|get|getting|obtain|ask|asking|claim|have|give|receive|apply ~3 @money
       4  @money me|us|my|this|that|the
       4  my|the money back
       4  refund|reimburse|rebate|reimbursing|refunding|rebating ~1 #
       3  help*|assist*|problem*|how|where|can|could|please|possible ~6 @money
       2  @money
      -4  @money polic*|status|guarantee
      -4  check|see|track|find ~4 polic*|guarantee
      -3  where|when|status|track|check|received|processed|still ~5 refund|reimbursement|rebate|restitution
          |money|compensation
      -3  @wait ~4 @money
      -4  my_money together|ready
      -2  send|missing my? refund
      -4  update|updates|news ~3 @money
      no  don't|do_not|never|without|instead_of|rather_than @fill? @fill? @fill? a? refund*|money
      no  not @fill? a? refund
    """,
    "refund.status": """
       4  update|updates|news ~3 @money
       3  my|the|missing refund|reimbursement
       4  send|missing|pending ~1 refund
       4  where is|are|s|my|the|was? ~2 @money
       4  where's|wheres ~2 @money
       4  when ~6 @money
       4  status|progress|update|eta|state ~4 @money
       4  @money ~2 status|progress
       4  @money ~12 can't|cannot|don't|not ~1 see|find|show|showing|reach*
       4  @wait ~5 @money
       4  track|tracking|follow|check ~3 refund|reimbursement|rebate|compensation|restitution
       4  refund*|reimburse*|rebate*|money ~6 not|n't|never|hasn't|haven't|didn't|isn't|yet|still|missing|processed
       4  not|never|haven't|hasn't|didn't|still|havent ~5 refund|refunded|reimbursed|money_back|reimbursement
       4  how_long ~6 @money
       3  has|have|is|was|did ~3 refund|refunded|reimbursement ~2 processed|issued|sent|gone|made|approved|go
       3  requested|asked|promised|returned ~8 refund|money
       3  returned ~12 not|nothing|n't|don't|haven't|hasn't
       3  expect* ~3 @money
      -4  check|see|view|know ~6 polic*|guarantee|cases|situations
    """,
    "order.status": """
       4  where|wheres|where's|were is|are|the|my|s|has|did ~2 @goods
       4  wheres|where's ~2 @goods
       4  status ~5 @goods
       4  @goods ~2 ~2 status|eta
       4  track|tracking|trace|locate|follow|find ~3 @goods
       4  when|what_time|what_day ~5 @goods ~3 arrive*|come|coming|delivered|ship*|here|get
       4  when ~3 get|receive|expect ~2 my|the @goods
       4  has|have|did|is|was ~3 @goods ~2 shipped|ship|sent|dispatched|left|arriving|coming|delivered
       4  eta|estimated_arrival|arrival|delivery_date|whereabouts ~4 @goods
       4  tracking|shipping|shipment|delivery number|code|info*|status|link|update|details
       3  check*|see|know|update ~5 @order ~3 status|arriv*|arrive|shipped
       3  check ~2 on? my|an|the|a @order
       3  @goods ~2 today|tomorrow|on_its_way|on_the_way|arriving
       3  how_long|when ~5 arrive|deliver*
       2  status|track
       2  my|the order
      -4  status|track|where ~5 refund|return|subscription|membership|account|card|money|reimbursement|rebate
          |discount|newsletter
      -4  @order ~2 cancelled|canceled
      -3  delivery|shipping options|methods|periods|costs|countries
      -1  cancel*|change|changing|edit|modify|swap|remove|add|adding|return|update ~5 @order|item*
      no  @no @fill? @fill? @fill? track|tracking|know_where
    """,
    "shipping.delay": """
       4  not|n't|never|hasn't|haven't|havent|hasnt|didn't|yet ~4 arrived|received|come|delivered|shown_up
          |turned_up|got|gotten
       4  @goods ~4 is|was|are|be|running? ~1 @late
       4  @late|missing @goods
       3  still ~3 wait* ~3 @goods
       3  supposed|should|was ~3 arrive*|delivered|here|come
       3  why ~8 taking|so_long|long
       3  wait* ~3 days|weeks|month|months|week
       2  @late
      -3  refund*|reimburse*|rebate|discount|promo*|code|points|email|e_mail|money
    """,
    "exchange.request": """
       4  exchange|exchanging|swap|swapping|switch ~3 @thing
       4  different|another|bigger|smaller|other|larger size|color|colour
       3  exchange
       2  replace*
      -3  exchange_rate|currency|foreign|polic*
      -3  swap*|switch* ~5 of|from|in ~2 @order
    """,
    "order.change_items": """
       4  add|adding|remove|removing|delete|swap|change|changing|edit|modify|update|updating|switch*
          |correct* ~4 item*|product*|article*|something|quantity|several|some|one ~5 @order
       4  change|changing|edit|editing|modify|modifying|update|updating|amend ~2 @order
       3  from|to|of|in ~1 my|the @order ~1 before
    """,
    "order.change_address": """
       4  change|changing|update|correct|edit|modify|wrong|different|another|new|confirm|set_up|enter*|add* ~3 address
       4  ship|shipped|send|deliver ~5 different|another|new|wrong address|place
       3  shipping|delivery address
    """,
    "item.damaged": """
      -2  start|want|like|need|make|request ~4 return|returning|exchange|refund|send
       4  @goods|it|they ~4 broken|damaged|defective|torn|cracked|stained|ripped|scratched|faulty|leaking|spoiled
       4  broken|damaged|defective|torn|cracked|stained|faulty @goods
       4  doesn't|don't|not|stopped|won't work|working|turn
       3  stain|broke|hole|defect|scratch|damaged|broken
    """,
    "item.wrong_or_missing": """
      -2  start|want|like|need|make|request ~4 return|returning|exchange|refund|send
       4  wrong|incorrect|different item|items|product|size|color|colour|order|one|article|thing
       4  missing|incomplete ~3 item*|part*|piece*|order|product
       4  item*|part*|piece*|product|one ~3 missing
       3  sent|received|got me? the? wrong
       3  not what i ordered
    """,
    "subscription.manage": """
       4  subscription|subscribe|unsubscribe|newsletter|membership|subscribing|unsubscribing|premium_plan
       3  annual|yearly|membership fee
    """,
    "account.access": """
       4  password|username|user_name|log_in|login|logging|sign_in|two_factor|2fa|locked_out|pin
       3  access|recover|restore|register*|registration|into ~3 account?
       3  sign_up|signup|registration
    """,
    "account.update": """
       4  open*|create|creating|close|closing|delete|deleting|cancel*|switch*|change|set_up|remove
          |terminate ~5 account|profile
       4  change|update|edit ~3 name|phone|details|information|profile|email|personal
       3  account|profile
    """,
    "payment.issue": """
       4  declined|double_charge*|charged_twice|overcharge*|double_charged|unknown_charge|extra_charge|extra_fee
       4  payment* ~3 fail*|error*|problem*|issue*|trouble|declined|rejected
       4  problem*|issue*|error*|trouble ~3 payment*|paying
       4  charged|charge|fee|payment ~6 twice|extra|unknown|unexpected|two|additional|again|why|wrong
       3  card ~3 work*|declined|rejected
       3  charged|charge|fee
    """,
    "billing.info": """
       4  invoice*|bill|bills|receipt*|billing
       4  payment|pay methods|options|modalities|method
    """,
    "promo.price": """
       4  promo*|discount*|coupon*|voucher_code|price_match|sale_price|cheaper|price_difference
       3  price ~3 drop*|changed|lower|yesterday*|went|match
    """,
    "loyalty.credit": """
       4  gift_card|giftcard|store_credit|points|loyalty|rewards|credit_balance
       4  bronze|silver|gold|platinum|member level|status|benefits|membership
    """,
    "shipping.options": """
       4  delivery|shipping|shipment option*|method*|cost*|fee*|period*|time|countries|price|modalit*
       4  do|can|could you ~2 ship|deliver
       4  express|overnight|expedited|faster|pick_up|pickup|free shipping|delivery|ship*
       3  how_much ~3 shipping|delivery
    """,
    "stock.question": """
       4  in_stock|out_of_stock|restock*|available_again|back_in_stock|sold_out|availability
    """,
    "product.question": """
       3  what ~3 material|size|made|fabric|dimensions
       3  how_much ~3 cost|is|are
       3  made_of|machine_wash|fit|waterproof|compatible
    """,
    "site.checkout": """
       4  checkout|shopping_cart|cart|website|site|search|page ~5 not|n't|error|slow|work*|problem*|stuck|empty|help
       4  help|how|want|like|trouble ~4 place|placing|make|making|buy|buying a|an|my order|purchase
       3  cart|checkout|website|add_to_cart
    """,
    "human.request": """
       4  speak|speaking|talk|talking|chat|chatting|connect|contact*|transfer|call|calling|reach ~5 @human|@support
       4  real|live|actual|human person|agent|human|being|operator|representative|support|someone
       4  phone_number|hotline|email_address|call_me|call_you|call_back|contact_details
       4  get|need|want|have|give|find|put ~2 a|an|me|some? ~1 human|agent|representative|supervisor|manager
          |operator|real_person
       3  customer_service|customer_support|customer_assistance|customer_care
       2  human|agent|representative|supervisor
      -3  spoke|spoken|talked|said|told|nice|great ~3 @human|@support
      no  @no @fill? @fill? @fill? speak|talk|call|contact|chat
    """,
    "complaint": """
       4  file|make|lodge|submit|register|filing|making|open ~3 complaint*|claim|claims|reclamation*
       4  complaint|complain|reclamation|complaining
       3  terrible|awful|worst|horrible|unacceptable|disgust*|scam*|ridiculous|disappoint*|rubbish
    """,
    "praise": """
       4  thank_you|thanks|thx|great_service|love_it|excellent|amazing|awesome|well_done|best_shop|very_happy|perfect
       4  leave|write|submit|give|post|send ~3 review|feedback|opinion|comment|comments
       3  review|feedback
    """,
    "other": """
       3  hello|hi|hey|bye|goodbye|good_morning|good_evening|how_are_you|see_you|later|test|whats_up|who_are_you
       2  joke|weather|bot|robot|name|song
      -2  order|return|refund|cancel|account|card|address|item*|subscription|payment|password|buy|price|size
          |code|help|shipping
    """,
}
