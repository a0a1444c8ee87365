"""A CSV does not say in which encoding it is: the names in it do."""

from __future__ import annotations

import pytest

from services.files import encodings, reading
from services.files.tables import Encoding
from services.foundation.errors import Code, Refused

pytestmark = pytest.mark.one_database

NAMES = [
    "Élise",
    "Hélène Côté",
    "Zoé",
    "Benoît Lefèvre",
    "François",
    "Maïté Noël",
    "Jérôme Bélanger-Gagné",
    "Anaïs",
    "Dupré;Loïc",
    "L’Écuyer",
    "Trois-Rivières",
    "Cœur",
    "« Équipe »",
    "À confirmer",
    "prénom;nom;courriel",
    "Québec",
    "Ça",
    "CÔTÉ",
    "Jean-René D’Août",
    "Émilie",
    "Léa Roy, lea@acme.example",
    "Garçon",
    "naïveté",
    "L’équipe d’été à Montréal",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", Encoding)
def test_a_french_name_alone_tells_its_encoding(name, encoding):
    assert encodings.decoded(name.encode(encoding)) == (name, encoding)


@pytest.mark.parametrize("encoding", Encoding)
def test_a_list_of_names_tells_its_encoding(encoding):
    text = "Prénom;Nom\r\n" + "\r\n".join(name.replace(";", " ") + ";Tremblay" for name in NAMES)
    table = reading.read(text.encode(encoding))
    assert table.encoding is encoding
    assert table.lines[1].cells == ("Élise", "Tremblay")


@pytest.mark.parametrize("encoding", [Encoding.UTF_8, Encoding.UTF_16_LE, Encoding.UTF_16_BE])
@pytest.mark.parametrize("text", ["Nom;Ville", "名前;都市", "Имя;Город"])
def test_a_byte_order_mark_is_believed_and_is_no_letter(encoding, text):
    table = reading.read(("\ufeff" + text).encode(encoding))
    assert table.encoding is encoding
    assert table.lines[0].cells == tuple(text.split(";"))


def test_plain_letters_are_read_in_any():
    assert encodings.decoded(b"Nom;Ville") == ("Nom;Ville", Encoding.UTF_8)


def test_people_choose_another_where_bytes_alone_do_not_tell():
    content = "Ève".encode("mac-roman")
    assert reading.read(content, encoding=Encoding.MAC).lines[0].cells == ("Ève",)
    assert reading.read(content, encoding=Encoding.WINDOWS).lines[0].cells == ("éve",)


@pytest.mark.parametrize("encoding", [None, Encoding.UTF_8])
def test_a_file_of_two_encodings_names_the_line(encoding):
    content = "Élise\nÉmilie\nGagné\n".encode() + "Hélène\n".encode("windows-1252")
    with pytest.raises(Refused, match="at line 4") as refused:
        reading.read(content, encoding=encoding)
    assert refused.value.code is Code.FILE_ENCODING
    # Whoever knows better sees the row.
    assert reading.read(content, encoding=Encoding.WINDOWS).lines[3].cells == ("Hélène",)
