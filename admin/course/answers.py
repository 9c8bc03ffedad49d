"""The list of answers: every right and wrong way of solving a task that the checks are known to tell apart.

It is the checks' specification (`tests/unit/test_answers.py` goes through it) and the material of the sample
class. An answer is the source of a whole answer cell, the points that its check must give, and words that the
student must be told. What the notebook has defined before that cell may be used in it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """A way to fill in the answer cell of a task: points and words are what its check must give for it."""

    task: str
    name: str
    code: str
    points: float
    says: str = ""


def answer(task: str, name: str) -> Answer:
    """The answer of this name; raises KeyError if there is none."""
    return {(a.task, a.name): a for a in ANSWERS}[task, name]


def _function(task: str, head: str, bodies: dict[str, tuple[str, float, str]]) -> list[Answer]:
    """Answers that differ in the function's body alone."""
    indented = {
        name: "\n".join(f"    {line}" for line in body.splitlines()) for name, (body, _, _) in bodies.items()
    }
    return [Answer(task, name, f"{head}\n{indented[name]}", p, says) for name, (_, p, says) in bodies.items()]


_NORMALISE = _function(
    "normalise_images",
    "def normalise_images(images):",
    {
        "the model answer": ("return images.astype(np.float32) / 255", 8, ""),
        "a plain division": ("return images / 255", 8, ""),
        "in half precision": ("return (images / 255).astype(np.float16)", 8, ""),
        "times a factor": ("return np.multiply(images, 1 / 255, dtype=np.float64)", 8, ""),
        "a table of 256 values": ("return np.linspace(0, 1, 256)[images]", 8, ""),
        "with a rescaling layer": (
            "return np.asarray(keras.layers.Rescaling(1 / 255)(images.astype('float32')))",
            8,
            "",
        ),
        "in place on a float copy": (
            "result = images.astype('float32')\nresult /= 255\nreturn result",
            8,
            "",
        ),
        "pixel by pixel": (
            "flat = np.array([int(pixel) / 255 for pixel in images.ravel()])\nreturn "
            "flat.reshape(images.shape)",
            8,
            "",
        ),
        "right, with a warning on stderr": (
            "import sys, warnings\nprint('normalising', file=sys.stderr)\nwarnings.warn('slowly')\nreturn "
            "images / 255.0",
            8,
            "",
        ),
        "divides by the maximum": (
            "return images / images.max()",
            5,
            "brightest pixel of what you are given",
        ),
        "divides each picture by its maximum": (
            "return images / images.max(axis=tuple(range(1, images.ndim)), keepdims=True)",
            5,
            "its own brightest pixel",
        ),
        "divides only what looks bright": (
            "return images / 255 if images.max() > 1 else images.astype(float)",
            5,
            "Don't look at the values",
        ),
        "min–max over the batch": (
            "return (images - images.min()) / (images.max() - images.min())",
            5,
            "darkest to the brightest pixel of the whole batch",
        ),
        "min–max per picture": (
            "axes = tuple(range(1, images.ndim)) or None\n"
            "low = images.min(axis=axes, keepdims=True)\n"
            "return (images - low) / np.maximum(images.max(axis=axes, keepdims=True) - low, 1e-9)",
            5,
            "stretch each picture",
        ),
        "divides by 256": ("return images / 256", 5, "divide by 256"),
        "integer division": ("return images // 255", 3, "whole numbers"),
        "in place on 8 bits": ("images /= 255\nreturn images", 0, "divide in place"),
        "writes back into 8 bits": ("images[...] = images / 255\nreturn images", 2, "are changed afterwards"),
        "forgets to return": ("result = images / 255", 0, "without `return`"),
        "a list": ("return (images / 255).tolist()", 2, "a list came back"),
        "a tensor": ("return keras.ops.convert_to_tensor(images / 255)", 2, "a tensor came back"),
        "from −1 to 1": ("return images / 127.5 - 1", 5, "range from −1 to 1"),
        "from −0.5 to 0.5": ("return images / 255 - 0.5", 5, "middle grey"),
        "rounds to whole numbers": ("return np.round(images / 255)", 5, "round to 0 decimals"),
        "rounds to two decimals": ("return np.round(images / 255, 2)", 5, "round to 2 decimals"),
        "only changes the type": ("return images.astype('float32')", 2, "still go from 0 to 255"),
        "divides twice": ("return images / 255 / 255", 5, "normalised twice"),
        "standardises": ("return (images - images.mean()) / images.std()", 5, "standardising"),
        "inverts": ("return 1 - images / 255", 5, "inverted"),
        "flattens": ("return images.reshape(len(images), -1) / 255", 4, "in the same shape"),
        "changes its input too": (
            "result = images / 255\nimages[...] = 0\nreturn result",
            7,
            "are changed afterwards",
        ),
        "three axes only": (
            "n, height, width = images.shape\nreturn images.reshape(n, height, width) / 255",
            7,
            "any number of axes",
        ),
        "empty": ('"""Pixels from 0 to 1."""', 0, "still empty"),
        "stops": ("return image / 255", 0, "NameError"),
    },
)

_CHANNEL_AXIS = [
    Answer("channel_axis", name, code, points, says)
    for name, code, points, says in (
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
        ("no axis", "x_train = train_pixels\nx_test = test_pixels", 0, "The axis is not there yet"),
        ("in front", "x_train = train_pixels[None]\nx_test = test_pixels[None]", 0, "stands in front"),
        (
            "channels first",
            "x_train = train_pixels[:, None]\nx_test = test_pixels[:, None]",
            0,
            "Keras wants them last",
        ),
        (
            "three channels",
            "x_train = np.repeat(train_pixels[..., None], 3, -1)\nx_test = np.repeat(test_pixels[..., "
            "None], 3, -1)",
            0,
            "red, green and blue",
        ),
        (
            "flattened",
            "x_train = train_pixels.reshape(len(train_pixels), -1)\nx_test = "
            "test_pixels.reshape(len(test_pixels), -1)",
            0,
            "which pixels are neighbours",
        ),
        (
            "training only",
            "x_train = train_pixels[..., None]\nx_test = test_pixels",
            2,
            "The axis is not there yet",
        ),
        (
            "two axes",
            "x_train = train_pixels[..., None, None]\nx_test = test_pixels[..., None, None]",
            0,
            "an axis too many",
        ),
        (
            "from the images",
            "x_train = train_images[..., None]\nx_test = test_images[..., None]",
            0,
            "go from 0 to 255",
        ),
        (
            "training as test",
            "x_train = train_pixels[..., None]\nx_test = train_pixels[..., None]",
            2,
            "Training and test mixed up",
        ),
        (
            "transposed",
            "x_train = train_pixels.transpose(0, 2, 1)[..., None]\nx_test = test_pixels[..., None]",
            2,
            "moves nothing",
        ),
        (
            "a list",
            "x_train = list(train_pixels[..., None])\nx_test = test_pixels[..., None]",
            2,
            "a list came back",
        ),
        ("empty", "x_train = None\nx_test = None", 0, "still None"),
    )
]

_ONE_HOT = _function(
    "one_hot",
    "def one_hot(vector, number_classes):",
    {
        "the model answer": (
            "result = np.zeros((len(vector), number_classes))\nresult[np.arange(len(vector)), vector] = "
            "1\nreturn result",
            10,
            "",
        ),
        "rows of the identity": ("return np.eye(number_classes)[vector]", 10, ""),
        "a comparison": ("return (np.arange(number_classes) == vector[:, None]).astype(int)", 10, ""),
        "truth values": ("return np.arange(number_classes) == vector[:, None]", 10, ""),
        "a loop": (
            "rows = np.zeros((vector.shape[0], number_classes), dtype=np.uint8)\n"
            "for i, label in enumerate(vector):\n    rows[i][label] = 1\nreturn rows",
            10,
            "",
        ),
        "keras' own": ("return keras.utils.to_categorical(vector, number_classes)", 10, ""),
        "lists, made an array": (
            "return np.array([[float(label == c) for c in range(number_classes)] for label in vector])",
            10,
            "",
        ),
        "dummies with all classes": (
            "import pandas as pd\n"
            "column = pd.Categorical(vector, categories=range(number_classes))\n"
            "return pd.get_dummies(column).to_numpy()",
            10,
            "",
        ),
        "ignores number_classes": (
            "result = np.zeros((len(vector), 10))\nresult[np.arange(len(vector)), vector % 10] = 1\nreturn "
            "result",
            4,
            "always 10 columns",
        ),
        "maximum plus one": ("return np.eye(int(vector.max()) + 1)[vector]", 4, "largest label plus one"),
        "drops absent classes": (
            "import pandas as pd\nreturn pd.get_dummies(pd.Series(vector)).to_numpy()",
            4,
            "Absent classes need their column",
        ),
        "transposed": ("return np.eye(number_classes)[vector].T", 0, "transposed"),
        "one too low": ("return np.eye(number_classes)[vector.astype(int) - 1]", 3, "off by one"),
        "one too high": (
            "return np.eye(number_classes)[(vector.astype(int) + 1) % number_classes]",
            3,
            "off by one",
        ),
        "counts from one": ("return np.eye(number_classes + 1)[vector][:, 1:]", 3, "off by one"),
        "the identity": ("return np.eye(number_classes)", 0, "identity matrix"),
        "an extra axis": (
            "return np.eye(number_classes)[vector][:, None, :]",
            0,
            "an axis of length 1 too many",
        ),
        "a list": ("return np.eye(number_classes)[vector].tolist()", 0, "a list came back"),
        "a data frame": (
            "import pandas as pd\nreturn pd.DataFrame(np.eye(number_classes)[vector])",
            0,
            "DataFrame",
        ),
        "the labels": ("return vector", 0, "plain numbers"),
        "forgets to return": ("result = np.eye(number_classes)[vector]", 0, "without `return`"),
        "all zeros": ("return np.zeros((len(vector), number_classes))", 3, "all entries are 0"),
        "zeros and ones swapped": ("return 1 - np.eye(number_classes)[vector]", 3, "swapped"),
        "up to the label": ("return (np.arange(number_classes) <= vector[:, None]) * 1", 3, "a single 1"),
        "reversed": ("return np.eye(number_classes)[vector][:, ::-1]", 3, "reversed"),
        "empty": ('"""One row a label."""', 0, "still empty"),
    },
)


def _net(task: str, name: str, layers: str, points: float, says: str = "", before: str = "") -> Answer:
    """A net written as a Sequential of these layers, one a line."""
    lines = "\n".join(f"        {line}," for line in layers.strip().split("\n"))
    code = f"def {task}(sample_shape, nb_classes):\n{before}    return keras.Sequential([\n{lines}\n    ])"
    return Answer(task, name, code, points, says)


_PLAN_1 = """keras.Input(sample_shape)
keras.layers.Conv2D(32, 3, activation="relu")
keras.layers.Conv2D(64, 3, activation="relu")
keras.layers.MaxPooling2D(2)
keras.layers.Flatten()
keras.layers.Dense(128, activation="relu")
keras.layers.Dense(nb_classes, activation="softmax")"""

_PLAN_2 = _PLAN_1.replace("keras.layers.MaxPooling2D(2)\n", "").replace("64, 3,", "64, 3, strides=2,")

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


def _changed(net: str, plan: str, name: str, old: str, new: str, points: float, says: str) -> Answer:
    if old not in plan:
        raise ValueError(f"{net}, {name}: the plan has no {old!r} to change")
    return _net(net, name, plan.replace(old, new), points, says)


def _nets(net: str, plan: str, stride: str, pooling: str, worth: dict[str, float]) -> list[Answer]:
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

    def changed(name: str, old: str, new: str, points: float, says: str) -> Answer:
        return _changed(net, plan, name, old, new, points, says)

    return [
        _net(net, "the model answer", plan, full),
        _net(net, "activation layers of their own", layers, full),
        Answer(net, "functional", functional, full),
        Answer(net, "added one by one", added, full),
        Answer(net, "a class of its own", subclass, full),
        Answer(net, "compiled already", compiled, full),
        Answer(net, "two parts", stacked, full),
        changed("first with 'same' padding", "(32, 3,", '(32, 3, padding="same",', full - conv_1, "28 → 26"),
        changed(
            "first without activation", '32, 3, activation="relu"', "32, 3", full - conv_1, "no activation"
        ),
        changed("hidden without activation", '128, activation="relu"', "128", full - hidden, "no activation"),
        changed(
            "tanh", '32, 3, activation="relu"', '32, 3, activation="tanh"', full - conv_1, "ReLU is asked for"
        ),
        changed(
            "ReLU6",
            '32, 3, activation="relu"',
            '32, 3, activation="relu6"',
            full - conv_1,
            "ReLU is asked for",
        ),
        changed("a constraint", "(128,", '(128, kernel_constraint="non_neg",', full - 1, "a constraint"),
        changed("5 × 5 kernel", "(32, 3,", "(32, 5,", full - conv_1, "3 × 3 is asked for"),
        changed("64 hidden units", "128", "64", full - hidden, "128 are asked for"),
        changed("no Flatten", "keras.layers.Flatten()\n", "", full - hidden - 1, "Flatten is missing"),
        changed(
            "global pooling",
            "keras.layers.Flatten()",
            "keras.layers.GlobalAveragePooling2D()",
            full - hidden,
            "global",
        ),
        changed(
            "no hidden layer",
            'keras.layers.Dense(128, activation="relu")\n',
            "",
            full - hidden,
            "it is missing",
        ),
        changed("sigmoid output", '"softmax"', '"sigmoid"', full - output, "judges each class alone"),
        changed("linear output", ', activation="softmax"', "", full - output, "no probabilities"),
        changed("relu output", '"softmax"', '"relu"', full - output, "softmax is asked for"),
        changed("ten classes written in", "nb_classes", "10", full - 1, "10 written into the net"),
        changed("shape written in", "sample_shape)", "(28, 28, 1))", full - 1, "written into the net"),
        changed(
            "dropout added",
            "keras.layers.Flatten()",
            "keras.layers.Flatten()\nkeras.layers.Dropout(0.5)",
            full - 1,
            "Dropout",
        ),
        changed(
            "normalisation added",
            "keras.layers.Flatten()",
            "keras.layers.BatchNormalization()\nkeras.layers.Flatten()",
            full - 1,
            "BatchNormalization",
        ),
        changed("a regulariser", "(128,", '(128, kernel_regularizer="l2",', full - 1, "adds a penalty"),
        Answer(
            net,
            "forgets to return",
            f"def {net}(sample_shape, nb_classes):\n    model = "
            f"keras.Sequential([{', '.join(plan.splitlines())}])",
            0,
            "without `return`",
        ),
        Answer(net, "empty", f'def {net}(sample_shape, nb_classes):\n    """The net."""', 0, "still empty"),
        Answer(
            net,
            "returns the summary",
            f"def {net}(sample_shape, nb_classes):\n"
            f"    return keras.Sequential([{', '.join(plan.splitlines())}]).summary()",
            0,
            "without `return`",
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
            0,
            "does not compute what its own layers say",
        ),
    ]


_NET_1 = [
    *_nets(
        "net_1",
        _PLAN_1,
        "",
        "keras.layers.MaxPool2D()",
        {"conv_1": 3, "conv_2": 3, "pooling": 2, "hidden": 2, "output": 2},
    ),
    _changed("net_1", _PLAN_1, "all 'same' padding", ", 3, ", ', 3, padding="same", ', 8, "28 → 26"),
    _changed("net_1", _PLAN_1, "mean pooling", "MaxPooling2D", "AveragePooling2D", 12, "the mean is 3"),
    _changed("net_1", _PLAN_1, "no pooling", "keras.layers.MaxPooling2D(2)\n", "", 12, "it is missing"),
    _changed(
        "net_1", _PLAN_1, "3 × 3 pooling", "MaxPooling2D(2)", "MaxPooling2D(3)", 12, "2 × 2 is asked for"
    ),
    _changed("net_1", _PLAN_1, "overlapping pooling", "D(2)", "D(2, strides=1)", 12, "do not overlap"),
    _changed("net_1", _PLAN_1, "stride as in net_2", "64, 3,", "64, 3, strides=2,", 11, "stride is 2 × 2"),
    _net(
        "net_1",
        "swapped filters",
        _PLAN_1.replace("(32,", "(0,").replace("(64,", "(32,").replace("(0,", "(64,"),
        8,
        "swapped",
    ),
    _net(
        "net_1",
        "pooling too early",
        "\n".join(_PLAN_1.splitlines()[i] for i in (0, 1, 3, 2, 4, 5, 6)),
        12,
        "belongs after the second one",
    ),
]

_NET_2 = [
    *_nets(
        "net_2",
        _PLAN_2,
        "strides=2",
        "",
        {"conv_1": 2, "conv_2": 3, "pooling": 2, "hidden": 1, "output": 2},
    ),
    _net("net_2", "net_1 again", _PLAN_1, 7, "still a pooling layer"),
    _net(
        "net_2",
        "stride and pooling",
        _PLAN_2.replace("keras.layers.Flatten()", "keras.layers.MaxPooling2D(2)\nkeras.layers.Flatten()"),
        10,
        "halved twice",
    ),
    _net(
        "net_2",
        "stride on the first convolution",
        _PLAN_2.replace(" strides=2,", "").replace("(32, 3,", "(32, 3, strides=2,"),
        7,
        "belongs to the second convolution",
    ),
    _changed("net_2", _PLAN_2, "neither stride nor pooling", " strides=2,", "", 9, "moves by 1 pixel"),
    _changed("net_2", _PLAN_2, "stride 3", "strides=2", "strides=3", 9, "the stride is 3 × 3"),
]


def _training(task: str) -> list[Answer]:
    """Choices of batch size and epochs, and what they are worth once a right net has been trained.

    With a choice that `fit` refuses, the net stays untrained and 2 points less are reached in a notebook.
    """
    return [
        Answer(task, name, f"batch_size = {batch}\nepochs = {epochs}", points, says)
        for name, batch, epochs, points, says in (
            ("the model answer", "128", "12", 8, ""),
            ("small batches", "32", "5", 8, ""),
            ("large batches", "512", "20", 8, ""),
            ("smallest that is sensible", "16", "2", 8, ""),
            ("NumPy's whole numbers", "np.int64(64)", "np.int32(10)", 8, ""),
            ("no batch size", "None", "12", 5, "not chosen yet"),
            ("no epochs", "128", "None", 5, "not chosen yet"),
            ("a fraction", "128.0", "12", 5, "a whole number: 128, not 128.0"),
            ("text", "128", "'12'", 5, "of the type str"),
            ("zero epochs", "128", "0", 5, "nothing is learned"),
            ("a negative batch", "-1", "12", 5, "at least one picture"),
            ("truth values", "True", "12", 5, "of the type bool"),
            ("one picture a step", "1", "12", 5, "mostly chance"),
            ("everything at once", "60000", "12", 5, "hardly move"),
            ("a thousand epochs", "128", "1000", 5, "by heart"),
            ("one epoch", "128", "1", 5, "a single epoch"),
            ("swapped", "5", "128", 2, "swapped the two"),
            ("empty", "None", "None", 0, "not chosen yet"),
        )
    ]


_CIFAR_LABELS = [
    Answer("cifar_labels", name, code, points, says)
    for name, code, points, says in (
        (
            "the model answer",
            "cifar_y_train = one_hot(cifar_train_labels.ravel(), NUMBER_CLASSES)\n"
            "cifar_y_test = one_hot(cifar_test_labels.ravel(), NUMBER_CLASSES)",
            4,
            "",
        ),
        (
            "by index",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0]]\ncifar_y_test = "
            "np.eye(10)[cifar_test_labels[:, 0]]",
            4,
            "",
        ),
        (
            "keras' own",
            "cifar_y_train = keras.utils.to_categorical(cifar_train_labels, 10)\n"
            "cifar_y_test = keras.utils.to_categorical(cifar_test_labels)",
            4,
            "",
        ),
        (
            "not flattened",
            "cifar_y_train = np.eye(10)[cifar_train_labels]\ncifar_y_test = np.eye(10)[cifar_test_labels]",
            0,
            "that axis is still there",
        ),
        (
            "not encoded",
            "cifar_y_train = cifar_train_labels\ncifar_y_test = cifar_test_labels",
            0,
            "plain labels",
        ),
        (
            "training only",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0]]\ncifar_y_test = None",
            2,
            "still None",
        ),
        (
            "training as test",
            "cifar_y_train = cifar_y_test = np.eye(10)[cifar_train_labels[:, 0]]",
            2,
            "Training and test mixed up",
        ),
        (
            "transposed",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0]].T\ncifar_y_test = "
            "np.eye(10)[cifar_test_labels[:, 0]].T",
            0,
            "swapped",
        ),
        (
            "one too low",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0].astype(int) - 1]\n"
            "cifar_y_test = np.eye(10)[cifar_test_labels[:, 0].astype(int) - 1]",
            0,
            "off by one",
        ),
        ("empty", "cifar_y_train = None\ncifar_y_test = None", 0, "still None"),
    )
]

_CIFAR_IMAGES = [
    Answer("cifar_images", name, code, points, says)
    for name, code, points, says in (
        (
            "the model answer",
            "cifar_x_train = normalise_images(cifar_train_images)\ncifar_x_test = "
            "normalise_images(cifar_test_images)",
            4,
            "",
        ),
        (
            "by hand",
            "cifar_x_train = cifar_train_images / 255.\ncifar_x_test = (cifar_test_images / "
            "255).astype('float32')",
            4,
            "",
        ),
        (
            "normalised twice",
            "cifar_x_train = cifar_train_images / 255\ncifar_x_train = cifar_x_train / 255\n"
            "cifar_x_test = cifar_test_images / 255 / 255",
            0,
            "normalised twice",
        ),
        (
            "not normalised",
            "cifar_x_train = cifar_train_images\ncifar_x_test = cifar_test_images",
            0,
            "still go from 0",
        ),
        (
            "training only",
            "cifar_x_train = cifar_train_images / 255\ncifar_x_test = cifar_test_images.astype(float)",
            2,
            "still go from 0",
        ),
        (
            "divides by 256",
            "cifar_x_train = cifar_train_images / 256\ncifar_x_test = cifar_test_images / 256",
            0,
            "divide by 256",
        ),
        (
            "one axis more",
            "cifar_x_train = (cifar_train_images / 255)[..., None]\ncifar_x_test = (cifar_test_images / "
            "255)[..., None]",
            0,
            "their channel axis already",
        ),
        ("empty", "cifar_x_train = None\ncifar_x_test = None", 0, "still None"),
    )
]

_CIFAR_SHAPE = "(cifar_x_train.shape[1:], NUMBER_CLASSES)"


def _cifar_model(name: str, build: str, compile_call: str, points: float, says: str = "") -> Answer:
    code = f"cifar_model = {build}" + (f"\ncifar_model.compile({compile_call})" if compile_call else "")
    return Answer("cifar_model", name, code, points, says)


_ADADELTA = "keras.optimizers.Adadelta(learning_rate=1.0)"
_COMPILE = f'optimizer={_ADADELTA}, loss="categorical_crossentropy", metrics=["accuracy"]'

_CIFAR_MODEL = [
    _cifar_model("the model answer", f"net_2{_CIFAR_SHAPE}", _COMPILE, 8),
    _cifar_model("net_1 with Adam", "net_1((32, 32, 3), 10)", _COMPILE.replace(_ADADELTA, '"adam"'), 8),
    _cifar_model(
        "objects",
        f"net_2{_CIFAR_SHAPE}",
        "keras.optimizers.Adagrad(0.01), loss=keras.losses.CategoricalCrossentropy(), "
        "metrics=[keras.metrics.CategoricalAccuracy()]",
        8,
    ),
    _cifar_model(
        "functions",
        f"net_1{_CIFAR_SHAPE}",
        'keras.optimizers.Adam(1e-3), keras.losses.categorical_crossentropy, metrics=["acc"]',
        8,
    ),
    _cifar_model(
        "Adadelta by name",
        f"net_1{_CIFAR_SHAPE}",
        _COMPILE.replace(_ADADELTA, '"adadelta"'),
        8,
        "very slowly",
    ),
    _cifar_model("SGD", f"net_1{_CIFAR_SHAPE}", _COMPILE.replace(_ADADELTA, '"sgd"'), 6, "SGD is not among"),
    _cifar_model(
        "RMSprop", f"net_1{_CIFAR_SHAPE}", _COMPILE.replace(_ADADELTA, '"rmsprop"'), 6, "RMSprop is not"
    ),
    _cifar_model(
        "mean squared error",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace("categorical_crossentropy", "mse"),
        7,
        "0.69",
    ),
    _cifar_model(
        "binary cross-entropy",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace("categorical_c", "binary_c"),
        7,
        "gives another number",
    ),
    _cifar_model(
        "for numbers instead of rows",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace("categorical", "sparse_categorical"),
        7,
        "gives another number",
    ),
    _cifar_model(
        "from logits",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace(
            '"categorical_crossentropy"', "keras.losses.CategoricalCrossentropy(from_logits=True)"
        ),
        7,
        "gives another number",
    ),
    _cifar_model(
        "another metric",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace('"accuracy"', "keras.metrics.Precision()"),
        7,
        "the share of pictures whose likeliest class is right",
    ),
    _cifar_model(
        "no metric", f"net_2{_CIFAR_SHAPE}", _COMPILE.replace(', metrics=["accuracy"]', ""), 7, "metrics=[…]"
    ),
    _cifar_model("not compiled", f"net_2{_CIFAR_SHAPE}", "", 4, "not compiled yet"),
    _cifar_model(
        "the digits' shape", "net_1((28, 28, 1), 10)", _COMPILE, 4, "can't take CIFAR-10's pictures"
    ),
    _cifar_model("a hundred classes", "net_1((32, 32, 3), 100)", _COMPILE, 4, "CIFAR-10 has 10 classes"),
    _cifar_model(
        "another net",
        'keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])',
        _COMPILE,
        4,
        "neither net_1 nor net_2",
    ),
    Answer("cifar_model", "the function itself", "cifar_model = net_1", 0, "the function itself"),
    Answer("cifar_model", "empty", "cifar_model = None", 0, "still None"),
]

_FIT = """cifar_history = cifar_model.fit(
    cifar_x_train, cifar_y_train, batch_size=128, epochs=30, validation_split=0.2, verbose=0
)
"""
_DRAW = """cifar_figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
for axes, what in ((left, "loss"), (right, "accuracy")):
    axes.plot(cifar_history.history[what], label="training")
    axes.plot(cifar_history.history["val_" + what], label="validation")
    axes.set_xlabel("epoch")
    axes.set_ylabel(what)
    axes.legend()
plt.show()
"""
_EVALUATE = "cifar_score = cifar_model.evaluate(cifar_x_test, cifar_y_test, verbose=0)\n"
_TRAINING = _FIT + _DRAW + _EVALUATE


def _cifar_training(name: str, code: str, points: float, says: str = "") -> Answer:
    return Answer("cifar_training", name, code, points, says)


_CIFAR_TRAINING = [
    _cifar_training("the model answer", _TRAINING, 10),
    _cifar_training(
        "two figures' worth in one column",
        _FIT
        + """epochs_done = range(1, len(cifar_history.epoch) + 1)
cifar_figure = plt.figure()
top = cifar_figure.add_subplot(2, 1, 1)
top.plot(epochs_done, cifar_history.history["loss"], "o-")
top.plot(epochs_done, cifar_history.history["val_loss"], "s--")
top.set_title("loss")
bottom = cifar_figure.add_subplot(2, 1, 2)
for key in ("accuracy", "val_accuracy"):
    bottom.plot(epochs_done, cifar_history.history[key])
bottom.set_ylabel("accuracy")
cifar_score = tuple(cifar_model.evaluate(cifar_x_test, cifar_y_test, batch_size=100, verbose=0))
""",
        10,
    ),
    _cifar_training("ten epochs", _TRAINING.replace("=30", "=10"), 8, "asked for 10"),
    _cifar_training("epochs forgotten", _TRAINING.replace("epochs=30, ", ""), 8, "it is 1"),
    _cifar_training("batch size forgotten", _TRAINING.replace("batch_size=128, ", ""), 8, "Keras takes 32"),
    _cifar_training("batches of 64", _TRAINING.replace("=128", "=64"), 8, "about 64"),
    _cifar_training("half for validation", _TRAINING.replace("=0.2", "=0.5"), 8, "about 0.5"),
    _cifar_training(
        "test pictures as validation",
        _TRAINING.replace("validation_split=0.2", "validation_data=(cifar_x_test, cifar_y_test)"),
        8,
        "not tuned on",
    ),
    _cifar_training(
        "no validation",
        _TRAINING.replace("validation_split=0.2, ", "").replace(
            '    axes.plot(cifar_history.history["val_" + what], label="validation")\n', ""
        ),
        6,
        "overfitting can't be seen",
    ),
    _cifar_training("no figure", _FIT + "cifar_figure = None\n" + _EVALUATE, 8, "still None"),
    _cifar_training(
        "an empty figure", _FIT + "cifar_figure = plt.figure()\n" + _EVALUATE, 8, "no axes show loss"
    ),
    _cifar_training("no labels", _TRAINING.replace("    axes.set_ylabel(what)\n", ""), 9, "have no label"),
    _cifar_training("one pair of axes", _TRAINING.replace("(right,", "(left,"), 9, "give each its own"),
    _cifar_training(
        "the score of the training pictures",
        _TRAINING.replace("(cifar_x_test, cifar_y_test,", "(cifar_x_train, cifar_y_train,"),
        8,
        "score of the training pictures",
    ),
    _cifar_training(
        "unprepared test pictures",
        _TRAINING.replace("(cifar_x_test,", "(255.0 - cifar_x_test,"),
        8,
        "prepared in another way",
    ),
    _cifar_training(
        "the score in per cent",
        _TRAINING + "cifar_score = [cifar_score[0], 100 * cifar_score[1]]\n",
        8,
        "a share of 1, not per cent",
    ),
    _cifar_training(
        "accuracy alone", _TRAINING.replace("verbose=0)\n", "verbose=0)[1]\n"), 8, "[loss, accuracy]"
    ),
    _cifar_training(
        "the history's dictionary",
        _TRAINING + "cifar_history = cifar_history.history\n",
        2,
        "fit() itself",
    ),
    _cifar_training(
        "empty", "cifar_history = None\ncifar_score = None\ncifar_figure = None", 0, "still None"
    ),
]

ANSWERS: tuple[Answer, ...] = (
    *_NORMALISE,
    *_CHANNEL_AXIS,
    *_ONE_HOT,
    *_NET_1,
    *_training("train_net_1"),
    *_NET_2,
    *_training("train_net_2"),
    *_CIFAR_LABELS,
    *_CIFAR_IMAGES,
    *_CIFAR_MODEL,
    *_CIFAR_TRAINING,
)
