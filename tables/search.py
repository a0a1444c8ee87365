"""Words that somebody may mistype: what a search that found nothing is corrected by."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tables.base import Base


class SearchWord(Base):
    """A word of somebody's name or of a company's, as `tables.spelling.plain` has it. Gathered anew from those who are there.

    It says not whose it is: whether the reader may see anybody with it, they find out by searching for it.
    """

    __tablename__ = "search_words"
    __table_args__ = (sa.Index("ix_search_words_length", "length", "word"),)

    word: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    length: Mapped[int]
