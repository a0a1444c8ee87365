"""Addresses of our pages: nobody is led to another site."""

from __future__ import annotations

import pytest

from services.foundation import urls

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("target", "page"),
    [
        ("/portal/", "/portal/"),
        ("/portal/users/?q=a&page=2", "/portal/users/?q=a&page=2"),
        ("https://desk.example/portal/?q=a", "/portal/?q=a"),
        ("http://desk.example/portal/", "/portal/"),
        ("/portal/users/?q=a b", "/portal/users/?q=a b"),
        (None, None),
        ("", None),
        ("portal/", None),
        ("//evil.example/", None),
        ("https://evil.example/", None),
        ("https://desk.example.evil.example/", None),
        ("https://desk.example//evil.example", None),
        ("/\\evil.example", None),
        ("\\\\evil.example", None),
        ("/portal/\r\nLocation: x", None),
        ("javascript:alert(1)", None),
        ("/portal/\x1fx", None),
        # What Python's own reader of addresses refuses.
        ("http://[::1", None),
        ("//[", None),
        ("//ex\u2100mple.com", None),
        ("http://[desk.example]/", None),
        # Behind a proxy that names no port, while people type one.
        ("https://DESK.example/portal/", "/portal/"),
        ("https://desk.vendor.example:8443/portal/", "/portal/"),
        ("https://desk.vendor.example/portal/", None),
    ],
)
def test_only_a_page_of_this_site_is_returned_to(app, target, page):
    app.config["BASE_URL"] = "https://desk.vendor.example:8443"
    with app.app_context():
        assert urls.local(target, "desk.example") == page


def test_an_absolute_address_never_comes_from_a_request(app):
    with app.test_request_context(headers={"Host": "localhost"}):
        app.config["BASE_URL"] = "https://desk.vendor.example"
        assert urls.absolute("/x") == "https://desk.vendor.example/x"
        assert urls.link_url("token") == "https://desk.vendor.example/l/token"
        assert urls.portal_url() == "https://desk.vendor.example/portal/"
        assert urls.users_url() == "https://desk.vendor.example/portal/users/"
        assert urls.payment_return_url() == "https://desk.vendor.example/portal/orders/done"
