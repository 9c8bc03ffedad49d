"""Task 6: net_1 with stride 2 in the second convolution instead of the pooling."""

from __future__ import annotations

from admin.course.answers.nets import PLAN_1, PLAN_2, answers_of_both, sequential, with_change
from admin.course.answers.nets_rare import RARE_2
from admin.course.answers.nets_unusual import right_answers, wrong_answers

ANSWERS = [
    *answers_of_both(
        "net_2",
        PLAN_2,
        "strides=2",
        "",
        {"conv_1": 2, "conv_2": 3, "pooling": 2, "hidden": 1, "output": 2},
    ),
    sequential("net_2", "net_1 again", PLAN_1, 7, "net_2.still_pooling"),
    sequential(
        "net_2",
        "stride and pooling",
        PLAN_2.replace("keras.layers.Flatten()", "keras.layers.MaxPooling2D(2)\nkeras.layers.Flatten()"),
        10,
        "net_2.still_pooling",
    ),
    sequential(
        "net_2",
        "stride on the first convolution",
        PLAN_2.replace(" strides=2,", "").replace("(32, 3,", "(32, 3, strides=2,"),
        7,
        "net_2.stride_too_early",
    ),
    with_change("net_2", PLAN_2, "neither stride nor pooling", " strides=2,", "", 9, "net_2.no_stride"),
    with_change("net_2", PLAN_2, "stride 3", "strides=2", "strides=3", 9, "nets.stride"),
    with_change("net_2", PLAN_2, "both kernels 5 × 5", ", 3, ", ", 5, ", 7, "nets.kernel"),
    *right_answers("net_2"),
    *wrong_answers("net_2", conv_1=2, conv_2=3, hidden=1, output=2),
    *RARE_2,
]
