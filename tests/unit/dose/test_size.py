import pytest

from dicomlake.pipeline.dose.size import applies, is_head, ssde_factor


@pytest.mark.parametrize(
    ("diameter", "phantom", "factor"),
    [(20, 32, 1.7774), (30, 32, 1.2311), (40, 32, 0.8528), (20, 16, 0.8644)],
)
def test_factors_are_those_of_aapm_204(diameter: float, phantom: int, factor: float) -> None:
    assert ssde_factor(diameter, phantom) == pytest.approx(factor, abs=5e-5)


@pytest.mark.parametrize(
    ("phantom", "inside", "outside"),
    [(32, (8.0, 45.0), (7.99, 45.01)), (16, (6.0, 55.0), (5.99, 55.01))],
)
def test_outside_the_tables_there_is_no_factor(
    phantom: int, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    assert None not in [ssde_factor(diameter, phantom) for diameter in inside]
    assert {ssde_factor(diameter, phantom) for diameter in outside} == {None}


@pytest.mark.parametrize(
    ("diameter", "phantom"), [(None, 32), (20.0, None), (20.0, 10), (float("nan"), 32), (20.0, 0)]
)
def test_without_diameter_or_phantom_there_is_no_factor(
    diameter: float | None, phantom: int | None
) -> None:
    assert ssde_factor(diameter, phantom) is None


@pytest.mark.parametrize(
    ("event", "head"),
    [
        ({"target_region_code": "69536005"}, True),
        ({"target_region_code": "12738006"}, True),
        ({"target_region_code": "51185008", "target_region_meaning": "Chest"}, False),
        ({"target_region_meaning": "HEAD"}, True),
        ({"target_region_meaning": "HEADNECK"}, True),
        ({"target_region_meaning": "CHEST"}, False),
        ({}, None),
    ],
)
def test_a_head_is_known_by_its_region(event: dict[str, str], head: bool | None) -> None:
    assert is_head(event) is head


@pytest.mark.parametrize(
    ("region", "phantom", "fits"),
    [
        ("HEAD", 16, False),
        ("HEAD", 32, False),
        ("ABDOMEN", 16, True),
        ("ABDOMEN", 32, True),
        (None, 32, True),
        (None, 16, False),
        (None, None, False),
    ],
)
def test_heads_have_no_factor_and_a_head_phantom_needs_a_known_body(
    region: str | None, phantom: int | None, fits: bool
) -> None:
    assert applies({"target_region_meaning": region, "phantom_cm": phantom}) is fits
