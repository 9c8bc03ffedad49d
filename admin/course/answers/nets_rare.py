"""Nets that no other answer is like: without each of them, a check could be changed unnoticed."""

from __future__ import annotations

from admin.course.answers.base import Answer
from admin.course.answers.nets import PLAN_1, sequential

_LAYERS = ", ".join(PLAN_1.splitlines())
_TO_FLATTEN = ", ".join(PLAN_1.splitlines()[:5])


def _in_turn(name: str, points: float, key: str, *changes: tuple[str, str]) -> Answer:
    """net_1 after these changes of its plan."""
    plan = PLAN_1
    for old, new in changes:
        if old not in plan:
            raise ValueError(f"{name}: the plan has no {old!r} to change")
        plan = plan.replace(old, new)
    return sequential("net_1", name, plan, points, key)


def _before(name: str, code: str, points: float, key: str) -> Answer:
    """net_1, with code in its function before the net is made."""
    return sequential("net_1", name, PLAN_1, points, key, before=f"    {code}\n")


def _coded(name: str, code: str, points: float, key: str = "", net: str = "net_1") -> Answer:
    return Answer(net, name, code.strip(), points, key)


# ------------------------------------------------------------------------------------------- own classes

WHOLE = """
class Whole(keras.layers.Layer):
    def __init__(self, classes):
        super().__init__()
        self.classes = classes

    def build(self, shape):
        rows, columns = ((side - 4) // 2 for side in shape[1:3])
        kernels = [(3, 3, shape[3], 32), (3, 3, 32, 64), (rows * columns * 64, 128), (128, self.classes)]
        self.kernels = [self.add_weight(shape=kernel) for kernel in kernels]
        self.biases = [self.add_weight(shape=kernel[-1:]) for kernel in kernels]

    def call(self, x):
        ops, kernels, biases = keras.ops, self.kernels, self.biases
        x = ops.relu(ops.conv(x, kernels[0]) + biases[0])
        x = ops.max_pool(ops.relu(ops.conv(x, kernels[1]) + biases[1]), 2)
        x = ops.relu(ops.reshape(x, (-1, kernels[2].shape[0])) @ kernels[2] + biases[2])
        return ops.softmax(x @ kernels[3] + biases[3])

def net_1(sample_shape, nb_classes):
    return keras.Sequential([keras.Input(sample_shape), Whole({classes})])"""

_OWN_CONVOLUTION = """
class Filters(keras.layers.Layer):
    def __init__(self, filters, stride, padding="valid"):
        super().__init__()
        self.filters, self.stride, self.padding = filters, stride, padding

    def build(self, shape):
        self.offset = self.add_weight(shape=(self.filters,))
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], self.filters))

    def call(self, x):
        return keras.ops.relu(keras.ops.conv(x, self.kernel, self.stride, self.padding) + self.offset)

def {net}(sample_shape, nb_classes):
    return keras.Sequential([keras.Input(sample_shape), {layers}, keras.layers.Flatten(),
                             keras.layers.Dense({units}, "relu"),
                             keras.layers.Dense(nb_classes, "softmax")])"""

_OWN_DENSE = """
class Connected(keras.layers.Layer):
    def build(self, shape):
        self.factor = self.add_weight(shape=(shape[-1], 128))
        self.offset = self.add_weight(shape=({offset},))
        {spare}

    def call(self, x):
        return keras.ops.relu(x @ self.factor + self.offset)

def net_1(sample_shape, nb_classes):
    return keras.Sequential([{features}, Connected(), keras.layers.Dense(nb_classes, "softmax")])"""

_OWN_FACTORS = """
class Factors(keras.layers.Layer):
    def build(self, shape):
        self.factors = self.add_weight(shape=(1, shape[-1]))

    def call(self, x):
        return x * self.factors

def net_1(sample_shape, nb_classes):
    return keras.Sequential([{features}, Factors(), keras.layers.Dense(128, "relu"),
                             keras.layers.Dense(nb_classes, "softmax")])"""

_MANY_OWN = """
class Larger(keras.layers.Layer):
    def call(self, x):
        return x * 1.25

def net_1(sample_shape, nb_classes):
    return keras.Sequential([{features}, *(Larger() for _ in range(9)), keras.layers.Dense(128, "relu"),
                             keras.layers.Dense(nb_classes, "softmax")])"""

_NOTHING_CHANGED = """
class Same(keras.layers.Layer):
    def call(self, x):
        return x + 0

def net_1(sample_shape, nb_classes):
    return keras.Sequential([{features}, *(Same() for _ in range(9)), keras.layers.Dense(128, "relu"),
                             keras.layers.Dense(10, "softmax")])"""

_FEATURES_ALONE = """
class Features(keras.layers.Layer):
    def build(self, shape):
        self.kernels = [self.add_weight(shape=(3, 3, shape[3], 32)), self.add_weight(shape=(3, 3, 32, 64))]
        self.biases = [self.add_weight(shape=(32,)), self.add_weight(shape=(64,))]

    def call(self, x):
        for kernel, bias in zip(self.kernels, self.biases):
            x = keras.ops.relu(keras.ops.conv(x, kernel) + bias)
        return keras.ops.max_pool(x, 2)

def net_1(sample_shape, nb_classes):
    return keras.Sequential([keras.Input(sample_shape), Features(), keras.layers.Flatten(),
                             keras.layers.Dense(128, "relu"), keras.layers.Dense(10, "softmax")])"""

_TOLD_OTHERWISE = """
def net_1(sample_shape, nb_classes):
    first = keras.layers.Conv2D(32, 3)
    plain = first.call
    first.call = lambda x, training=None: plain(x) - 1
    return keras.Sequential([keras.Input(sample_shape), first, keras.layers.PReLU(), {rest}])"""

_OTHER_IN_TRAINING = """
class Net(keras.Sequential):
    def call(self, x, training=None, mask=None):
        return super().call(1 - x if training else x, training=training)

def net_1(sample_shape, nb_classes):
    return Net([{layers}])"""

_SPARE_WEIGHT = """
class Net(keras.Sequential):
    def __init__(self, layers):
        super().__init__(layers)
        self.spare = self.add_weight(shape=(3,))

def net_1(sample_shape, nb_classes):
    return Net([{layers}])"""

# Nothing here is asked for but the convolutions' names; what counts is that the check can follow all of it.
_MANY_KINDS = """
keras.Input(sample_shape)
keras.layers.ZeroPadding2D(((1, 2), (0, 1)))
keras.layers.Rescaling(0.5, 0.1)
keras.layers.Conv2D(32, (2, 3), strides=(2, 1), padding="same", activation="elu")
keras.layers.AveragePooling2D((3, 2), strides=2, padding="same")
keras.layers.LeakyReLU(0.3)
keras.layers.BatchNormalization(center=False)
keras.layers.Conv2D(8, 3, dilation_rate=(2, 1), groups=2, use_bias=False, activation="silu")
keras.layers.MaxPooling2D(3, strides=(1, 2), padding="same")
keras.layers.ELU(0.5)
keras.layers.SpatialDropout2D(0.2)
keras.layers.GaussianNoise(0.1)
keras.layers.GlobalMaxPooling2D()
keras.layers.Dense(9, "selu")
keras.layers.GaussianDropout(0.1)
keras.layers.Dense(9, "gelu", use_bias=False)
keras.layers.Activation("leaky_relu")
keras.layers.Dense(9, "softplus")
keras.layers.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.3)
keras.layers.Dense(nb_classes)"""

_MORE_KINDS = """
def net_1(sample_shape, nb_classes):
    pictures = keras.Input(sample_shape)
    x = keras.layers.Conv2D(16, 3, activation=keras.layers.LeakyReLU(0.3))(pictures)
    x = keras.layers.Conv2D(16, 3, activation=keras.layers.ReLU(3.0, negative_slope=0.1, threshold=0.2))(x)
    x = keras.layers.AveragePooling2D(2)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Reshape((4, 4))(x)
    x = keras.ops.leaky_relu(keras.layers.Flatten()(x))
    square = keras.layers.Dense(16, "tanh")
    x = keras.layers.Softmax()(square(square(x)))
    x = keras.ops.sigmoid(keras.layers.Dense(16)(x))
    x = keras.ops.tanh(keras.layers.Dense(16, "relu6")(x))
    x = keras.ops.relu(keras.layers.Dense(16, "sigmoid")(x))
    return keras.Model(pictures, keras.layers.Dense(nb_classes)(x))"""

_OTHER_FOR_COLOURS = """
def net_1(sample_shape, nb_classes):
    units = 128 if sample_shape[-1] == 1 else 64
    return keras.Sequential([{layers}])"""

_FEATURES = {"features": _TO_FLATTEN}
_DENSE = """keras.layers.Flatten()
keras.layers.Dense(128, activation="relu")
keras.layers.Dense(nb_classes, activation="softmax")"""
_SIDES = "rows, columns, colours = sample_shape"
_TWO_ROWS = "keras.layers.Reshape((rows // 2, -1, colours) if rows % 2 == 0 else (-1, columns // 2, colours))"

_BY_CLASS = [
    _coded("all in one own layer", WHOLE.replace("{classes}", "nb_classes"), 14),
    _coded("all in one own layer, ten classes", WHOLE.replace("{classes}", "10"), 13, "nets.fixed_classes"),
    _coded(
        "own convolutions, 64 hidden units",
        _OWN_CONVOLUTION.format(
            net="net_1", layers="Filters(32, 1), Filters(64, 1), keras.layers.MaxPooling2D()", units=64
        ),
        12,
        "nets.hidden_units",
    ),
    _coded(
        "one bias for all units", _OWN_DENSE.format(**_FEATURES, offset=1, spare=""), 11, "nets.extra_layers"
    ),
    _coded(
        "own layer with a weight that it does not use",
        _OWN_DENSE.format(**_FEATURES, offset=128, spare="self.spare = self.add_weight(shape=(128,))"),
        11,
        "nets.extra_layers",
    ),
    _coded("own factors", _OWN_FACTORS.format(**_FEATURES), 13, "nets.extra_layers"),
    _coded("nine own layers", _MANY_OWN.format(**_FEATURES), 0, "nets.not_followed"),
    _coded(
        "nine own layers that change nothing, ten classes",
        _NOTHING_CHANGED.format(**_FEATURES),
        13,
        "nets.fixed_classes",
    ),
    _coded("convolutions in one own layer, ten classes", _FEATURES_ALONE, 13, "nets.fixed_classes"),
    _coded(
        "a layer that was told to do something else, before a measured one",
        _TOLD_OTHERWISE.format(rest=", ".join(PLAN_1.splitlines()[2:])),
        0,
        "nets.not_followed",
    ),
    _coded(
        "something else in training",
        _OTHER_IN_TRAINING.format(layers=_LAYERS),
        13,
        "nets.other_in_training",
    ),
    _coded("a spare weight", _SPARE_WEIGHT.format(layers=_LAYERS), 13, "nets.other_weights"),
    _coded(
        "another net for colours",
        _OTHER_FOR_COLOURS.format(layers=_LAYERS.replace("128", "units")),
        13,
        "nets.other_shapes",
    ),
]

# ---------------------------------------------------------------------------------- Keras' own layers alone

_BY_LAYER = [
    _in_turn("a dilated convolution", 11, "nets.conv_defaults", ("64, 3,", "64, 3, dilation_rate=2,")),
    _in_turn("a convolution in groups", 11, "nets.conv_defaults", ("64, 3,", "64, 3, groups=2,")),
    _in_turn("a convolution without bias", 11, "nets.conv_defaults", ("32, 3,", "32, 3, use_bias=False,")),
    _in_turn(
        "a hidden layer without bias", 13, "nets.dense_without_bias", ("(128,", "(128, use_bias=False,")
    ),
    _in_turn("a frozen convolution", 13, "nets.frozen", ("32, 3,", "32, 3, trainable=False,")),
    _in_turn("GELU", 11, "nets.activation", ('64, 3, activation="relu"', '64, 3, activation="gelu"')),
    _in_turn("three filters", 11, "nets.filters", ("(32, 3,", "(3, 3,")),
    _in_turn("kernels of 32 × 32", 8, "nets.kernel", ("(32, 3,", "(32, 32,"), ("128", "8")),
    _in_turn(
        "ReLU with a largest value",
        11,
        "nets.activation",
        ('32, 3, activation="relu"', "32, 3, activation=keras.layers.ReLU(4.0)"),
    ),
    _in_turn(
        "a separable convolution, its ReLU a layer",
        11,
        "nets.no_conv_2d",
        ('Conv2D(64, 3, activation="relu")', "SeparableConv2D(64, 3)\nkeras.layers.ReLU()"),
    ),
    _in_turn(
        "64 hidden units, linear activations",
        12,
        "nets.hidden_units",
        ("128", "64"),
        ("keras.layers.Flatten()", 'keras.layers.Flatten()\nkeras.layers.Activation("linear")'),
    ),
    _in_turn(
        "64 hidden units after Reshape",
        12,
        "nets.hidden_units",
        ("128", "64"),
        ("Flatten()", "Reshape((-1,))"),
    ),
    _in_turn(
        "a third convolution",
        13,
        "nets.many_convolutions",
        ("keras.layers.Flatten()", 'keras.layers.Conv2D(64, 3, activation="relu")\nkeras.layers.Flatten()'),
    ),
    _in_turn(
        "the hidden layer before Flatten",
        12,
        "nets.dense_before_flatten",
        ('keras.layers.Flatten()\nkeras.layers.Dense(128, activation="relu")\n', ""),
        ("D(2)\n", 'D(2)\nkeras.layers.Dense(128, activation="relu")\nkeras.layers.Flatten()\n'),
    ),
    _in_turn(
        "three dense layers, a class too many",
        9,
        "nets.many_dense",
        (
            "keras.layers.Dense(nb_classes",
            'keras.layers.Dense(64, "relu")\nkeras.layers.Dense(nb_classes + 1',
        ),
    ),
    _in_turn(
        "no output layer",
        10,
        "nets.other_end",
        ('Dense(nb_classes, activation="softmax")', "Softmax()"),
    ),
    _in_turn(
        "normalised without a scale",
        13,
        "nets.extra_layers",
        ("keras.layers.Flatten()", "keras.layers.BatchNormalization(scale=False)\nkeras.layers.Flatten()"),
    ),
    sequential(
        "net_1",
        "over 20 million weights",
        PLAN_1.replace("128", "units").replace("keras.layers.MaxPooling2D(2)\n", ""),
        0,
        "nets.too_large",
        before="    units = 600 if sample_shape[0] == 28 else 8\n",
    ),
    sequential(
        "net_1",
        "two rows of pixels made one",
        PLAN_1.replace("(sample_shape)", f"(sample_shape)\n{_TWO_ROWS}"),
        13,
        "nets.joined_otherwise",
        before=f"    {_SIDES}\n",
    ),
    sequential(
        "net_1", "no layer that does anything", 'keras.layers.Activation("linear")', 0, "nets.no_convolution"
    ),
    sequential(
        "net_1",
        "a single convolution, two of its settings wrong",
        f'keras.Input(sample_shape)\nkeras.layers.Conv2D(32, 5, padding="same", activation="relu")\n{_DENSE}',
        6,
        "nets.no_convolution",
    ),
    sequential(
        "net_1",
        "a single separable convolution, of another size",
        f'keras.Input(sample_shape)\nkeras.layers.SeparableConv2D(8, 5, activation="relu")\n{_DENSE}',
        0,
        "nets.without_convolutions",
    ),
]

# -------------------------------------------------------------------------------- other things for some cases

_FOR_SOME = [
    _before(
        "stops on 28 × 28 pixels", "if sample_shape[0] == 28: raise ValueError('28')", 13, "nets.needs_room"
    ),
    _before(
        "a layer not made, for colours",
        "if sample_shape[-1] > 1: return keras.Sequential([keras.layers.Flatten])",
        13,
        "nets.fixed_shape",
    ),
    _coded(
        "a list, and stops for digits",
        "def net_1(sample_shape, nb_classes):\n"
        "    if sample_shape[-1] == 1: raise ValueError('no digits')\n"
        "    return [keras.layers.Flatten()]",
        0,
        "nets.is_list",
    ),
    _coded(
        "a dictionary", "def net_1(sample_shape, nb_classes):\n    return {'layers': []}", 0, "nets.no_model"
    ),
]

_FOLLOWED = [
    sequential("net_1", "many kinds of layers", _MANY_KINDS, 0, "nets.extra_layers"),
    _coded("more kinds of layers", _MORE_KINDS, 1, "nets.extra_layers"),
]

RARE_1 = [*_FOLLOWED, *_BY_CLASS, *_BY_LAYER, *_FOR_SOME]

_FILTERS_2 = "Filters(32, 1), Filters(64, 2)"
RARE_2 = [
    _coded(
        "own convolutions, 64 hidden units",
        _OWN_CONVOLUTION.format(net="net_2", layers=_FILTERS_2, units=64),
        11,
        "nets.hidden_units",
        "net_2",
    ),
    _coded(
        "own convolutions, padding and stride 3",
        _OWN_CONVOLUTION.format(net="net_2", layers='Filters(32, 1, "same"), Filters(64, 3)', units=128),
        7,
        "nets.stride",
        "net_2",
    ),
]
