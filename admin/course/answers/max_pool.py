"""Practice: a feature map, the side of a block → the largest of each block. Points are of its own ten."""

from __future__ import annotations

from admin.course.answers.base import Answer, functions

MODEL = """\
rows, columns = feature_map.shape[0] // size, feature_map.shape[1] // size
pooled = np.zeros((rows, columns))
for row in range(rows):
    for column in range(columns):
        block = feature_map[row * size : (row + 1) * size, column * size : (column + 1) * size]
        pooled[row, column] = block.max()
return pooled"""


def otherwise(*changes: tuple[str, str], points: float, key: str = "") -> tuple[str, float, str]:
    """The model answer with some of its text replaced."""
    body = MODEL
    for ours, theirs in changes:
        assert ours in body, ours
        body = body.replace(ours, theirs)
    return body, points, key


CUT = "rows, columns = feature_map.shape[0] // size, feature_map.shape[1] // size\n"
UP = ("// size, feature_map.shape[1] // size", "/ size, feature_map.shape[1] / size")
ROUNDED_UP = "rows, columns = int(np.ceil(rows)), int(np.ceil(columns))\npooled ="

ANSWERS = functions(
    "max_pool",
    "def max_pool(feature_map, size):",
    {
        "the model answer": (MODEL, 10, ""),
        "reshaped": (
            f"{CUT}whole = feature_map[: rows * size, : columns * size]\n"
            "return whole.reshape(rows, size, columns, size).max(axis=(1, 3))",
            10,
            "",
        ),
        "sliding windows": (
            "windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size))\n"
            "return windows[::size, ::size].max(axis=(2, 3))",
            10,
            "",
        ),
        "slices, compared": (
            f"{CUT}whole = feature_map[: rows * size, : columns * size]\n"
            "parts = [whole[i::size, j::size] for i in range(size) for j in range(size)]\n"
            "return np.maximum.reduce(parts)",
            10,
            "",
        ),
        "Keras' own": (
            "picture = feature_map.astype('float32')[None, :, :, None]\n"
            "return np.asarray(keras.ops.max_pool(picture, size))[0, :, :, 0]",
            10,
            "",
        ),
        "the course's own": ("import tools\nreturn tools.pool(feature_map, size)", 10, ""),
        # ---------------------------------------------------------------------------- what is kept
        "the mean": otherwise(("block.max()", "block.mean()"), points=6, key="max_pool.mean"),
        "the smallest": otherwise(("block.max()", "block.min()"), points=6, key="max_pool.smallest"),
        "the sum": otherwise(("block.max()", "block.sum()"), points=6, key="max_pool.total"),
        "the first": otherwise(("block.max()", "block[0, 0]"), points=6, key="max_pool.first"),
        "starts from zero": otherwise(
            ("block.max()", "max(0, *block.ravel())"), points=6, key="max_pool.from_zero"
        ),
        "whole numbers": otherwise(
            ("np.zeros((rows, columns))", "np.zeros((rows, columns), int)"),
            points=6,
            key="max_pool.whole_numbers",
        ),
        "the largest amount": otherwise(
            ("block.max()", "np.abs(block).max()"), points=0, key="max_pool.other_largest"
        ),
        # ------------------------------------------------------------------------------ the blocks
        "overlapping blocks": (
            "windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size))\n"
            "return windows.max(axis=(2, 3))",
            7,
            "max_pool.overlapping",
        ),
        "always blocks of two": otherwise((CUT, f"size = 2\n{CUT}"), points=7, key="max_pool.always_two"),
        "rows alone": (
            "rows = feature_map.shape[0] // size\n"
            "return feature_map[: rows * size].reshape(rows, size, -1).max(axis=1)",
            7,
            "max_pool.rows_alone",
        ),
        "columns alone": (
            "columns = feature_map.shape[1] // size\n"
            "whole = feature_map[:, : columns * size]\n"
            "return whole.reshape(len(whole), columns, size).max(axis=2)",
            7,
            "max_pool.columns_alone",
        ),
        "rows and columns swapped": otherwise(
            ("return pooled", "return pooled.T"), points=7, key="max_pool.map_turned"
        ),
        "in reading order": (
            f"{CUT}whole = feature_map[: rows * size, : columns * size]\n"
            "return whole.reshape(rows, columns, size, size).max(axis=(2, 3))",
            7,
            "max_pool.in_reading_order",
        ),
        "a wrong axis": (
            f"{CUT}whole = feature_map[: rows * size, : columns * size]\n"
            "return whole.reshape(rows, size, columns, size).max(axis=(1, 2))",
            0,
            "max_pool.other_largest",
        ),
        "blocks that overlap by one": otherwise(
            (
                "feature_map[row * size : (row + 1) * size, column * size : (column + 1) * size]",
                "feature_map[row * size : (row + 1) * size + 1, column * size : (column + 1) * size + 1]",
            ),
            points=0,
            key="max_pool.other_largest",
        ),
        "overlapping where size is large": (
            "windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size))\n"
            "return windows[::2, ::2].max(axis=(2, 3))",
            4,
            "max_pool.other_blocks",
        ),
        # ------------------------------------------------------------------------------- the edges
        "keeps what is left over": otherwise(
            UP, ("pooled =", ROUNDED_UP), points=7, key="max_pool.edge_kept"
        ),
        "fills up with zeros": (
            "feature_map = np.pad(feature_map, [(0, -side % size) for side in feature_map.shape])\n" + MODEL,
            7,
            "max_pool.edge_zeros",
        ),
        "stops where something is left over": (
            f"{CUT}return feature_map.reshape(rows, size, columns, size).max(axis=(1, 3))",
            7,
            "max_pool.edge_stops",
        ),
        "leaves out the first ones": otherwise(
            (
                CUT,
                "feature_map = feature_map[feature_map.shape[0] % size :, feature_map.shape[1] % size :]\n"
                + CUT,
            ),
            points=7,
            key="max_pool.other_edges",
        ),
        # ------------------------------------------------------------------- more than one, or none
        "the mean of overlapping blocks": (
            "windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size))\n"
            "return windows.mean(axis=(2, 3))",
            3,
            "max_pool.overlapping",
        ),
        "the mean, with what is left over": otherwise(
            UP,
            ("pooled =", ROUNDED_UP),
            ("block.max()", "block.mean()"),
            points=3,
            key="max_pool.edge_kept",
        ),
        "with the axes of a batch": otherwise(
            ("return pooled", "return pooled[None, :, :, None]"), points=7, key="max_pool.axis_too_many"
        ),
        "the largest of all": ("return feature_map.max()", 0, "max_pool.one_number"),
        "None for large blocks": otherwise(
            ("return pooled", "return pooled if size == 2 else None"), points=4, key="any.some_none"
        ),
        "a list": otherwise(("return pooled", "return pooled.tolist()"), points=5, key="any.is_list"),
        "a tensor": otherwise(
            ("return pooled", "return keras.ops.convert_to_tensor(pooled)"), points=5, key="any.is_tensor"
        ),
        "the map": ("return feature_map", 0, "max_pool.other_largest"),
        "zeros": otherwise(("block.max()", "0"), points=0, key="max_pool.other_largest"),
        "not a number": otherwise(("block.max()", "np.nan"), points=0, key="max_pool.other_largest"),
        "forgets to return": otherwise(("return pooled", ""), points=0, key="any.none_came"),
        "empty": ('"""The largest number of each block."""', 0, "any.none_came"),
    },
)
ANSWERS.append(Answer("max_pool", "no function", "max_pool = np.max([1, 2])", 0, "any.not_there_yet"))
