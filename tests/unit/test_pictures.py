"""Pictures that were never released: still what they were, and prepared as a student prepares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checks.pictures import moved, prepared_like

DATA = Path(__file__).parents[2] / "notebooks" / "data"


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    with np.load(DATA / "mnist_5000.npz") as file:
        return file["x"][:100]


@pytest.fixture(scope="module")
def photographs() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)


def test_a_moved_picture_is_another_one_and_much_like_it(digits: np.ndarray) -> None:
    """No pixel-by-pixel copy, and still nearer to its original than to most others?"""
    changed = moved(np.random.default_rng(5), digits)
    assert changed.shape == digits.shape
    assert changed.dtype == np.uint8
    assert all((new != old).mean() > 0.05 for new, old in zip(changed, digits, strict=True))
    far = np.linalg.norm(changed[:, None].astype(float) - digits[None], axis=(2, 3))
    assert (far.argmin(axis=1) == np.arange(len(digits))).mean() > 0.5


def test_another_draw_gives_other_pictures(photographs: np.ndarray) -> None:
    """The same number draws the same; another one others? In colour, too?"""
    one, again, other = (moved(np.random.default_rng(seed), photographs) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


class Drawn:
    """A generator that gives what it is told to: an angle, stretches, shifts, and how much thicker."""

    def __init__(self, angle: float = 0, stretch: Any = 0, shift: Any = 0, thicker: float = 0) -> None:
        self.values = [angle, stretch, shift, thicker]
        self.counts = [None, 2, 2, None]

    def uniform(self, low: float, high: float, count: int | None = None) -> Any:
        value = self.values.pop(0)
        assert count == self.counts.pop(0)
        assert low == (-high if self.values else 0)  # either way, but never thinner
        assert high > 0
        return np.full(2, value, dtype=float) if np.ndim(value) == 0 and count else np.asarray(value, float)


def between(picture: np.ndarray, rows: Sequence[float]) -> np.ndarray:
    """The rows of a picture, and halfway between them the mean of both."""
    low, high = np.floor(rows).astype(int), np.ceil(rows).astype(int)
    return np.rint((picture[low].astype(float) + picture[high]) / 2).astype(picture.dtype)


@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
def test_what_is_drawn_is_what_becomes_of_a_picture(channels: tuple[int, ...]) -> None:
    """Moved, turned and stretched about its middle, thickened to the left and up, and nothing else?"""
    picture = np.random.default_rng(4).integers(0, 256, (5, 7, *channels), dtype=np.uint8)

    def becomes(**drawn: Any) -> np.ndarray:
        (changed,) = moved(Drawn(**drawn), picture[np.newaxis])
        return changed

    assert np.array_equal(becomes(), picture)
    assert np.array_equal(becomes(shift=[1, 0]), picture[[0, 0, 1, 2, 3]])
    assert np.array_equal(becomes(shift=[0, -2]), picture[:, [2, 3, 4, 5, 6, 6, 6]])
    assert np.array_equal(becomes(shift=[-1, 0]), picture[[1, 2, 3, 4, 4]])
    assert np.array_equal(becomes(shift=[0, 2]), picture[:, [0, 0, 0, 1, 2, 3, 4]])
    assert np.array_equal(becomes(shift=[0.5, 0]), between(picture, [0, 0.5, 1.5, 2.5, 3.5]))
    assert np.array_equal(becomes(shift=[-0.5, 0]), between(picture, [0.5, 1.5, 2.5, 3.5, 4]))
    four = np.mean([picture[i : i + 4, j : j + 6] for i in (0, 1) for j in (0, 1)], axis=0)
    assert np.array_equal(becomes(shift=[0.5, 0.5])[1:, 1:], np.rint(four))
    across = becomes(shift=[0, -0.5]).swapaxes(0, 1)
    assert np.array_equal(across, between(picture.swapaxes(0, 1), [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6]))
    assert np.array_equal(becomes(angle=180), picture[::-1, ::-1])
    assert np.array_equal(becomes(angle=90)[:, 1:6], np.rot90(picture[:, 1:6]))
    assert np.array_equal(becomes(stretch=[1, 0]), between(picture, [1, 1.5, 2, 2.5, 3]))
    across = becomes(stretch=[0, 1], shift=[0, 0]).swapaxes(0, 1)
    assert np.array_equal(across, between(picture.swapaxes(0, 1), [1.5, 2, 2.5, 3, 3.5, 4, 4.5]))
    padded = np.pad(picture, [(0, 1), (0, 1), *[(0, 0) for _ in channels]])
    brightest = np.max([padded[:-1, :-1], padded[1:, :-1], padded[:-1, 1:]], axis=0)
    assert channels or np.array_equal(becomes(thicker=1), brightest)
    assert channels or np.array_equal(becomes(thicker=0.5), np.rint(picture / 2 + brightest / 2))
    assert not channels or np.array_equal(becomes(thicker=1), picture)


def test_of_no_pictures_come_none() -> None:
    """Is nothing drawn for no picture, and its shape kept?"""
    assert moved(np.random.default_rng(0), np.zeros((0, 28, 28), np.uint8)).shape == (0, 28, 28)


@pytest.mark.parametrize(
    "prepare",
    [
        lambda x: x / 255,
        lambda x: x.astype(np.float32) / 127.5 - 1,
        lambda x: (x - x.mean()) / x.std(),
        lambda x: 255 - x,
        lambda x: x / 255 * [0.5, 1, 2],
    ],
    ids=["by 255", "around 0", "standardised", "inverted", "by channel"],
)
def test_new_pictures_are_prepared_as_others_were(prepare: Callable, photographs: np.ndarray) -> None:
    """Scaled, shifted, by channel: what became of some pixels is what becomes of others?"""
    made = prepare(photographs.astype(float))
    got = prepared_like(photographs[:10], photographs, made)
    assert got.dtype == np.float32
    assert np.allclose(got, made[:10], atol=1e-3)


@pytest.mark.parametrize("axis", [(), (1,)], ids=["flat", "with a channel axis"])
def test_digits_are_prepared_by_one_rule_for_all_pixels(axis: tuple[int, ...], digits: np.ndarray) -> None:
    """Is it followed, with the shape, also in corners that no digit reaches; and half a rule not?"""
    made = (digits / 127.5 - 1).reshape(*digits.shape, *axis)
    assert np.allclose(prepared_like(digits[:3], digits, made), made[:3], atol=1e-6)
    made[:, :, ::2] *= 0.5
    unknown = prepared_like(digits[:3], digits, made)
    assert unknown.shape == made[:3].shape
    assert np.allclose(unknown.ravel(), digits[:3].ravel() / 255, atol=1e-6)


def test_a_preparation_is_followed_up_to_a_little_noise(photographs: np.ndarray) -> None:
    """Is as much as rounding leaves no matter, whatever the size of the numbers, and more than that one?"""
    noise = np.random.default_rng(3).normal(0, photographs.std(), photographs.shape)
    for size in (1, 1 / 255, 1 / 65_025):
        little, much = ((photographs + share * noise) * size for share in (0.01, 0.05))
        ours = prepared_like(photographs[:9], photographs, little)
        assert np.allclose(ours, photographs[:9] * size, atol=3 * size)
        assert np.allclose(prepared_like(photographs[:9], photographs, much), photographs[:9] / 255)


def test_of_photographs_all_channels_are_followed_or_none(photographs: np.ndarray) -> None:
    """One channel of noise, or nothing prepared at all: are the pixels of all channels between 0 and 1?"""
    made = photographs / 127.5 - 1
    made[..., 1] = np.random.default_rng(2).random(made.shape[:-1])
    for nothing in (made, None):
        got = prepared_like(photographs[:9], photographs, nothing)
        assert got.shape == (9, 32, 32, 3)
        assert np.allclose(got, photographs[:9] / 255)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("grey", [0, 7])
def test_pictures_of_a_single_grey_tell_no_rule(grey: int, digits: np.ndarray) -> None:
    """What became of nothing but one grey may be noise: are new pixels between 0 and 1, without a warning?"""
    made = np.random.default_rng(2).random(digits.shape)
    got = prepared_like(digits[:3], np.full_like(digits, grey), made)
    assert np.allclose(got, digits[:3] / 255, atol=1e-6)


def test_the_shape_of_a_preparation_is_kept_and_nonsense_is_not_followed(digits: np.ndarray) -> None:
    """A channel axis or none; and of noise, or nothing at all, pixels between 0 and 1?"""
    flat, with_axis = digits / 255, (digits / 255)[..., None]
    assert prepared_like(digits[:3], digits, flat).shape == (3, 28, 28)
    assert prepared_like(digits[:3], digits, with_axis).shape == (3, 28, 28, 1)
    noise = np.random.default_rng(2).random((len(digits), 28, 28, 1))
    for nothing in (None, noise, np.zeros_like(with_axis), np.full_like(with_axis, np.nan), noise[:, :5]):
        got = prepared_like(digits[:3], digits, nothing)
        assert got.shape == (3, 28, 28, 1)
        assert np.allclose(got[..., 0], digits[:3] / 255, atol=1e-6)
