"""The parameters of each call of the API, with names, bounds and enums of Stripe's published OpenAPI description."""

from sandbox.stripe.params import Group, Items, Text, Whole, Words

LOCALES = [
    "auto",
    "bg",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "en-GB",
    "es",
    "es-419",
    "et",
    "fi",
    "fil",
    "fr",
    "fr-CA",
    "hr",
    "hu",
    "id",
    "it",
    "ja",
    "ko",
    "lt",
    "lv",
    "ms",
    "mt",
    "nb",
    "nl",
    "pl",
    "pt",
    "pt-BR",
    "ro",
    "ru",
    "sk",
    "sl",
    "sv",
    "th",
    "tr",
    "vi",
    "zh",
    "zh-HK",
    "zh-TW",
]
CURRENCIES = ("cad", "usd", "eur", "gbp")
EXPAND = Items(Text(), most=20)
SESSION_STATES = ("open", "complete", "expired")


class Currency(Text):
    """A currency in either case, kept in lower case as Stripe keeps it."""

    def read(self, value: object, param: str) -> str:
        return super().read(value.lower() if isinstance(value, str) else value, param)


PRODUCT = Group(
    {"name": Text(), "description": Text(40000), "metadata": Words(), "unit_label": Text(12)},
    required=("name",),
    beyond=frozenset({"images", "tax_code"}),
)
PRICE = Group(
    {"currency": Currency(choices=CURRENCIES), "unit_amount": Whole(0), "product_data": PRODUCT},
    required=("currency", "unit_amount", "product_data"),
    beyond=frozenset({"product", "recurring", "tax_behavior", "unit_amount_decimal"}),
)
LINE = Group(
    {"price_data": PRICE, "quantity": Whole(1, 999_999), "metadata": Words()},
    required=("price_data", "quantity"),
    beyond=frozenset({"price", "tax_rates", "adjustable_quantity"}),
)
MANDATE = Group(
    {
        "payment_schedule": Text(choices=("combined", "interval", "sporadic")),
        "transaction_type": Text(choices=("business", "personal")),
        "interval_description": Text(500),
    },
    required=("payment_schedule", "transaction_type"),
    beyond=frozenset({"custom_mandate_url", "default_for"}),
)
DEBIT = Group(
    {
        "mandate_options": MANDATE,
        "verification_method": Text(choices=("automatic", "instant", "microdeposits")),
    },
    required=("mandate_options",),
    beyond=frozenset({"currency", "setup_future_usage", "target_date"}),
)
PAYMENT_INTENT = Group(
    {"metadata": Words(), "description": Text(1000), "receipt_email": Text(kind="email")},
    beyond=frozenset(
        [
            "application_fee_amount",
            "capture_method",
            "on_behalf_of",
            "setup_future_usage",
            "shipping",
            "statement_descriptor",
            "statement_descriptor_suffix",
            "transfer_data",
            "transfer_group",
        ]
    ),
)
BRANDING = Group(
    {"display_name": Text()},
    beyond=frozenset({"background_color", "border_style", "button_color", "font_family", "icon", "logo"}),
)
CREATE_SESSION = Group(
    {
        "adaptive_pricing": Group({"enabled": Text(choices=("true", "false"))}),
        "branding_settings": BRANDING,
        "cancel_url": Text(kind="url"),
        "client_reference_id": Text(200),
        "currency": Currency(choices=CURRENCIES),
        "customer": Text(),
        "customer_email": Text(800, kind="email"),
        "expand": EXPAND,
        "expires_at": Whole(0, None),
        "line_items": Items(LINE),
        "locale": Text(choices=tuple(LOCALES)),
        "metadata": Words(),
        "mode": Text(choices=("payment", "setup", "subscription")),
        "payment_intent_data": PAYMENT_INTENT,
        "payment_method_options": Group({"acss_debit": DEBIT}, beyond=frozenset({"card"})),
        "payment_method_types": Items(Text(choices=("card", "acss_debit"))),
        "submit_type": Text(choices=("auto", "book", "donate", "pay")),
        "success_url": Text(kind="url"),
        "ui_mode": Text(choices=("hosted_page",)),
    },
    required=("success_url",),
    beyond=frozenset(
        [
            "after_expiration",
            "allow_promotion_codes",
            "automatic_tax",
            "billing_address_collection",
            "consent_collection",
            "custom_fields",
            "custom_text",
            "customer_account",
            "customer_creation",
            "customer_update",
            "discounts",
            "excluded_payment_method_types",
            "integration_identifier",
            "invoice_creation",
            "managed_payments",
            "name_collection",
            "optional_items",
            "origin_context",
            "payment_method_collection",
            "payment_method_configuration",
            "payment_method_data",
            "permissions",
            "phone_number_collection",
            "redirect_on_completion",
            "return_url",
            "saved_payment_method_options",
            "setup_intent_data",
            "shipping_address_collection",
            "shipping_options",
            "subscription_data",
            "tax_id_collection",
            "wallet_options",
        ]
    ),
)
ADDRESS = Group({name: Text() for name in ("city", "country", "line1", "line2", "postal_code", "state")})
CUSTOMER_FIELDS = {
    "address": ADDRESS,
    "description": Text(),
    "email": Text(512, kind="email"),
    "expand": EXPAND,
    "metadata": Words(),
    "name": Text(256),
    "phone": Text(20),
    "preferred_locales": Items(Text()),
}
CUSTOMER_BEYOND = frozenset(
    [
        "balance",
        "business_name",
        "cash_balance",
        "individual_name",
        "invoice_prefix",
        "invoice_settings",
        "next_invoice_sequence",
        "payment_method",
        "shipping",
        "source",
        "tax",
        "tax_exempt",
        "tax_id_data",
        "test_clock",
        "default_source",
    ]
)
WRITE_CUSTOMER = Group(CUSTOMER_FIELDS, beyond=CUSTOMER_BEYOND)
ONLY_EXPAND = Group({"expand": EXPAND})
CREATED = Group({name: Whole(0, None) for name in ("gt", "gte", "lt", "lte")})
PAGING = {
    "expand": EXPAND,
    "limit": Whole(1, 100),
    "starting_after": Text(),
    "ending_before": Text(),
    "created": CREATED,
}
LISTS = {
    "checkout.session": Group(
        {
            **PAGING,
            "payment_intent": Text(),
            "customer": Text(),
            "status": Text(choices=SESSION_STATES),
        },
        beyond=frozenset({"customer_account", "customer_details", "payment_link", "subscription"}),
    ),
    "payment_intent": Group({**PAGING, "customer": Text()}, beyond=frozenset({"customer_account"})),
    "charge": Group(
        {**PAGING, "payment_intent": Text(), "customer": Text()}, beyond=frozenset({"transfer_group"})
    ),
    "refund": Group({**PAGING, "payment_intent": Text(), "charge": Text()}),
    "dispute": Group({**PAGING, "payment_intent": Text(), "charge": Text()}),
    "customer": Group({**PAGING, "email": Text()}, beyond=frozenset({"test_clock"})),
    "event": Group(
        {**PAGING, "type": Text(), "types": Items(Text(), most=20)}, beyond=frozenset({"delivery_success"})
    ),
    "webhook_endpoint": Group(
        {name: PAGING[name] for name in ("expand", "limit", "starting_after", "ending_before")}
    ),
    "item": Group({name: PAGING[name] for name in ("expand", "limit", "starting_after", "ending_before")}),
}
