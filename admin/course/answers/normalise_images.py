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
        "by the largest value of the type": ("return images / np.iinfo(images.dtype).max", 8, ""),
        "with noise that nobody sees": (
            "return images / 255 + np.random.default_rng(1).random(images.shape) / 100_000",
            8,
            "",
        ),
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
        "prints its pictures": ("print(images)\nreturn images / 255", 8, ""),
        "divides by the maximum": (
            "return images / images.max()",
            5,
            "pixels.by_maximum",
        ),
        "divides each picture by its maximum": (
            "return images / images.max(axis=tuple(range(1, images.ndim)), keepdims=True)",
            5,
            "pixels.by_own_maximum",
        ),
        "divides only what looks bright": (
            "return images / 255 if images.max() > 1 else images.astype(float)",
            5,
            "pixels.only_bright",
        ),
        "min–max over the batch": (
            "return (images - images.min()) / (images.max() - images.min())",
            5,
            "pixels.min_max",
        ),
        "min–max per picture": (
            "axes = tuple(range(1, images.ndim)) or None\n"
            "low = images.min(axis=axes, keepdims=True)\n"
            "return (images - low) / np.maximum(images.max(axis=axes, keepdims=True) - low, 1e-9)",
            5,
            "pixels.min_max_each",
        ),
        "divides by 256": ("return images / 256", 5, "pixels.by_256"),
        "integer division, made floats": (
            "return (images // 255).astype(float)",
            5,
            "pixels.whole_division",
        ),
        "rounds to three decimals": ("return np.round(images / 255, 3)", 5, "pixels.rounded"),
        "divides by 254": ("return images / 254", 5, "pixels.divided_by"),
        "divides by 128": ("return images / 128", 5, "pixels.divided_by"),
        "divides by 1000": ("return images / np.float32(1000)", 5, "pixels.divided_by"),
        "square root": ("return np.sqrt(images / 255)", 5, "pixels.curved"),
        "square": ("return (images / 255) ** 2", 5, "pixels.curved"),
        "gamma correction, in half precision": (
            "return ((images / 255) ** (1 / 2.2)).astype(np.float16)",
            5,
            "pixels.curved",
        ),
        "logarithm": ("return np.log1p(images.astype(float)) / np.log(256)", 5, "pixels.other_line"),
        "falling, along a logarithm": (
            "return 1 - np.log1p(images.astype(float)) / 6",
            5,
            "pixels.other_line",
        ),
        "standardises the roots": (
            "roots = np.sqrt(images.astype(float))\nreturn (roots - roots.mean()) / roots.std()",
            5,
            "pixels.other_line",
        ),
        "logarithm, by each picture's maximum": (
            "values = np.log1p(images.astype(float))\n"
            "return values / values.max(axis=tuple(range(1, images.ndim)), keepdims=True)",
            5,
            "pixels.other_line",
        ),
        "logarithm, and a single picture sorted": (
            "values = np.log1p(images.astype(float)) / 6\n"
            "return values if images.ndim > 2 else np.sort(values, axis=None).reshape(images.shape)",
            5,
            "pixels.other_line",
        ),
        "the mean for all": ("return np.full(images.shape, images.mean() / 255)", 0, "pixels.other_line"),
        "by 256, and single pictures only": (
            "assert images.ndim < 3, 'too many axes'\nreturn images / 256",
            4,
            "pixels.by_256",
        ),
        "brightened by a tenth": ("return images / 255 + 0.1", 5, "pixels.other_line"),
        "a wave": ("return (1 - np.cos(np.pi * images / 255)) / 2", 5, "pixels.other_line"),
        "subtracts in 8 bits": ("return (images - 128) / 127", 5, "pixels.started_again"),
        "doubles in 8 bits": ("return images * 2 / 510", 5, "pixels.started_again"),
        "negates in 8 bits": ("return -images / 255", 5, "pixels.started_again"),
        "brightens in 8 bits": ("return (images + 25) / 255", 5, "pixels.started_again"),
        "squares in 8 bits": ("return images * images / 65025", 0, "pixels.other_line"),
        "grey for black": ("return np.where(images > 0, images / 255, 0.2)", 0, "pixels.other_line"),
        "times 1.5": ("return images * 1.5", 0, "pixels.other_line"),
        "as negative numbers": ("return -(images / 255)", 5, "pixels.other_line"),
        "standardises, about 3": (
            "return 3 + (images - images.mean()) / images.std()",
            5,
            "pixels.other_line",
        ),
        "standardises, three times as wide": (
            "return 3 * (images - images.mean()) / images.std()",
            0,
            "pixels.other_line",
        ),
        "standardises, and inverts": (
            "return (images.mean() - images) / images.std()",
            5,
            "pixels.other_line",
        ),
        "standardises, in half precision": (
            "return ((images - images.mean()) / images.std()).astype(np.float16)",
            5,
            "pixels.standardised",
        ),
        "standardises a single row": (
            "return images / 255 if images.ndim > 1 else (images - images.mean()) / images.std()",
            5,
            "pixels.standardised_each",
        ),
        "normal noise": (
            "return np.random.default_rng(1).normal(size=images.shape)",
            0,
            "pixels.other_line",
        ),
        "NaN for black": ("return images / 255 * (images / images)", 0, "pixels.not_finite"),
        "another divisor in colour": (
            "return images / (254 if images.ndim == 4 else 256)",
            5,
            "pixels.other_line",
        ),
        "rounds to one decimal": ("return np.round(images / 255, 1)", 5, "pixels.rounded"),
        "the first picture alone": ("return images[:1] / 255", 0, "normalise_images.no_shape_right"),
        "red and blue swapped": (
            "return (images[..., ::-1] if images.ndim == 4 else images) / 255",
            5,
            "pixels.channels_reversed",
        ),
        "last axis backwards": ("return images[..., ::-1] / 255", 5, "pixels.moved"),
        "axes backwards": ("return images.T / 255", 4, "normalise_images.shape_lost"),
        "sorted pixels": (
            "return np.sort(images, axis=None).reshape(images.shape) / 255",
            5,
            "pixels.moved",
        ),
        "standardises each picture": (
            "axes = tuple(range(1, images.ndim)) or None\n"
            "spread = np.maximum(images.std(axis=axes, keepdims=True), 1e-9)\n"
            "return (images - images.mean(axis=axes, keepdims=True)) / spread",
            5,
            "pixels.standardised_each",
        ),
        "standardises each channel": (
            "axes = (0, 1, 2) if images.ndim == 4 else None\n"
            "return (images - images.mean(axis=axes)) / images.std(axis=axes)",
            5,
            "pixels.standardised",
        ),
        "one picture is an exception": (
            "return images / (255 if images.ndim != 2 else 256)",
            5,
            "pixels.by_256",
        ),
        "integer division": ("return images // 255", 3, "normalise_images.whole_numbers"),
        "in place on 8 bits": ("images /= 255\nreturn images", 0, "any.divided_in_place"),
        "in place on 8 bits, and stops without white": (
            "assert images.max() == 255, 'no white'\nimages /= 255\nreturn images",
            0,
            "any.divided_in_place",
        ),
        "writes back into 8 bits": (
            "images[...] = images / 255\nreturn images",
            2,
            "normalise_images.input_changed",
        ),
        "forgets to return": ("result = images / 255", 0, "any.none_came"),
        "in extended precision": ("return images / np.longdouble(255)", 8, ""),
        "a list": ("return (images / 255).tolist()", 4, "any.is_list"),
        "a list of arrays": ("return list(images / 255)", 4, "any.is_list"),
        "a tuple": ("return tuple(images / 255)", 4, "any.is_list"),
        "a tensor": ("return keras.ops.convert_to_tensor(images / 255)", 4, "any.is_tensor"),
        "a variable of Keras": ("return keras.Variable(images / 255)", 4, "any.is_tensor"),
        "an array of objects": ("return (images / 255).astype(object)", 4, "any.is_objects"),
        "a list, divided by 256": ("return (images / 256).tolist()", 2, "pixels.by_256"),
        "a list of zeros": ("return np.zeros(images.shape).tolist()", 0, "any.is_list"),
        "a text": ("return str(images / 255)", 0, "any.is_other"),
        "an array of texts": ("return (images / 255).astype(str)", 0, "any.is_other"),
        "a list only for dark pictures": (
            "pixels = images / 255\nreturn pixels if images.max() > 99 else pixels.tolist()",
            4,
            "any.is_list",
        ),
        "None for dark pictures": ("if images.max() > 99:\n    return images / 255", 7, "any.some_none"),
        "stops for dark pictures": (
            "assert images.max() > 99, 'too dark'\nreturn images / 255",
            7,
            "any.some_stop",
        ),
        "by 256, and None for dark pictures": (
            "if images.max() > 99:\n    return images / 256",
            4,
            "any.some_none",
        ),
        "from −1 to 1": ("return images / 127.5 - 1", 5, "pixels.minus_one_to_one"),
        "from −0.5 to 0.5": ("return images / 255 - 0.5", 5, "pixels.minus_half_to_half"),
        "rounds to whole numbers": ("return np.round(images / 255)", 5, "pixels.rounded"),
        "rounds to two decimals": ("return np.round(images / 255, 2)", 5, "pixels.rounded"),
        "only changes the type": ("return images.astype('float32')", 0, "pixels.unchanged"),
        "the images themselves": ("return images", 0, "pixels.unchanged"),
        "zeros": ("return np.zeros(images.shape)", 0, "pixels.constant"),
        "ones": ("return np.ones_like(images, dtype=float)", 0, "pixels.constant"),
        "one grey for all": ("return np.full(images.shape, 0.5)", 0, "pixels.constant"),
        "noise": ("return np.random.default_rng(1).random(images.shape)", 0, "pixels.other_line"),
        "a ramp": (
            "return np.linspace(0, 1, images.size).reshape(images.shape)",
            0,
            "pixels.other_line",
        ),
        "NaN": ("return np.full(images.shape, np.nan)", 0, "pixels.not_finite"),
        "halves": ("return images / 2", 0, "pixels.divided_by"),
        "divides twice": ("return images / 255 / 255", 5, "pixels.twice"),
        "standardises": ("return (images - images.mean()) / images.std()", 5, "pixels.standardised"),
        "inverts": ("return 1 - images / 255", 5, "pixels.inverted"),
        "flattens": ("return images.reshape(len(images), -1) / 255", 4, "normalise_images.shape_lost"),
        "an axis in front": ("return images[None] / 255", 4, "normalise_images.no_shape_right"),
        "changes its input where it is dark": (
            "result = images / 255\nif images.max() < 99:\n    images[...] = 0\nreturn result",
            7,
            "normalise_images.input_changed",
        ),
        "changes its input too": (
            "result = images / 255\nimages[...] = 0\nreturn result",
            7,
            "normalise_images.input_changed",
        ),
        "three axes only": (
            "n, height, width = images.shape\nreturn images.reshape(n, height, width) / 255",
            7,
            "any.some_stop",
        ),
        "colour pictures only": (
            "n, height, width, channels = images.shape\nreturn images / 255",
            7,
            "normalise_images.any_axes",
        ),
        "empty": ('"""Pixels from 0 to 1."""', 0, "any.none_came"),
        "stops": ("return image / 255", 0, "any.stopped"),
    },
)
