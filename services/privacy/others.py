"""The columns that are about no person: each table's, by name. Beside `personal`, which has the rest."""

from __future__ import annotations

# What is a firm's own, even where it is somebody's name or address as well: who is contracted with, papers, a public
# address. It stays when a person is erased, and is changed with the firm's details.
OF_A_FIRM = {
    "companies": "name sort_key search_text people_named billing_email street city province postal_code country stripe_customer_id",
    # Of a card that somebody paid with: a refund is told by it.
    "payments": "brand last4",
    "orders": "customer_name customer_address vendor_name vendor_address",
    # Copies of the billing and the support address: where receipts and alerts went. A person's own are a part above.
    "vendor": "name legal_name address gst_number qst_number support_email",
    # Of the company in its own entries. Where one is an erased person's address, it is blanked there (`erasure`).
    "order_taxes": "registration_number",
}

# What says nothing of anybody.
IMPERSONAL = {
    # Ids and codes: whom a row is about, and what came of it.
    "batch_rows": "no outcome field",
    "batches": "together kind state options language made_as total prepared created_at expires_at confirmed_at confirmed_as "
    "done_at problem attempts due_at lease_until",
    "cart_items": "kind first_day last_day quantity added_as",
    "companies": "language time_zone currency lock_version created_at",
    "conditions": "text_fr text_en published_at",
    "firm_links": "domain places used last_day expires_at withdrawn_at seed token_hash made_as created_at",
    "jobs": "name period state attempts due_at lease_until created_at done_at last_error",
    # Ids, codes and what is of no person: `journal_personal` holds the rest.
    "journal_entries": "operation subject_type subject_id related before after",
    "journal_subjects": "kind",
    "licenses": "key seat_no product status gone_at gone_why renewal valid_from valid_until usable_until first_day last_day "
    # Copies of the open assignment's.
    "assigned_at activated_at",
    # Ids and instants.
    "operations": "post",
    "operation_rows": "table_name row_id before after",
    "order_issues": "kind stripe_id cause opened_at",
    "order_lines": "position kind first_day last_day plan_name_fr plan_name_en term_months quantity unit_amount net",
    "order_taxes": "position name_fr name_en rate amount",
    "orders": "placed_as state language currency net tax total refunded zone paid_at left_cart_at attempt "
    "stripe_session_id stripe_payment_intent_id fingerprint declined_at",
    # Ids and codes to render from, never a name or an address.
    "outgoing_mail": "language context dedupe_key lane attempts due_at lease_until message_id last_error",
    "payments": "attempt stripe_session_id stripe_payment_intent_id stripe_charge_id state amount currency livemode "
    "method opened_at paid_at",
    "plans": "code product name_fr name_en description_fr description_en term_months devices_per_license limits on_sale "
    "position",
    "prices": "currency amount starts_on",
    "refused_webhooks": "count first_at last_at",
    # Of everybody's names, and whose each is, is not said; `services/search/words.py` takes those of an erased person away.
    "search_words": "word length",
    "seat_counts": "seats",
    "stripe_events": "type object_id livemode created_at received_at handled_at outcome",
    "submissions": "token at",
    "suspensions": "reason cause started_at ended_at",
    "tax_rates": "place name_fr name_en rate registration starts_on",
    "terms": "kind first_day last_day zone anchor_day starts_at ends_at net tax refunded",
    "term_taxes": "amount",
    "vendor": "charges_no_tax install_url_fr install_url_en color logo logo_type time_zone revision desk_code "
    "grace_days granted_days",
}
