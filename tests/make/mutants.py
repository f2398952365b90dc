"""A seeded mutator of files: cut, flip, splice, double, blank, and lie about lengths."""

import random
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final

LENGTHS: Final = (0, 1, 2, 0xFF, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
VRS: Final = (b"UN", b"SQ", b"OB", b"LO", b"US", b"QQ", b"\0\0")

Mutation = Callable[[random.Random, bytearray, Sequence[bytes]], bytearray]


def _cut(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    return data[: dice.randrange(len(data) + 1)]


def _flip(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    for _k in range(dice.choice([1, 1, 2, 8])):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return data


def _lie(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    at = dice.randrange(max(1, len(data) - 4))
    length = dice.choice(LENGTHS)
    packed = struct.pack("<L", length)[: dice.choice([2, 4])]
    data[at : at + len(packed)] = packed
    return data


def _other_vr(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    at = data.find(dice.choice([b"LO", b"CS", b"DS", b"UI", b"SQ", b"US", b"IS"]), 132)
    if at > 0:
        data[at : at + 2] = dice.choice(VRS)
    return data


def _splice(dice: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
    other = dice.choice(others)
    start = dice.randrange(len(other))
    at = dice.randrange(len(data))
    data[at : at + dice.choice([0, 40])] = other[start : start + dice.randrange(1, 200)]
    return data


def _double(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    start = dice.randrange(len(data))
    piece = data[start : start + dice.randrange(2, 120)]
    data[start:start] = piece
    return data


def _drop(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    start = dice.randrange(len(data))
    del data[start : start + dice.randrange(1, 60)]
    return data


def _blank(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    start = dice.randrange(len(data))
    length = min(len(data) - start, dice.randrange(1, 60))
    data[start : start + length] = bytes([dice.choice([0, 0x20, 0xFF])]) * length
    return data


MUTATIONS: Final[Sequence[Mutation]] = (
    _cut,
    _flip,
    _flip,
    _lie,
    _lie,
    _other_vr,
    _splice,
    _double,
    _drop,
    _blank,
)


def mutants(originals: Sequence[bytes], count: int, *, seed: int) -> Iterator[bytes]:
    """Give files that were changed once or twice; the same ones for the same seed.

    The change is mostly in the header, where it matters.
    """
    dice = random.Random(seed)
    for _ in range(count):
        original = dice.choice(originals)
        header = bytearray(original[: dice.choice([600, 1500, 4000, 20_000])])
        rest = original[len(header) :]
        for _k in range(dice.choice([1, 1, 2])):
            if header:
                header = dice.choice(MUTATIONS)(dice, header, originals)
        yield bytes(header) + rest
