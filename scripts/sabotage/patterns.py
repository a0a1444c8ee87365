"""The names that the operators look for. When a function is renamed, this is the table to edit.

Every pattern is matched against the dotted name of what is called: `mail.receipt`, `self._record`, `sa.and_`.
"""

from __future__ import annotations

import re


def _names(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


# --- What is sabotaged ----------------------------------------------------------------------------------------------

# `with …(company):` replaced by the same block without its turn (`unlocked.py`).
LOCKS = _names(r"(.*\.)?company_lock", r"(.*\.)?people_lock")
# `with transaction():` replaced by nothing at all.
TRANSACTIONS = _names(r"(.*\.)?transaction")
# Calls that stand alone and hold a lock.
TURNS = _names(r"(.*\.)?_?take_turn")
# Calls that stand alone and refuse.
GUARDS = _names(r"(.*\.)?_?(check|require|refuse|ensure|forbid|filled)\w*")
# What ends an `if` that is a guard, beside `raise`, `return` and `continue`.
ABORTS = _names(r"(.*\.)?abort")
FLUSHES = _names(r"(.*\.)?flush")
JOURNAL = _names(r"(.*\.)?_?record")
MAIL = _names(r"(.*\.)?(mail|mails|letters)\.\w+")
# Conditions given to a query, one argument each.
FILTERS = _names(r".*\.(where|filter_by|filter|having)", r"sa\.(and_|or_)")
PERMISSIONS = _names(r"(access\.)?Permission\.\w+")
ROLE_TABLE = "ROLE_PERMISSIONS"

# --- What is left alone ---------------------------------------------------------------------------------------------

# Sentences and labels, and what is only logged.
WORDS = _names(r"_|_l|N_|n?gettext|lazy_n?gettext|gettext_lazy|Markup|ngettext")
LOGS = _names(r"log(ger)?\.\w+", r"logging\.\w+", r".*\.logger\.\w+", r"warnings\.\w+")
# Declarations of types, and what only says how something looks.
DECLARATIONS = _names(r"(typing\.)?(TypeVar|ParamSpec|NewType|cast)", r"(dataclasses\.)?dataclass")
DISPLAY_CALLS = _names(r"(.*\.)?(Column|ExportColumn)")
# Keyword arguments whose value is shown, or changes nothing that a test could see.
DISPLAY_KEYWORDS = {
    "button",
    "class_",
    "description",
    "heading",
    "icon",
    "kind",
    "label",
    "render_kw",
    "text",
    "title",
    "tone",
}
EQUIVALENT_KEYWORDS = {
    "strict",
    "frozen",
    "exist_ok",
    "execution_options",
    "ensure_ascii",
    "separators",
    "sort_keys",
}
# Names whose value is shown: class attributes and module constants.
DISPLAY_NAMES = {
    "NAMES",
    "__all__",
    "columns",
    "create_label",
    "detail_columns",
    "empty_text",
    "export_columns",
    "icon",
    "menu_category",
    "title",
}
