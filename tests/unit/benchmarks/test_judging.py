"""Volumes of other tools are judged by content and through their own affine, on tiny series."""

from dataclasses import replace

import numpy as np
import pytest
from judging import Ended, Made, Source, Truth, fit, judge

ROWS, COLUMNS, SLICES = 5, 4, 6
STEP = 2.5


def slices(n: int = SLICES, *, seed: int = 1, start: float = 0.0, **more: object) -> list[Source]:
    chance = np.random.default_rng(seed)
    steps = np.array([[0.8, 0], [0, 0.7], [0, 0]], dtype=float)
    return [
        replace(
            Source(
                np.rint(chance.normal(0, 400, (ROWS, COLUMNS))),
                np.array([-10.0, -20.0, start + STEP * k]),
                steps,
            ),
            **more,
        )
        for k in range(n)
    ]


def truth(*volumes: list[Source], besides: tuple[Source, ...] = (), **more: object) -> Truth:
    sources, members = [], []
    for each in volumes:
        members.append(tuple(range(len(sources), len(sources) + len(each))))
        sources += each
    return Truth((*sources, *besides), tuple(members), **more)


AFFINE = np.array([[0.8, 0, 0, -10], [0, 0.7, 0, -20], [0, 0, STEP, 0], [0, 0, 0, 1]], dtype=float)


def made(sources: list[Source], affine: np.ndarray = AFFINE) -> Made:
    """Return the volume of slices, as [i, j, k]."""
    return Made(np.stack([each.values for each in sources]).T, affine)


def words(of: Truth, *volumes: Made) -> str:
    return judge(of, Ended("made", made=volumes)).words


def test_voxels_in_their_place_with_their_values_are_exact() -> None:
    stack = slices()
    assert words(truth(stack), made(stack)) == "exact"


def test_other_axes_and_directions_are_exact_when_the_affine_says_so() -> None:
    stack = slices()
    plain = made(stack)
    turned = plain.array.transpose(2, 1, 0)[:, ::-1]
    affine = AFFINE[:, [2, 1, 0, 3]].copy()
    affine[:, 3] += affine[:, 1] * (ROWS - 1)
    affine[:, 1] *= -1
    assert words(truth(stack), Made(turned, affine)) == "exact"


def test_a_mirrored_volume_is_wrong_by_its_width() -> None:
    stack = slices()
    mirrored = Made(made(stack).array[::-1], AFFINE)
    assert words(truth(stack), mirrored) == f"wrong geometry ({0.8 * (COLUMNS - 1):.1f} mm)"


def test_wrong_order_of_slices_is_wrong_geometry() -> None:
    stack = slices()
    assert words(truth(stack), made(stack[::-1])) == f"wrong geometry ({STEP * 5:.1f} mm)"


def test_a_step_a_hundredth_too_long_is_found_and_one_within_tolerance_is_not() -> None:
    stack = slices()
    within, beyond = AFFINE.copy(), AFFINE.copy()
    within[2, 2] += 0.004
    beyond[2, 2] += 0.04
    assert words(truth(stack), made(stack, within)) == "exact"
    assert words(truth(stack), made(stack, beyond)) == "wrong geometry (0.2 mm)"


def test_a_wrong_intercept_is_a_wrong_value_of_every_slice() -> None:
    stack = slices()
    shifted = Made(made(stack).array + 1024, AFFINE)
    verdict = judge(truth(stack), Ended("made", made=(shifted,)))
    assert verdict.kind == "wrong values"
    assert verdict.words == "wrong values (max 1,024 HU)"


def test_one_wrong_voxel_is_found_and_single_precision_is_none() -> None:
    stack = slices()
    once = made(stack).array.astype(np.float64)
    once[1, 2, 3] += 7
    assert words(truth(stack), Made(once, AFFINE)) == "wrong values (max 7 HU)"
    rounded = (made(stack).array / 3).astype(np.float32)
    thirds = [replace(each, values=each.values / 3) for each in stack]
    assert words(truth(thirds), Made(rounded, AFFINE)) == "exact"


def test_an_inverted_picture_is_wrong_in_value_not_in_place() -> None:
    stack = slices()
    assert words(truth(stack), Made(-made(stack).array, AFFINE)).startswith("wrong values (max")


def test_a_plane_that_no_file_holds_is_told() -> None:
    stack = slices()
    zero = made(stack).array.copy()
    zero[:, :, 2] = np.random.default_rng(9).normal(0, 50, (COLUMNS, ROWS))
    verdict = judge(truth(stack), Ended("made", made=(Made(zero, AFFINE),)))
    assert verdict.words == "values of no file (1 slice), 1 slice lost"


def test_two_phases_in_one_volume_are_merged() -> None:
    first, second = slices(seed=1), slices(seed=2)
    both = [each for pair in zip(first, second, strict=True) for each in pair]
    affine = AFFINE.copy()
    affine[2, 2] = STEP / 2
    verdict = judge(truth(first, second), Ended("made", made=(made(both, affine),)))
    assert verdict.kind == "merged"
    assert verdict.words == "merged, wrong geometry (1.2 mm)"


def test_phases_that_differ_by_a_constant_are_told_apart() -> None:
    first = slices()
    second = [replace(each, values=each.values + 20) for each in first]
    of = truth(first, second)
    assert fit(made(second), of.sources).slices == tuple(range(SLICES, 2 * SLICES))
    assert words(of, made(first), made(second)) == "exact"


def test_a_scout_in_the_volume_is_merged_and_one_of_its_own_harms_nobody() -> None:
    stack, (scout,) = slices(), slices(1, seed=5, start=-40.0)
    of = truth(stack, besides=(scout,))
    assert words(of, made([scout, *stack])).startswith("merged, wrong geometry (40.0 mm)")
    assert words(of, made(stack), made([scout])) == "exact"


def test_slices_that_are_nowhere_are_lost() -> None:
    stack = slices()
    verdict = judge(truth(stack), Ended("made", made=(made(stack[:4]),)))
    assert verdict.kind == "incomplete"
    assert verdict.words == "2 slices lost"


def test_a_volume_in_two_pieces_is_cut() -> None:
    stack = slices()
    upper = AFFINE.copy()
    upper[2, 3] = STEP * 3
    verdict = judge(truth(stack), Ended("made", made=(made(stack[:3]), made(stack[3:], upper))))
    assert verdict.words == "cut into 2"


def test_a_copy_of_a_file_counts_as_that_file() -> None:
    stack = slices()
    assert words(truth(stack, besides=(stack[0], stack[1])), made(stack)) == "exact"


def test_what_must_be_refused_and_is_accepted_is_told_with_what_was_dropped() -> None:
    stack = slices()
    of = Truth(tuple(stack), (), "AMBIGUOUS_DUPLICATE_POSITION")
    assert judge(of, Ended("made", made=(made(stack),))).kind == "accepted"
    assert words(of, made(stack[:5])) == "accepted, 1 slice dropped"
    assert words(of, made(stack[::-1])) == f"wrong geometry ({STEP * 5:.1f} mm)"


def test_a_position_that_no_file_says_is_made_up() -> None:
    stack = slices()
    placeless = replace(stack[5], origin=None, steps=None)
    of = Truth((*stack[:5], placeless), (), "MISSING_GEOMETRY")
    assert words(of, made(stack)) == "position made up (1 slice)"


@pytest.mark.parametrize(
    ("ended", "kind"),
    [
        (Ended("raised", "ValueError"), "refused"),
        (Ended("raised", "RefusedError"), "refused"),
        (Ended("nothing"), "refused"),
        (Ended("raised", "AttributeError"), "crashed"),
        (Ended("killed", "status 11"), "crashed"),
        (Ended("timeout"), "crashed"),
    ],
)
def test_a_tool_that_says_no_refuses_and_one_that_breaks_crashes(ended: Ended, kind: str) -> None:
    assert judge(truth(slices()), ended).kind == kind


def test_units_are_those_of_the_series() -> None:
    stack = slices()
    of = truth(stack, units="Bq/ml")
    assert words(of, Made(made(stack).array * 2, AFFINE)).endswith("Bq/ml)")
