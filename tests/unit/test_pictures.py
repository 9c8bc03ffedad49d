"""Pictures that were never released: still what they were, and prepared as a student prepares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
