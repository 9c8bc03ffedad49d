"""Nets in unusual clothes: right ones, and wrong ones with a single foreign thing among right parts."""

from __future__ import annotations

from admin.course.answers.base import Answer
from admin.course.answers.nets import PLAN_1, PLAN_2, sequential

_PLANS = {"net_1": PLAN_1, "net_2": PLAN_2}
_FULL = {"net_1": 14, "net_2": 12}

# ----------------------------------------------------------------------------------- own layers, right

_OWN_FEATURES = """
class Features(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.steps = [{convolutions}]

    def call(self, x):
        for step in self.steps:
            x = step(x)
        return x

def {net}(sample_shape, nb_classes):
    return keras.Sequential([keras.Input(sample_shape), Features(), {head}])"""

_IDLE = """
def {net}(sample_shape, nb_classes):
    return keras.Sequential([{features}, keras.layers.Dropout(0), *[{head}][1:]])"""

_OWN_HEAD = """
class Head(keras.layers.Layer):
    def __init__(self, classes):
        super().__init__()
        self.last = keras.layers.Dense(classes)
        self.hidden = keras.layers.Dense(128)

    def call(self, x):
        return keras.ops.softmax(self.last(keras.ops.relu(self.hidden(x))))

def {net}(sample_shape, nb_classes):
    return keras.Sequential([{features}, Head(nb_classes)])"""

# Dense with weights of its own, made in another order and of another shape than Keras'.
_OWN_DENSE = """
class Connected(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, shape):
        self.offset = self.add_weight(shape=(1, self.units), initializer="zeros")
        self.factor = self.add_weight(shape=(shape[-1], self.units))

    def call(self, x):
        return x @ self.factor + self.offset

def {net}(sample_shape, nb_classes):
    return keras.Sequential([{features}, Connected({units}), keras.layers.ReLU(), Connected(nb_classes),
                             keras.layers.Softmax()])"""

_ONE_PER_CLASS = """
class Net(keras.Model):
    def __init__(self, nb_classes):
        super().__init__()
        self.last = keras.layers.Dense(nb_classes)
        self.hidden = keras.layers.Dense({units})
        self.second = keras.layers.Conv2D(64, 3{stride})
        self.first = keras.layers.Conv2D(32, 3)
        self.flatten = keras.layers.Flatten(){more}

    def call(self, x):
        x = {relu}(self.first(x))
        x = {relu}(self.second(x))
        {pooling}
        x = {relu}(self.hidden(self.flatten(x)))
        return {softmax}(self.last(x))

def {net}(sample_shape, nb_classes):
    return Net(nb_classes)"""

_SUBMODELS = """
def {net}(sample_shape, nb_classes):
    pictures = keras.Input(sample_shape)
    features = keras.Sequential([{convolutions}])
    numbers = keras.layers.Flatten()(features(pictures))
    rows = keras.Input(numbers.shape[1:])
    head = keras.Model(rows, keras.layers.Dense(nb_classes, "softmax")(keras.layers.Dense(128, "relu")(rows)))
    return keras.Model([pictures], [head(numbers)])"""

_POLICY = """
def {net}(sample_shape, nb_classes):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("{policy}")
    try:
        return keras.Sequential([{layers}])
    finally:
        keras.config.set_dtype_policy(before)"""

_LAMBDA = """
def {net}(sample_shape, nb_classes):
    def cut(x):
        return keras.ops.where(x > 0, x, 0.0)

    return keras.Sequential([{layers}])"""


def _parts(net: str) -> dict[str, str]:
    """Pieces of a net's plan, to be put together in other ways."""
    layers = _PLANS[net].splitlines()
    head = layers.index("keras.layers.Flatten()")
    return {
        "net": net,
        "layers": ", ".join(layers),
        "convolutions": ", ".join(layers[1:head]),
        "features": ", ".join(layers[: head + 1]),
        "head": ", ".join(layers[head:]),
    }


def _by_class(net: str, library: str = "keras.ops", units: int = 128, more: str = "", first: str = "") -> str:
    pool = {"tf.nn": 'tf.nn.max_pool2d(x, 2, 2, "VALID")', "keras.ops": "keras.ops.max_pool(x, 2)"}[library]
    code = _ONE_PER_CLASS.format(
        net=net,
        units=units,
        stride=", strides=2" if net == "net_2" else "",
        relu=f"{library}.relu",
        softmax=f"{library}.softmax",
        pooling=f"x = {pool}" if net == "net_1" else "",
        more=more and f"\n        {more}",
    )
    code = code.replace("(self.first(x))", first or "(self.first(x))", 1)
    return code if library == "keras.ops" else f"import tensorflow as tf\n{code}"


def right_answers(net: str) -> list[Answer]:
    """A net with own layers, submodels, functions for activations, other types of numbers."""
    parts, full = _parts(net), _FULL[net]
    policies = (
        ("mixed_float16", "mixed_bfloat16", "float16", "float64") if net == "net_1" else ("mixed_float16",)
    )
    functions = parts["layers"].replace('32, 3, activation="relu")', "32, 3, activation=cut)")
    functions = functions.replace('128, activation="relu")', "128), keras.layers.Lambda(cut)")
    codes = {
        "a layer that does nothing": _IDLE.format(**parts),
        "own layer that holds the convolutions": _OWN_FEATURES.format(**parts),
        "own layer that holds the head": _OWN_HEAD.format(**parts),
        "own layers with weights of their own": _OWN_DENSE.format(**parts, units=128),
        "attributes in another order, functions of Keras": _by_class(net),
        "attributes in another order, functions of TensorFlow": _by_class(net, "tf.nn"),
        "submodels": _SUBMODELS.format(**parts),
        "activations written by hand": _LAMBDA.format(net=net, layers=functions),
        **{policy: _POLICY.format(**parts, policy=policy) for policy in policies},
    }
    return [Answer(net, name, code.strip(), full) for name, code in codes.items()]


# ----------------------------------------------------------------------------------- wrong, and worth a part

_TWO_OUTPUTS = """
def {net}(sample_shape, nb_classes):
    net = keras.Sequential([{layers}])
    return keras.Model(net.inputs, [net.outputs[0], net.layers[0].output])"""

_OWN_CODE = """
class Net(keras.Model):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], 32))

    def call(self, x):
        return keras.ops.mean(keras.ops.tanh(keras.ops.conv(x, self.kernel)), axis=(1, 2))

def {net}(sample_shape, nb_classes):
    return Net()"""

_SKIP = """
def {net}(sample_shape, nb_classes):
    pictures = keras.Input(sample_shape)
    first = keras.layers.Conv2D(32, 3, activation="relu")(pictures)
    second = keras.layers.Conv2D(64, 3, activation="relu"{stride})(first)
    x = keras.layers.Add()([second, keras.layers.Activation("tanh")(second)])
    {pooling}
    x = keras.layers.Dense(128, activation="relu")(keras.layers.Flatten()(x))
    return keras.Model(pictures, keras.layers.Dense(nb_classes, activation="softmax")(x))"""


def wrong_answers(net: str, conv_1: int, conv_2: int, hidden: int, output: int) -> list[Answer]:
    """Nets with one foreign thing in them, random ones, and what is no net at all."""
    plan, parts, full = _PLANS[net], _parts(net), _FULL[net]
    no_net = "nets.without_convolutions"

    def changed(name: str, old: str, new: str, points: float, key: str) -> Answer:
        return sequential(net, name, plan.replace(old, new), points, key)

    def coded(name: str, code: str, points: float, key: str) -> Answer:
        return Answer(net, name, code.strip(), points, key)

    def returns(name: str, what: str, key: str) -> Answer:
        return coded(name, f"def {net}(sample_shape, nb_classes):\n    return {what}", 0, key)

    dense = 'keras.layers.Dense(128, activation="relu"), keras.layers.Dense(nb_classes, activation="softmax")'
    noise = "(self.noise(self.first(x), training=True))"
    skip = _SKIP.format(
        net=net,
        stride=", strides=2" if net == "net_2" else "",
        pooling="x = keras.layers.MaxPooling2D()(x)" if net == "net_1" else "",
    )
    return [
        changed(
            "PReLU",
            '32, 3, activation="relu")',
            "32, 3)\nkeras.layers.PReLU()",
            full - conv_1,
            "nets.activation",
        ),
        changed(
            "PReLU as an activation",
            '32, 3, activation="relu"',
            "32, 3, activation=keras.layers.PReLU()",
            full - conv_1,
            "nets.activation",
        ),
        changed(
            "a separable convolution", "Conv2D(64", "SeparableConv2D(64", full - conv_2, "nets.no_conv_2d"
        ),
        changed(
            "Permute",
            "keras.layers.Flatten()",
            "keras.layers.Permute((2, 1, 3))\nkeras.layers.Flatten()",
            full - 1,
            "nets.extra_layers",
        ),
        coded("a skip connection", skip, full - 1, "nets.extra_layers"),
        changed("Conv2D(3, 32)", "Conv2D(32, 3", "Conv2D(3, 32", full - conv_1 - 1, "nets.conv_arguments"),
        changed(
            "normalised before ReLU",
            '32, 3, activation="relu")',
            "32, 3)\nkeras.layers.BatchNormalization()\nkeras.layers.ReLU()",
            full - 1,
            "nets.extra_layers",
        ),
        coded(
            "arguments swapped",
            f"def {net}(nb_classes, sample_shape):\n    return keras.Sequential([{parts['layers']}])",
            full - 1,
            "nets.arguments_swapped",
        ),
        coded(
            "own layers, 64 hidden units",
            _OWN_DENSE.format(**parts, units=64),
            full - hidden,
            "nets.hidden_units",
        ),
        coded(
            "a class that begins with zeros, 64 hidden units",
            _by_class(net, units=64).replace("(32, 3)", '(32, 3, kernel_initializer="zeros")'),
            full - hidden,
            "nets.hidden_units",
        ),
        coded(
            "random in use",
            _by_class(net, more="self.noise = keras.layers.GaussianNoise(0.5)", first=noise),
            full - 1,
            "nets.random",
        ),
        coded(
            "random by own code",
            _by_class(net, first="(self.first(x) + keras.random.normal((1, 1, 1, 32)))"),
            full - conv_1 - 1,
            "nets.random",
        ),
        sequential(
            net, "no convolution", f"keras.Input(sample_shape)\nkeras.layers.Flatten()\n{dense}", 0, no_net
        ),
        sequential(net, "Flatten alone", "keras.layers.Flatten()", 0, "nets.no_convolution"),
        sequential(
            net,
            "a convolution of one weight",
            "keras.layers.Conv2D(1, 1)\nkeras.layers.Flatten()\n" + dense,
            0,
            no_net,
        ),
        coded("two outputs", _TWO_OUTPUTS.format(**parts), 0, "nets.is_outputs"),
        coded("one piece of own code", _OWN_CODE.format(net=net), 0, "nets.not_followed"),
        returns("a class", "keras.Sequential", "nets.is_class"),
        returns("a layer", "keras.layers.Dense(nb_classes)", "nets.is_layer"),
        returns("a tensor", "keras.layers.Flatten()(keras.Input(sample_shape))", "nets.is_KerasTensor"),
        returns("a list", "[keras.layers.Flatten()]", "nets.is_list"),
        returns("a tuple", "keras.Input(sample_shape), keras.layers.Flatten()", "nets.is_tuple"),
        returns("a layer not made", "keras.Sequential([keras.layers.Flatten])", "nets.not_made"),
    ]
