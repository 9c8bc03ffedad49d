"""Task 4: two convolutions, a max-pooling, two dense layers."""

from __future__ import annotations

from admin.course.answers.nets import PLAN_1, answers_of_both, sequential, with_change
from admin.course.answers.nets_rare import RARE_1
from admin.course.answers.nets_unusual import right_answers, wrong_answers

ANSWERS = [
    *answers_of_both(
        "net_1",
        PLAN_1,
        "",
        "keras.layers.MaxPool2D()",
        {"conv_1": 3, "conv_2": 3, "pooling": 2, "hidden": 2, "output": 2},
    ),
    with_change(
        "net_1", PLAN_1, "all 'same' padding", ", 3, ", ', 3, padding="same", ', 8, "nets.conv_padding"
    ),
    with_change(
        "net_1", PLAN_1, "mean pooling", "MaxPooling2D", "AveragePooling2D", 12, "net_1.other_pooling"
    ),
    with_change("net_1", PLAN_1, "no pooling", "keras.layers.MaxPooling2D(2)\n", "", 12, "net_1.no_pooling"),
    with_change(
        "net_1", PLAN_1, "3 × 3 pooling", "MaxPooling2D(2)", "MaxPooling2D(3)", 12, "net_1.pool_window"
    ),
    with_change("net_1", PLAN_1, "overlapping pooling", "D(2)", "D(2, strides=1)", 12, "net_1.pool_stride"),
    with_change("net_1", PLAN_1, "stride as in net_2", "64, 3,", "64, 3, strides=2,", 11, "nets.stride"),
    sequential(
        "net_1",
        "swapped filters",
        PLAN_1.replace("(32,", "(0,").replace("(64,", "(32,").replace("(0,", "(64,"),
        8,
        "nets.filters_swapped",
    ),
    sequential(
        "net_1",
        "pooling too early",
        "\n".join(PLAN_1.splitlines()[i] for i in (0, 1, 3, 2, 4, 5, 6)),
        12,
        "net_1.pool_place",
    ),
    with_change(
        "net_1",
        PLAN_1,
        "ReLU after pooling",
        'activation="relu")\nkeras.layers.MaxPooling2D(2)',
        'activation="linear")\nkeras.layers.MaxPooling2D(2)\nkeras.layers.ReLU()',
        14,
        "",
    ),
    with_change("net_1", PLAN_1, "both kernels 5 × 5", ", 3, ", ", 5, ", 8, "nets.kernel"),
    with_change(
        "net_1", PLAN_1, "pooling that pads", "D(2)", 'D(2, padding="same")', 12, "net_1.pool_padding"
    ),
    sequential(
        "net_1",
        "pooling twice",
        "\n".join(PLAN_1.splitlines()[i] for i in (0, 1, 3, 2, 3, 4, 5, 6)),
        12,
        "net_1.many_poolings",
    ),
    *right_answers("net_1"),
    *wrong_answers("net_1", conv_1=3, conv_2=3, hidden=2, output=2),
    *RARE_1,
]
