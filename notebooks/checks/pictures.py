"""Pictures that were never released: known ones, moved, turned, stretched and thickened by a draw."""

from __future__ import annotations

import numpy as np

# A grown-up reads each of these without hesitation, and so does a net that has learned digits: see the
# figures at `checks.training.LEARNED`. Looking up the nearest of the released pictures reads them, too: that
# a net was trained, and not made of pictures, is for the record of trainings to say.
_SHIFT = 1.5  # pixels, each way
_TURN = 10  # degrees
_STRETCH = 0.1  # of a side
_THICKEN = 0.5  # how far towards the brightest neighbour, at most

# Of the values that a preparation may leave unexplained, as a share of their spread.
_UNEXPLAINED = 0.02


def moved(rng: np.random.Generator, images: np.ndarray) -> np.ndarray:
    """Each picture, changed by a draw of its own; (n, height, width) or (n, height, width, channels), uint8.

    What moves in from outside is as the border is.
    """
    return np.stack([_moved(rng, image) for image in images]) if len(images) else images


def _moved(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    angle = np.deg2rad(rng.uniform(-_TURN, _TURN))
    stretch = 1 + rng.uniform(-_STRETCH, _STRETCH, 2)
    shift = rng.uniform(-_SHIFT, _SHIFT, 2)
    thicker = rng.uniform(0, _THICKEN) if image.ndim == 2 else 0.0
    middle = np.array([height - 1, width - 1]) / 2
    rows, columns = np.mgrid[:height, :width]
    down, right = rows - middle[0] - shift[0], columns - middle[1] - shift[1]
    source_rows = (np.cos(angle) * down + np.sin(angle) * right) / stretch[0] + middle[0]
    source_columns = (np.cos(angle) * right - np.sin(angle) * down) / stretch[1] + middle[1]
    changed = _at(image.astype(np.float64), source_rows, source_columns)
    changed = (1 - thicker) * changed + thicker * _brightest_neighbour(changed)
    return np.rint(changed).astype(image.dtype)


def _at(image: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The picture's values between its pixels, by bilinear interpolation."""
    height, width = image.shape[:2]
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, along = rows - top, columns - left
    if image.ndim == 3:
        down, along = down[..., np.newaxis], along[..., np.newaxis]
    above = (1 - along) * image[top, left] + along * image[top, right]
    below = (1 - along) * image[bottom, left] + along * image[bottom, right]
    return (1 - down) * above + down * below


def _brightest_neighbour(image: np.ndarray) -> np.ndarray:
    """Each pixel's brightest of itself, the one to the right and the one below."""
    brightest = image.copy()
    brightest[:, :-1] = np.maximum(brightest[:, :-1], image[:, 1:])
    brightest[:-1] = np.maximum(brightest[:-1], image[1:])
    return brightest


def prepared_like(images: np.ndarray, raw: np.ndarray, prepared: np.ndarray | None) -> np.ndarray:
    """Pictures prepared as somebody prepared others, float32, by what became of those.

    `prepared` is what somebody made of `raw`, with or without a channel axis more. A preparation that scales
    and shifts, for all pixels or for each channel alike, is followed; for any other, the pixels are divided
    by 255. The shape is the one of `prepared`, where it tells.
    """
    shape = images.shape
    grey = raw.ndim == 3
    if prepared is not None and prepared.shape[1:] in (raw.shape[1:], (*raw.shape[1:], 1)):
        shape = (len(images), *prepared.shape[1:])
        count = 1 if grey else raw.shape[-1]
        parts = zip(*(_by_channel(array, count) for array in (images, raw, prepared)), strict=True)
        followed = [channel for part in parts if (channel := _followed(*part)) is not None]
        if len(followed) == count:
            return np.column_stack(followed).reshape(shape)
    elif grey:
        shape = (*images.shape, 1)
    return (images / 255).astype(np.float32).reshape(shape)


def _by_channel(images: np.ndarray, count: int) -> list[np.ndarray]:
    pixels = images.astype(np.float64).ravel()
    return [pixels[channel::count] for channel in range(count)]


def _followed(pixels: np.ndarray, raw: np.ndarray, prepared: np.ndarray) -> np.ndarray | None:
    """Pixels of a channel, scaled and shifted as `raw` was to become `prepared`; None if that is no rule."""
    spread = float(prepared.std())
    if not np.isfinite(spread) or spread == 0 or raw.std() == 0:
        return None
    scale, shift = np.polyfit(raw, prepared, 1)
    if np.sqrt(np.mean((scale * raw + shift - prepared) ** 2)) > _UNEXPLAINED * spread:
        return None
    return np.asarray(scale * pixels + shift, np.float32)
