"""Stripe's error answers."""


class StripeError(Exception):
    """An error answer: HTTP status, `type` (here `kind`), `code`, `message` and the `param` at fault."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.kind, self.code, self.param = message, status, kind, code, param

    def body(self) -> dict[str, dict[str, str]]:
        """Return the JSON document; keys without a value are absent, as at Stripe."""
        pairs = {"code": self.code, "message": self.message, "param": self.param, "type": self.kind}
        if self.code:
            pairs["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        return {"error": {name: value for name, value in pairs.items() if value is not None}}


def missing(kind: str, ident: str, param: str, *, status: int = 404) -> StripeError:
    """Build the answer for an object that does not exist: 404, or 400 where it is named by a parameter."""
    return StripeError(f"No such {kind}: '{ident}'", status=status, code="resource_missing", param=param)
