"""Practice: a picture, a kernel, a stride and a padding → the feature map. The points are of its own ten."""

from __future__ import annotations

from admin.course.answers.base import Answer, functions

MODEL = """\
padded = np.pad(picture, padding)
height, width = kernel.shape
rows = (padded.shape[0] - height) // stride + 1
columns = (padded.shape[1] - width) // stride + 1
feature_map = np.zeros((rows, columns))
for row in range(rows):
    for column in range(columns):
        top, left = row * stride, column * stride
        window = padded[top : top + height, left : left + width]
        feature_map[row, column] = (window * kernel).sum()
return feature_map"""


def otherwise(*changes: tuple[str, str], points: float, key: str = "") -> tuple[str, float, str]:
    """The model answer with some of its text replaced."""
    body = MODEL
    for ours, theirs in changes:
        assert ours in body, ours
        body = body.replace(ours, theirs)
    return body, points, key


WINDOWS = "windows = np.lib.stride_tricks.sliding_window_view(np.pad(picture, padding), kernel.shape)\n"

ANSWERS = functions(
    "convolve",
    "def convolve(picture, kernel, stride, padding):",
    {
        "the model answer": (MODEL, 10, ""),
        "sliding windows": (
            f"{WINDOWS}return (windows[::stride, ::stride] * kernel).sum(axis=(2, 3))",
            10,
            "",
        ),
        "einsum": (f"{WINDOWS}return np.einsum('rcij,ij->rc', windows[::stride, ::stride], kernel)", 10, ""),
        "a list, made an array": (
            "padded = np.pad(picture, padding).astype(float)\n"
            "height, width = kernel.shape\n"
            "return np.array([\n"
            "    [np.vdot(padded[r : r + height, c : c + width], kernel)\n"
            "     for c in range(0, padded.shape[1] - width + 1, stride)]\n"
            "    for r in range(0, padded.shape[0] - height + 1, stride)\n"
            "])",
            10,
            "",
        ),
        "Keras' own, with padding by hand": (
            "padded = np.pad(picture, padding).astype('float32')[None, :, :, None]\n"
            "weights = kernel.astype('float32')[:, :, None, None]\n"
            "return np.asarray(keras.ops.conv(padded, weights, strides=stride))[0, :, :, 0]",
            10,
            "",
        ),
        "the course's own": ("import tools\nreturn tools.convolve(picture, kernel, stride, padding)", 10, ""),
        "in 32 bits": otherwise(("np.zeros((rows, columns))", "np.zeros((rows, columns), 'f')"), points=10),
        # ------------------------------------------------------------------------------ the sums
        "flips the kernel": otherwise(("* kernel)", "* np.flip(kernel))"), points=6, key="convolve.flipped"),
        "mirrors the kernel": otherwise(
            ("* kernel)", "* kernel[:, ::-1])"), points=6, key="convolve.mirrored"
        ),
        "stands the kernel on its head": otherwise(
            ("* kernel)", "* kernel[::-1])"), points=6, key="convolve.upside_down"
        ),
        "turns the kernel": otherwise(("* kernel)", "* kernel.T)"), points=4, key="convolve.kernel_turned"),
        "turns the kernel, and stops for none": otherwise(
            ("* kernel)", "* (kernel.T if height == width else kernel))"),
            points=0,
            key="convolve.other_sums",
        ),
        "adds the weights": otherwise(("* kernel", "+ kernel"), points=6, key="convolve.added"),
        "forgets the kernel": otherwise(
            ("(window * kernel)", "window"), points=6, key="convolve.kernel_unused"
        ),
        "the mean": otherwise((".sum()", ".mean()"), points=6, key="convolve.mean"),
        "the largest product": otherwise((".sum()", ".max()"), points=6, key="convolve.largest"),
        "a product of matrices": otherwise(
            ("window * kernel", "window @ kernel"), points=4, key="convolve.matrix_product"
        ),
        "whole numbers": otherwise(
            ("np.zeros((rows, columns))", "np.zeros((rows, columns), int)"),
            points=6,
            key="convolve.whole_numbers",
        ),
        "a ReLU after it": otherwise(
            ("(window * kernel).sum()", "max(0, (window * kernel).sum())"),
            points=6,
            key="convolve.no_negatives",
        ),
        "the square of the weights": otherwise(
            ("* kernel)", "* kernel**2)"), points=0, key="convolve.other_sums"
        ),
        # ---------------------------------------------------------------------------- the stride
        "ignores the stride": otherwise(
            (MODEL, f"stride = 1\n{MODEL}"), points=8, key="convolve.stride_ignored"
        ),
        "strides down only": otherwise(
            ("- width) // stride", "- width)"),
            ("column * stride", "column"),
            points=8,
            key="convolve.stride_down",
        ),
        "strides to the right only": otherwise(
            ("- height) // stride", "- height)"),
            ("row * stride", "row"),
            points=8,
            key="convolve.stride_right",
        ),
        "counts with the stride and steps without": otherwise(
            ("row * stride, column * stride", "row, column"), points=6, key="convolve.other_stride"
        ),
        # --------------------------------------------------------------------------- the padding
        "ignores the padding": otherwise(
            ("np.pad(picture, padding)", "picture"), points=8, key="convolve.padding_ignored"
        ),
        "pads at the end only": otherwise(
            ("np.pad(picture, padding)", "np.pad(picture, (0, padding))"),
            points=8,
            key="convolve.padding_end",
        ),
        "pads at the start only": otherwise(
            ("np.pad(picture, padding)", "np.pad(picture, (padding, 0))"),
            points=8,
            key="convolve.padding_start",
        ),
        "pads above and below": otherwise(
            ("np.pad(picture, padding)", "np.pad(picture, ((padding, padding), (0, 0)))"),
            points=8,
            key="convolve.padding_rows",
        ),
        "pads left and right": otherwise(
            ("np.pad(picture, padding)", "np.pad(picture, ((0, 0), (padding, padding)))"),
            points=8,
            key="convolve.padding_columns",
        ),
        "repeats the border": otherwise(
            ("np.pad(picture, padding)", "np.pad(picture, padding, mode='edge')"),
            points=8,
            key="convolve.padding_edge",
        ),
        "always pads to the same size": otherwise(
            (
                "np.pad(picture, padding)",
                "np.pad(picture, [(side // 2, side // 2) for side in kernel.shape])",
            ),
            points=8,
            key="convolve.padding_always",
        ),
        "one ring, or none": otherwise(
            ("np.pad(picture, padding)", "np.pad(picture, 1 if padding else 0)"),
            points=8,
            key="convolve.padding_one",
        ),
        "a ring of ones": otherwise(
            ("np.pad(picture, padding)", "np.pad(picture, padding, constant_values=1)"),
            points=6,
            key="convolve.other_padding",
        ),
        # ------------------------------------------------------------------------------ the size
        "one more step, into zeros": otherwise(
            (
                "height, width = kernel.shape\n",
                "height, width = kernel.shape\n"
                "more = [-(a - b) % stride for a, b in zip(padded.shape, kernel.shape)]\n"
                "padded = np.pad(padded, [(0, m) for m in more])\n",
            ),
            points=8,
            key="convolve.size_up",
        ),
        "rounds the size up, and stops": otherwise(
            (
                "rows = (padded.shape[0] - height) // stride",
                "rows = -(-(padded.shape[0] - height) // stride)",
            ),
            (
                "columns = (padded.shape[1] - width) // stride",
                "columns = -(-(padded.shape[1] - width) // stride)",
            ),
            points=8,
            key="convolve.over_the_edge",
        ),
        "rows and columns swapped": otherwise(
            ("(rows, columns)", "(columns, rows)"),
            ("[row, column]", "[column, row]"),
            points=8,
            key="convolve.map_turned",
        ),
        "forgets the first place": otherwise((" + 1", ""), points=8, key="convolve.one_short"),
        "counts the rows for the columns": otherwise(
            ("padded.shape[1] - width", "padded.shape[0] - height"), points=8, key="convolve.square"
        ),
        "a square window": otherwise(
            ("height, width = kernel.shape", "height = width = len(kernel)"),
            points=8,
            key="convolve.not_square",
        ),
        "as large as the picture": otherwise(
            ("np.zeros((rows, columns))", "np.zeros(picture.shape)"), points=8, key="convolve.picture_size"
        ),
        "all in a row": otherwise(
            ("return feature_map", "return feature_map.ravel()"), points=8, key="convolve.in_a_row"
        ),
        "with the axes of a batch": otherwise(
            ("return feature_map", "return feature_map[None, :, :, None]"),
            points=8,
            key="convolve.axis_too_many",
        ),
        "stops where both are asked for": otherwise(
            (MODEL, f"assert stride == 1 or padding == 0\n{MODEL}"), points=8, key="any.some_stop"
        ),
        "wrong where both are asked for": otherwise(
            ("(window * kernel)", "(window * (kernel + (stride > 1 and padding > 0)))"),
            points=8,
            key="convolve.other_size",
        ),
        # --------------------------------------------------------------------- more than one, or none
        "flips, and ignores the stride": otherwise(
            ("* kernel)", "* np.flip(kernel))"),
            (MODEL.splitlines()[0], f"stride = 1\n{MODEL.splitlines()[0]}"),
            points=4,
            key="convolve.flipped",
        ),
        "flips, ignores the stride, pads on one side": otherwise(
            ("* kernel)", "* np.flip(kernel))"),
            ("np.pad(picture, padding)", "np.pad(picture, (0, padding))"),
            (MODEL.splitlines()[1], f"stride = 1\n{MODEL.splitlines()[1]}"),
            points=0,
            key="convolve.other_sums",
        ),
        "stops where there is a stride": otherwise(
            (MODEL, f"assert stride == 1\n{MODEL}"), points=6, key="any.some_stop"
        ),
        "None where there is padding": otherwise(
            ("return feature_map", "return None if padding else feature_map"), points=6, key="any.some_none"
        ),
        "the sum at the first place": (
            "height, width = kernel.shape\nreturn (picture[:height, :width] * kernel).sum()",
            0,
            "convolve.one_number",
        ),
        "a list": otherwise(
            ("return feature_map", "return feature_map.tolist()"), points=5, key="any.is_list"
        ),
        "a tensor": otherwise(
            ("return feature_map", "return keras.ops.convert_to_tensor(feature_map)"),
            points=5,
            key="any.is_tensor",
        ),
        "a list, with the kernel flipped": otherwise(
            ("return feature_map", "return feature_map.tolist()"),
            ("* kernel)", "* np.flip(kernel))"),
            points=3,
            key="convolve.flipped",
        ),
        "the picture": ("return picture", 0, "convolve.other_sums"),
        "zeros": otherwise(("(window * kernel).sum()", "0"), points=0, key="convolve.other_sums"),
        "not a number": otherwise(("(window * kernel).sum()", "np.nan"), points=0, key="convolve.other_sums"),
        "forgets to return": otherwise(("return feature_map", ""), points=0, key="any.none_came"),
        "a text": ("return 'the feature map'", 0, "any.is_other"),
        "empty": ('"""The feature map of a picture."""', 0, "any.none_came"),
    },
)
ANSWERS.append(Answer("convolve", "no function", "convolve = np.eye(3)", 0, "any.not_there_yet"))
