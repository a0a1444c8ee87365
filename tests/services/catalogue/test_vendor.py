"""The vendor's identity, look and conditions of sale: each bound of them, from both sides."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from access import SYSTEM
from models import Conditions, Vendor, db
from services.catalogue import vendor
from tests.asked import entries, refused
from tests.pictures import PNG, picture


def identity(row, **changes):
    return {name: getattr(row, name) for name in vendor.EDITABLE} | changes


@pytest.mark.parametrize(
    ("name", "typed", "stored"),
    [
        ("gst_number", "123456789rt0001", "123456789 RT0001"),
        ("qst_number", "1234567890  tq0001", "1234567890 TQ0001"),
        ("gst_number", "", ""),
        ("color", "#ABCDEF", "#abcdef"),
        ("support_email", "Aide@Boreal.Example", "aide@boreal.example"),
        ("install_url_fr", "", ""),
    ],
)
def test_what_a_vendor_types_is_stored_as_it_is_printed(cast, sam, name, typed, stored):
    assert getattr(vendor.update_vendor(identity(cast.vendor, **{name: typed}), by=sam), name) == stored


@pytest.mark.parametrize(
    ("name", "typed", "code"),
    [
        ("gst_number", "12345678 RT0001", "bad_number"),
        ("gst_number", "123456789 RT00011", "bad_number"),
        ("qst_number", "123456789 TQ0001", "bad_number"),
        ("name", " ", "empty"),
        ("legal_name", "", "empty"),
        ("support_email", "", "empty"),
        ("support_email", "nobody", "bad_address"),
        ("install_url_fr", "nowhere", "bad_url"),
        ("install_url_en", "nowhere", "bad_url"),
        ("color", "red", "bad_color"),
        ("time_zone", "Mars", "unknown_time_zone"),
        ("name", "a" * 101, "too_long"),
    ],
)
def test_an_identity_that_would_be_printed_wrong_is_refused(cast, sam, name, typed, code):
    assert refused(code, vendor.update_vendor, identity(cast.vendor, **{name: typed}), by=sam)
    assert db.session.get_one(Vendor, 1).revision == 1


def test_each_edit_of_the_look_is_another_revision_and_no_edit_is_none(cast, sam):
    values = identity(cast.vendor)
    vendor.update_vendor(values, by=sam)
    assert cast.vendor.revision == 1
    vendor.update_vendor(values | {"color": "#123456"}, by=sam)
    assert cast.vendor.revision == 2
    vendor.update_vendor(values | {"color": "#123456"}, by=sam, logo=PNG)
    assert (cast.vendor.revision, cast.vendor.logo_type) == (3, "image/png")
    vendor.update_vendor(values | {"color": "#123456"}, by=sam, remove_logo=True)
    assert (cast.vendor.revision, cast.vendor.logo, cast.vendor.logo_type) == (4, None, None)
    assert [entry.after for entry in entries("vendor_changed")] == [
        {"color": "#123456"},
        {"logo": "image/png"},
        {"logo": None},
    ]


@pytest.mark.parametrize(
    ("kind", "stored"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")]
)
def test_a_logo_is_at_most_200_kilobytes_and_2000_pixels_a_side(cast, sam, kind, stored):
    for largest in (picture(kind, weight=200_000), picture(kind, (2_000, 2_000))):
        assert vendor.update_vendor(identity(cast.vendor), by=sam, logo=largest).logo_type == stored
    for logo in (picture(kind, weight=200_001), picture(kind, (2_001, 1)), picture(kind, (1, 2_001))):
        assert refused("bad_logo", vendor.update_vendor, identity(cast.vendor), by=sam, logo=logo)


@pytest.mark.parametrize(
    "logo",
    [
        picture("GIF"),
        picture("WEBP", frames=2),
        picture("PNG")[:40],
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"RIFF1234WEBP",
        b"RIFF1234WAVE",
        # A picture of 4,000 million pixels in few bytes: its size is read, and it is not decoded.
        picture("PNG")[:16] + (65_000).to_bytes(4, "big") * 2 + picture("PNG")[24:],
    ],
    ids=["gif", "moving", "cut off", "png's first bytes", "jpeg's", "webp's", "a sound", "a bomb"],
)
def test_a_logo_that_is_no_picture_of_its_kind_is_refused(cast, sam, logo):
    assert refused("bad_logo", vendor.update_vendor, identity(cast.vendor), by=sam, logo=logo)


def test_the_same_conditions_are_the_same_version(cast, sam):
    first = vendor.publish_conditions("a", "b", by=sam)
    assert vendor.publish_conditions(" a ", "b", by=sam).id == first.id
    assert vendor.publish_conditions("a", "c", by=sam).id != first.id
    assert vendor.publish_conditions("d", "c", by=sam).id == vendor.current_conditions().id
    assert len(entries("conditions_published")) == 3
    assert len(db.session.scalars(db.select(Conditions)).all()) == 4
    for texts in (("", "x"), ("x", "")):
        assert refused("empty", vendor.publish_conditions, *texts, by=sam)


def test_the_first_conditions_of_a_desk_are_published(scope):
    assert vendor.current_conditions() is None
    assert vendor.publish_conditions("a", "b", by=SYSTEM).text_en == "b"


def test_before_there_is_a_vendor_pages_have_an_empty_one(scope):
    nobody = vendor.current()
    assert (nobody.name, nobody.revision, nobody.gst_number) == ("", 0, "")
    assert nobody.today
    assert db.session.scalars(db.select(Vendor)).all() == []


def test_today_is_the_vendors_own(cast, time_machine):
    cast.vendor.time_zone = "Pacific/Auckland"
    db.session.commit()
    time_machine.move_to(dt.datetime(2026, 11, 24, 23, tzinfo=zoneinfo.ZoneInfo("America/Toronto")))
    assert vendor.current().today == dt.date(2026, 11, 25)


def test_conditions_that_a_colleague_has_just_published_are_not_published_over(cast, sam):
    first = vendor.version_of(vendor.current_conditions())
    published = vendor.publish_conditions("a", "b", by=sam, seen=first)
    assert refused("changed_meanwhile", vendor.publish_conditions, "c", "d", by=sam, seen=first)
    assert vendor.current_conditions().id == published.id
    assert vendor.publish_conditions("c", "d", by=sam, seen=vendor.version_of(published)).text_fr == "c"
