"""What the notebook "Convolutional networks" calls.

TensorFlow, Keras and Matplotlib take seconds to import, so the functions that need them do it themselves.
"""

from tools.arithmetic import chance_in_pairs, convolve, feature_map_size, only_one_right, pool
from tools.data import CIFAR_CLASSES, load, load_sample
from tools.device import gains_from_half_precision, has_gpu, say_where, share_gpu
from tools.figures import (
    show,
    show_classes,
    show_convolution,
    show_feature_maps,
    show_gallery,
    show_matrix,
    show_pixels,
    show_place,
)
from tools.runtime import filled, grading, quiet, style, trained
from tools.stand_ins import draw_stand_ins
from tools.training import bound_training, note_training, progress

__all__ = [
    "CIFAR_CLASSES",
    "bound_training",
    "chance_in_pairs",
    "convolve",
    "draw_stand_ins",
    "feature_map_size",
    "filled",
    "gains_from_half_precision",
    "grading",
    "has_gpu",
    "load",
    "load_sample",
    "note_training",
    "only_one_right",
    "pool",
    "progress",
    "quiet",
    "say_where",
    "share_gpu",
    "show",
    "show_classes",
    "show_convolution",
    "show_feature_maps",
    "show_gallery",
    "show_matrix",
    "show_pixels",
    "show_place",
    "style",
    "trained",
]
