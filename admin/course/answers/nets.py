"""What the answers to both nets share: plans, ways of writing them, and mistakes in the common layers."""

from __future__ import annotations

from admin.course.answers.base import Answer


def sequential(task: str, name: str, layers: str, points: float, key: str = "", before: str = "") -> Answer:
    """A net written as a Sequential of these layers, one a line."""
    lines = "\n".join(f"        {line}," for line in layers.strip().split("\n"))
    code = f"def {task}(sample_shape, nb_classes):\n{before}    return keras.Sequential([\n{lines}\n    ])"
    return Answer(task, name, code, points, key)


PLAN_1 = """keras.Input(sample_shape)
keras.layers.Conv2D(32, 3, activation="relu")
keras.layers.Conv2D(64, 3, activation="relu")
keras.layers.MaxPooling2D(2)
keras.layers.Flatten()
keras.layers.Dense(128, activation="relu")
keras.layers.Dense(nb_classes, activation="softmax")"""

PLAN_2 = PLAN_1.replace("keras.layers.MaxPooling2D(2)\n", "").replace("64, 3,", "64, 3, strides=2,")

_IN_SEPARATE_LAYERS = """keras.layers.Input(shape=sample_shape)
keras.layers.Convolution2D(32, kernel_size=(3, 3), strides=(1, 1), padding="valid", name="edges")
keras.layers.ReLU()
keras.layers.Conv2D(64, (3, 3), kernel_initializer="he_normal"{stride})
keras.layers.Activation("relu"){pooling}
keras.layers.Flatten()
keras.layers.Dense(128)
keras.layers.Activation(keras.activations.relu)
keras.layers.Dense(nb_classes)
keras.layers.Softmax()"""

_FUNCTIONAL = """def {net}(sample_shape, nb_classes):
    pictures = keras.Input(shape=sample_shape)
    x = keras.layers.Conv2D(32, 3)(pictures)
    x = keras.ops.relu(x)
    x = keras.layers.Conv2D(64, 3, {stride}activation=keras.activations.relu)(x)
    {pooling}
    x = keras.layers.Reshape((-1,))(x)
    x = keras.layers.Dense(128, "relu")(x)
    return keras.Model(pictures, keras.layers.Dense(nb_classes, "softmax")(x))"""


def with_change(net: str, plan: str, name: str, old: str, new: str, points: float, key: str) -> Answer:
    if old not in plan:
        raise ValueError(f"{net}, {name}: the plan has no {old!r} to change")
    return sequential(net, name, plan.replace(old, new), points, key)


def answers_of_both(net: str, plan: str, stride: str, pooling: str, worth: dict[str, float]) -> list[Answer]:
    """What goes for both nets: right ways of writing them, and mistakes in the layers that they share."""
    full = sum(worth.values()) + 2
    conv_1, hidden, output = (worth[part] for part in ("conv_1", "hidden", "output"))
    layers = _IN_SEPARATE_LAYERS.format(
        stride=stride and ", strides=(2, 2)", pooling=pooling and f"\n{pooling}"
    )
    functional = _FUNCTIONAL.format(
        net=net, stride=stride and f"{stride}, ", pooling=pooling and f"x = {pooling}(x)"
    )
    added = f"""def {net}(sample_shape, nb_classes):
    model = keras.Sequential()
    for layer in (
        {", ".join(plan.splitlines()[1:])},
    ):
        model.add(layer)
    model.build((None, *sample_shape))
    return model"""
    subclass = f"""class Net(keras.Model):
    def __init__(self, nb_classes):
        super().__init__()
        self.steps = [{", ".join(plan.splitlines()[1:])}]

    def call(self, x):
        for step in self.steps:
            x = step(x)
        return x

def {net}(sample_shape, nb_classes):
    return Net(nb_classes)"""
    compiled = f"""def {net}(sample_shape, nb_classes):
    model = keras.Sequential([{", ".join(plan.splitlines())}], name="digits")
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model"""
    stacked = f"""def {net}(sample_shape, nb_classes):
    features = keras.Sequential([{", ".join(plan.splitlines()[: 3 + bool(pooling)])}])
    head = keras.Sequential([{", ".join(plan.splitlines()[3 + bool(pooling) :])}])
    return keras.Sequential([features, head])"""

    def changed(name: str, old: str, new: str, points: float, key: str) -> Answer:
        return with_change(net, plan, name, old, new, points, key)

    return [
        sequential(net, "the model answer", plan, full),
        sequential(net, "activation layers of their own", layers, full),
        Answer(net, "functional", functional, full),
        Answer(net, "added one by one", added, full),
        Answer(net, "a class of its own", subclass, full),
        Answer(net, "compiled already", compiled, full),
        Answer(net, "two parts", stacked, full),
        changed(
            "first with 'same' padding",
            "(32, 3,",
            '(32, 3, padding="same",',
            full - conv_1,
            "nets.conv_padding",
        ),
        changed(
            "first without activation",
            '32, 3, activation="relu"',
            "32, 3",
            full - conv_1,
            "nets.no_activation",
        ),
        changed(
            "hidden without activation", '128, activation="relu"', "128", full - hidden, "nets.no_activation"
        ),
        changed(
            "tanh", '32, 3, activation="relu"', '32, 3, activation="tanh"', full - conv_1, "nets.activation"
        ),
        changed(
            "ReLU6",
            '32, 3, activation="relu"',
            '32, 3, activation="relu6"',
            full - conv_1,
            "nets.activation",
        ),
        changed("a constraint", "(128,", '(128, kernel_constraint="non_neg",', full - 1, "nets.constraint"),
        changed("5 × 5 kernel", "(32, 3,", "(32, 5,", full - conv_1, "nets.kernel"),
        changed("64 hidden units", "128", "64", full - hidden, "nets.hidden_units"),
        changed("no Flatten", "keras.layers.Flatten()\n", "", full - hidden, "nets.no_flatten"),
        sequential(
            net,
            "no Flatten, and ten classes written in",
            plan.replace("keras.layers.Flatten()\n", "").replace("nb_classes", "10"),
            full - hidden - 1,
            "nets.fixed_classes",
        ),
        changed("no Input", "keras.Input(sample_shape)\n", "", full - 1, "nets.without_shape"),
        sequential(
            net,
            "no Input, and 64 hidden units",
            plan.replace("keras.Input(sample_shape)\n", "").replace("128", "64"),
            full - hidden - 1,
            "nets.without_shape",
        ),
        Answer(
            net,
            "a shape by the first pictures",
            f"""def {net}(sample_shape, nb_classes):
    model = keras.Sequential([{", ".join(plan.splitlines()[1:])}])
    model(keras.ops.zeros((1, *sample_shape)))
    return model""",
            full,
        ),
        changed(
            "the shape as an argument of the first layer",
            "keras.Input(sample_shape)\nkeras.layers.Conv2D(32, 3, ",
            "keras.layers.Conv2D(32, 3, input_shape=sample_shape, ",
            full,
            "",
        ),
        Answer(
            net,
            "prints its summary",
            f"""def {net}(sample_shape, nb_classes):
    built = keras.Sequential([{", ".join(plan.splitlines())}])
    built.summary()
    return built""",
            full,
        ),
        changed(
            "second with 'same' padding",
            "(64, 3,",
            '(64, 3, padding="same",',
            full - worth["conv_2"],
            "nets.conv_padding",
        ),
        changed(
            "global pooling",
            "keras.layers.Flatten()",
            "keras.layers.GlobalAveragePooling2D()",
            full - hidden,
            "nets.global_pooling",
        ),
        changed(
            "no hidden layer",
            'keras.layers.Dense(128, activation="relu")\n',
            "",
            full - hidden,
            "nets.no_hidden",
        ),
        changed("sigmoid output", '"softmax"', '"sigmoid"', full - output, "nets.sigmoid"),
        changed("linear output", ', activation="softmax"', "", full - output, "nets.no_output_activation"),
        changed("relu output", '"softmax"', '"relu"', full - output, "nets.output_activation"),
        changed("ten classes written in", "nb_classes", "10", full - 1, "nets.fixed_classes"),
        changed("shape written in", "sample_shape)", "(28, 28, 1))", full - 1, "nets.fixed_shape"),
        changed(
            "dropout added",
            "keras.layers.Flatten()",
            "keras.layers.Flatten()\nkeras.layers.Dropout(0.5)",
            full - 1,
            "nets.extra_layers",
        ),
        changed(
            "normalisation added",
            "keras.layers.Flatten()",
            "keras.layers.BatchNormalization()\nkeras.layers.Flatten()",
            full - 1,
            "nets.extra_layers",
        ),
        changed("a regulariser", "(128,", '(128, kernel_regularizer="l2",', full - 1, "nets.penalty"),
        Answer(
            net,
            "forgets to return",
            f"def {net}(sample_shape, nb_classes):\n    model = "
            f"keras.Sequential([{', '.join(plan.splitlines())}])",
            0,
            "any.none_came",
        ),
        Answer(net, "empty", f'def {net}(sample_shape, nb_classes):\n    """The net."""', 0, "any.none_came"),
        Answer(
            net,
            "returns the summary",
            f"def {net}(sample_shape, nb_classes):\n"
            f"    return keras.Sequential([{', '.join(plan.splitlines())}]).summary()",
            0,
            "any.none_came",
        ),
        Answer(
            net,
            "layers that say one thing and do another",
            f"""class Plain(keras.layers.Dense):
    def call(self, x):
        return keras.ops.ones_like(super().call(x)) / self.units

Plain.__name__ = "Dense"

def {net}(sample_shape, nb_classes):
    layers = [{", ".join(plan.splitlines()[:-1])}]
    return keras.Sequential([*layers, Plain(nb_classes, activation="softmax")])""",
            full - output - 1,
            "nets.other_end",
        ),
        Answer(
            net,
            "a layer that was told to do something else",
            f"""def {net}(sample_shape, nb_classes):
    output = keras.layers.Dense(nb_classes, activation="softmax")
    output.call = lambda x, training=None: keras.ops.ones((len(x), nb_classes)) / nb_classes
    return keras.Sequential([{", ".join(plan.splitlines()[:-1])}, output])""",
            0,
            "nets.not_as_told",
        ),
    ]
