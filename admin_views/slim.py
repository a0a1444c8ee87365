"""White space that nobody sees, left out of pages when their templates are compiled."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

_LINE = re.compile(r"[ \t]*\n\s*")


class Slim(Extension):
    """Each run of white space with a line break in it becomes that break, in the templates of pages; mails stay as they are."""

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterable[Token]:
        name = stream.name or ""
        if name.startswith("mail/") or not name.endswith(".html"):
            return stream
        return (
            Token(token.lineno, token.type, _LINE.sub("\n", token.value)) if token.type == "data" else token
            for token in stream
        )
