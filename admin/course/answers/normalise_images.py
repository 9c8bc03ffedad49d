"""Task 1: pixels of 8 bits → floats from 0 to 1."""

from __future__ import annotations

from admin.course.answers.base import functions

ANSWERS = functions(
    "normalise_images",
    "def normalise_images(images):",
    {
        "the model answer": ("return images.astype(np.float32) / 255", 8, ""),
        "a plain division": ("return images / 255", 8, ""),
        "in half precision": ("return (images / 255).astype(np.float16)", 8, ""),
        "times a factor": ("return np.multiply(images, 1 / 255, dtype=np.float64)", 8, ""),
        "a table of 256 values": ("return np.linspace(0, 1, 256)[images]", 8, ""),
        "with a rescaling layer": (
            "return np.asarray(keras.layers.Rescaling(1 / 255)(images.astype('float32')))",
            8,
            "",
        ),
        "in place on a float copy": (
            "result = images.astype('float32')\nresult /= 255\nreturn result",
            8,
            "",
        ),
        "pixel by pixel": (
            "flat = np.array([int(pixel) / 255 for pixel in images.ravel()])\nreturn "
            "flat.reshape(images.shape)",
            8,
            "",
        ),
        "right, with a warning on stderr": (
            "import sys, warnings\nprint('normalising', file=sys.stderr)\nwarnings.warn('slowly')\nreturn "
            "images / 255.0",
            8,
            "",
        ),
        "divides by the maximum": (
            "return images / images.max()",
            5,
            "brightest pixel of what you are given",
        ),
        "divides each picture by its maximum": (
            "return images / images.max(axis=tuple(range(1, images.ndim)), keepdims=True)",
            5,
            "its own brightest pixel",
        ),
        "divides only what looks bright": (
            "return images / 255 if images.max() > 1 else images.astype(float)",
            5,
            "Don't look at the values",
        ),
        "min–max over the batch": (
            "return (images - images.min()) / (images.max() - images.min())",
            5,
            "darkest to the brightest pixel of the whole batch",
        ),
        "min–max per picture": (
            "axes = tuple(range(1, images.ndim)) or None\n"
            "low = images.min(axis=axes, keepdims=True)\n"
            "return (images - low) / np.maximum(images.max(axis=axes, keepdims=True) - low, 1e-9)",
            5,
            "stretch each picture",
        ),
        "divides by 256": ("return images / 256", 5, "divide by 256"),
        "integer division": ("return images // 255", 3, "whole numbers"),
        "in place on 8 bits": ("images /= 255\nreturn images", 0, "divide in place"),
        "writes back into 8 bits": ("images[...] = images / 255\nreturn images", 2, "are changed afterwards"),
        "forgets to return": ("result = images / 255", 0, "without `return`"),
        "a list": ("return (images / 255).tolist()", 2, "a list came back"),
        "a tensor": ("return keras.ops.convert_to_tensor(images / 255)", 2, "a tensor came back"),
        "from −1 to 1": ("return images / 127.5 - 1", 5, "range from −1 to 1"),
        "from −0.5 to 0.5": ("return images / 255 - 0.5", 5, "middle grey"),
        "rounds to whole numbers": ("return np.round(images / 255)", 5, "round to 0 decimals"),
        "rounds to two decimals": ("return np.round(images / 255, 2)", 5, "round to 2 decimals"),
        "only changes the type": ("return images.astype('float32')", 2, "still go from 0 to 255"),
        "divides twice": ("return images / 255 / 255", 5, "normalised twice"),
        "standardises": ("return (images - images.mean()) / images.std()", 5, "standardising"),
        "inverts": ("return 1 - images / 255", 5, "inverted"),
        "flattens": ("return images.reshape(len(images), -1) / 255", 4, "in the same shape"),
        "changes its input too": (
            "result = images / 255\nimages[...] = 0\nreturn result",
            7,
            "are changed afterwards",
        ),
        "three axes only": (
            "n, height, width = images.shape\nreturn images.reshape(n, height, width) / 255",
            7,
            "any number of axes",
        ),
        "empty": ('"""Pixels from 0 to 1."""', 0, "still empty"),
        "stops": ("return image / 255", 0, "NameError"),
    },
)
