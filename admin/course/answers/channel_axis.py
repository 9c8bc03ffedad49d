"""Task 2: an axis for the one channel of grey pictures."""

from __future__ import annotations

from admin.course.answers.base import Answer

ANSWERS = [
    Answer("channel_axis", name, code, points, key)
    for name, code, points, key in (
        (
            "the model answer",
            "x_train = train_pixels[..., np.newaxis]\nx_test = test_pixels[..., np.newaxis]",
            4,
            "",
        ),
        (
            "expand_dims",
            "x_train = np.expand_dims(train_pixels, -1)\nx_test = np.expand_dims(test_pixels, axis=3)",
            4,
            "",
        ),
        (
            "reshape",
            "x_train = train_pixels.reshape(-1, 28, 28, 1)\nx_test = "
            "test_pixels.reshape(*test_pixels.shape, 1)",
            4,
            "",
        ),
        ("stack", "x_train, x_test = (np.stack([x], axis=-1) for x in (train_pixels, test_pixels))", 4, ""),
        (
            "normalised once more by hand",
            "x_train = (train_images / 255)[:, :, :, None]\nx_test = (test_images / 255)[:, :, :, None]",
            4,
            "",
        ),
        ("no axis", "x_train = train_pixels\nx_test = test_pixels", 0, "channel_axis.no_axis"),
        (
            "in front",
            "x_train = train_pixels[None]\nx_test = test_pixels[None]",
            0,
            "channel_axis.axis_in_front",
        ),
        (
            "channels first",
            "x_train = train_pixels[:, None]\nx_test = test_pixels[:, None]",
            0,
            "channel_axis.channels_first",
        ),
        (
            "three channels",
            "x_train = np.repeat(train_pixels[..., None], 3, -1)\nx_test = np.repeat(test_pixels[..., "
            "None], 3, -1)",
            0,
            "channel_axis.three_channels",
        ),
        (
            "colour pictures of another size",
            "x_train = np.resize(train_pixels, (len(train_pixels), 32, 32, 3))\n"
            "x_test = np.resize(test_pixels, (len(test_pixels), 32, 32, 3))",
            0,
            "channel_axis.colour_pictures",
        ),
        (
            "flattened",
            "x_train = train_pixels.reshape(len(train_pixels), -1)\nx_test = "
            "test_pixels.reshape(len(test_pixels), -1)",
            0,
            "channel_axis.flattened",
        ),
        (
            "training only",
            "x_train = train_pixels[..., None]\nx_test = test_pixels",
            2,
            "channel_axis.no_axis",
        ),
        (
            "two axes",
            "x_train = train_pixels[..., None, None]\nx_test = test_pixels[..., None, None]",
            0,
            "channel_axis.axis_too_many",
        ),
        (
            "from the images",
            "x_train = train_images[..., None]\nx_test = test_images[..., None]",
            0,
            "channel_axis.not_normalised",
        ),
        (
            "training as test",
            "x_train = train_pixels[..., None]\nx_test = train_pixels[..., None]",
            2,
            "channel_axis.other_size",
        ),
        (
            "transposed",
            "x_train = train_pixels.transpose(0, 2, 1)[..., None]\nx_test = test_pixels[..., None]",
            2,
            "channel_axis.other_pixels",
        ),
        (
            "a list",
            "x_train = list(train_pixels[..., None])\nx_test = test_pixels[..., None]",
            3,
            "any.is_list",
        ),
        (
            "a list without an axis",
            "x_train = train_pixels.tolist()\nx_test = test_pixels.tolist()",
            0,
            "channel_axis.no_axis",
        ),
        (
            "tensors",
            "x_train = keras.ops.expand_dims(train_pixels, -1)\n"
            "x_test = keras.ops.expand_dims(test_pixels, -1)",
            2,
            "any.is_tensor",
        ),
        (
            "arrays of objects",
            "x_train = train_pixels[..., None].astype(object)\n"
            "x_test = test_pixels[..., None].astype(object)",
            2,
            "any.is_objects",
        ),
        (
            "in half and in extended precision",
            "x_train = train_pixels[..., None].astype(np.float16)\n"
            "x_test = test_pixels[..., None].astype(np.longdouble)",
            4,
            "",
        ),
        (
            "of pixels that were divided by 256",
            "train_pixels, test_pixels = train_images / 256, test_images / 256\n"
            "x_train, x_test = train_pixels[..., None], test_pixels[..., None]",
            4,
            "",
        ),
        (
            "of the images, without the pixels",
            "train_pixels = test_pixels = None\n"
            "x_train, x_test = train_images[..., None] / 255, test_images[..., None] / 255",
            4,
            "",
        ),
        (
            "black throughout",
            "train_pixels, test_pixels = train_images * 0.0, test_images * 0.0\n"
            "x_train, x_test = train_pixels[..., None], test_pixels[..., None]",
            0,
            "channel_axis.other_pixels",
        ),
        (
            "divided by 256, past the pixels",
            "x_train, x_test = train_images[..., None] / 256, test_images[..., None] / 256",
            0,
            "channel_axis.other_pixels",
        ),
        (
            "nearly the images",
            "x_train, x_test = train_images[..., None] + 1.0, test_images[..., None] + 1.0",
            0,
            "channel_axis.other_pixels",
        ),
        (
            "rows of pixels, with an axis",
            "x_train, x_test = train_pixels.reshape(-1, 784, 1), test_pixels.reshape(-1, 784, 1)",
            0,
            "channel_axis.flattened",
        ),
        (
            "half as high, twice as wide",
            "x_train, x_test = train_pixels.reshape(-1, 14, 56, 1), test_pixels.reshape(-1, 14, 56, 1)",
            0,
            "channel_axis.expected",
        ),
        (
            "an object that ends the session",
            "class Rows:\n    def __array__(self, *arguments, **keywords):\n        raise SystemExit\n"
            "x_train = x_test = Rows()",
            0,
            "any.stopped",
        ),
        ("a number and a text", "x_train, x_test = 10, 'ten'", 0, "any.is_other"),
        ("rows of different lengths", "x_train = x_test = [[1, 0], [1]]", 0, "any.is_list"),
        (
            "no pictures",
            "x_train, x_test = train_pixels[:0, ..., None], test_pixels[:0, ..., None]",
            0,
            "channel_axis.other_size",
        ),
        (
            "of the images, the pixels being none",
            "train_pixels, test_pixels = train_pixels[:0], test_pixels[:0]\n"
            "x_train, x_test = train_images[..., None] / 255, test_images[..., None] / 255",
            4,
            "",
        ),
        ("empty", "x_train = None\nx_test = None", 0, "any.is_none"),
    )
]
# By the cell alone, without a notebook that keeps its code, it is not known that there is another name.
ANSWERS.append(
    Answer(
        "channel_axis",
        "another spelling of a name",
        "x_train = None\nX_train = train_pixels[..., None]\nx_test = test_pixels[..., None]",
        2,
        "any.is_none",
        "any.other_name",
    )
)
