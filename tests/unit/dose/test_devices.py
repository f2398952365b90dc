"""Who a device is, by what reports and images say of it."""

import json

from dicomlake.pipeline.dose.devices import (
    DeviceBook,
    device_key,
    display_name,
    facility_key,
    facts_text,
    resolve,
)

REPORT = {
    "manufacturer": "SIEMENS", "manufacturer_model_name": "Force", "device_serial_number": "75",
    "device_observer_uid": "1.2.3",
}  # fmt: skip
IMAGE = {"manufacturer": "Siemens ", "manufacturer_model_name": "FORCE", "station_name": "CT1"}


def test_spelling_changes_no_key() -> None:
    assert device_key({**REPORT, "manufacturer_model_name": " force "}) == device_key(REPORT)
    assert device_key({}) is None


def test_a_filler_is_no_serial_number() -> None:
    station = device_key(IMAGE)
    for filler in ("0000", "UNKNOWN", "n/a", "-"):
        assert device_key({**IMAGE, "device_serial_number": filler}) == station


def test_an_image_without_serial_number_is_of_the_only_device_it_can_be() -> None:
    keys = resolve([REPORT, IMAGE])
    assert keys[0] == keys[1] == device_key(REPORT)
    twin = {**REPORT, "device_serial_number": "76", "device_observer_uid": "1.2.4"}
    both = resolve([REPORT, twin, IMAGE])
    assert both[2] == device_key(IMAGE)


def test_one_serial_number_is_one_device_however_its_model_is_written() -> None:
    keys = resolve([REPORT, {**REPORT, "manufacturer_model_name": "SOMATOM Force"}])
    assert keys[0] == keys[1]


def test_nothing_said_is_the_only_device_or_nobody() -> None:
    assert resolve([REPORT, {}])[1] == device_key(REPORT)
    assert resolve([REPORT, {"station_name": "X9"}, {}])[2] is None
    assert resolve([{}]) == [None]


def test_other_stations_are_other_devices() -> None:
    keys = resolve([IMAGE, {**IMAGE, "station_name": "CT2"}])
    assert keys[0] != keys[1]


def test_the_facility_is_that_of_the_station_else_of_the_institution() -> None:
    facts = {"station_name": "CT1", "institution_name": "St  Mary"}
    assert facility_key(facts, {"ct1": "north", "st mary": "south"}) == "north"
    assert facility_key(facts, {"ST MARY": "south"}) == "south"
    assert facility_key(facts, {}) == "St Mary"
    assert facility_key({}, {}) is None


def test_a_maker_in_the_model_is_not_said_twice() -> None:
    named = {"manufacturer": "GE", "manufacturer_model_name": "GE Revolution", "station_name": "A"}
    assert display_name(named) == "GE Revolution (A)"


def test_rows_are_the_commonest_of_what_studies_say_in_any_order() -> None:
    said = [
        ("k", facts_text({**REPORT, "institution_name": name}, {"CT"})) for name in ("B", "A", "B")
    ] + [("k", facts_text(REPORT, {"RF"}))]
    books = []
    for order in (said, said[::-1]):
        book = DeviceBook()
        for key, text in order:
            book.add(key, text)
        books.append(book.rows({}))
    assert books[0] == books[1]
    (row,) = books[0]
    assert (row["institution_name"], row["facility_key"]) == ("B", "B")
    assert row["modality_groups"] == ["CT", "RF"]
    assert "station_name" not in json.loads(said[0][1])
