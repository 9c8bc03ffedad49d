"""The interactive figures of the notebook "Convolutional networks", in the order in which it meets them.

Each is a function that shows one figure and returns nothing. Each lives in a module of its own, which says
what one can do with it; `base` has what they share.
"""

from play.channels import explore_channels
from play.convolution import explore_convolution
from play.drawing import draw_digit
from play.errors import show_errors
from play.histories import compare_nets
from play.inside import look_inside
from play.learning import learn_kernel
from play.pixels import zoom_into_pixels
from play.prediction import predict_shapes
from play.progress import where_am_i
from play.shift import shift_test

__all__ = [
    "compare_nets",
    "draw_digit",
    "explore_channels",
    "explore_convolution",
    "learn_kernel",
    "look_inside",
    "predict_shapes",
    "shift_test",
    "show_errors",
    "where_am_i",
    "zoom_into_pixels",
]
