"""Task 10: one of the nets for the colour pictures, compiled."""

from __future__ import annotations

from admin.course.answers.base import Answer
from admin.course.answers.nets_rare import WHOLE

_CIFAR_SHAPE = "(cifar_x_train.shape[1:], NUMBER_CLASSES)"


def _cifar_model(name: str, build: str, compile_call: str, points: float, key: str = "") -> Answer:
    code = f"cifar_model = {build}" + (f"\ncifar_model.compile({compile_call})" if compile_call else "")
    return Answer("cifar_model", name, code, points, key)


_ADADELTA = "keras.optimizers.Adadelta(learning_rate=1.0)"
_COMPILE = f'optimizer={_ADADELTA}, loss="categorical_crossentropy", metrics=["accuracy"]'

ANSWERS = [
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
    Answer(
        "cifar_model",
        "half precision",
        'keras.config.set_dtype_policy("mixed_float16")\n'
        f"cifar_model = net_2{_CIFAR_SHAPE}\n"
        'keras.config.set_dtype_policy("float32")\n'
        f"cifar_model.compile({_COMPILE})",
        8,
    ),
    _cifar_model(
        "Adadelta by name",
        f"net_1{_CIFAR_SHAPE}",
        _COMPILE.replace(_ADADELTA, '"adadelta"'),
        8,
        "cifar_model.slow_rate",
    ),
    _cifar_model(
        "SGD", f"net_1{_CIFAR_SHAPE}", _COMPILE.replace(_ADADELTA, '"sgd"'), 6, "cifar_model.other_optimiser"
    ),
    _cifar_model(
        "RMSprop",
        f"net_1{_CIFAR_SHAPE}",
        _COMPILE.replace(_ADADELTA, '"rmsprop"'),
        6,
        "cifar_model.other_optimiser",
    ),
    _cifar_model(
        "mean squared error",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace("categorical_crossentropy", "mse"),
        7,
        "cifar_model.loss_wrong",
    ),
    _cifar_model(
        "binary cross-entropy",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace("categorical_c", "binary_c"),
        7,
        "cifar_model.loss_wrong",
    ),
    _cifar_model(
        "for numbers instead of rows",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace("categorical", "sparse_categorical"),
        7,
        "cifar_model.loss_wrong",
    ),
    _cifar_model(
        "from logits",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace(
            '"categorical_crossentropy"', "keras.losses.CategoricalCrossentropy(from_logits=True)"
        ),
        7,
        "cifar_model.loss_wrong",
    ),
    _cifar_model(
        "another metric",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace('"accuracy"', "keras.metrics.Precision()"),
        7,
        "cifar_model.metric_wrong",
    ),
    _cifar_model(
        "the share of errors",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace('"accuracy"', "lambda y, p: keras.ops.argmax(y, -1) != keras.ops.argmax(p, -1)"),
        7,
        "cifar_model.metric_wrong",
    ),
    _cifar_model(
        "no metric",
        f"net_2{_CIFAR_SHAPE}",
        _COMPILE.replace(', metrics=["accuracy"]', ""),
        7,
        "cifar_model.no_metric",
    ),
    _cifar_model("not compiled", f"net_2{_CIFAR_SHAPE}", "", 4, "cifar_model.not_compiled"),
    _cifar_model("the digits' shape", "net_1((28, 28, 1), 10)", _COMPILE, 4, "cifar_model.no_cifar_pictures"),
    _cifar_model("a hundred classes", "net_1((32, 32, 3), 100)", _COMPILE, 4, "cifar_model.other_outputs"),
    _cifar_model(
        "another net",
        'keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])',
        _COMPILE,
        0,
        "cifar_model.nothing_to_compile",
    ),
    _cifar_model(
        "Flatten alone",
        "keras.Sequential([keras.layers.Flatten()])",
        _COMPILE,
        0,
        "cifar_model.other_outputs",
    ),
    _cifar_model(
        "nearly net_1",
        "keras.Sequential([keras.layers.Conv2D(32, 3, activation='relu'), keras.layers.Flatten(), "
        "keras.layers.Dense(10, activation='softmax')])",
        _COMPILE,
        4,
        "cifar_model.neither_net",
    ),
    Answer(
        "cifar_model",
        "all in one own layer",
        WHOLE.replace("{classes}", "nb_classes").strip()
        + f"\n\ncifar_model = net_1{_CIFAR_SHAPE}\ncifar_model.compile({_COMPILE})",
        8,
    ),
    *(
        _cifar_model(
            f"a learning rate of {rate}",
            f"net_2{_CIFAR_SHAPE}",
            _COMPILE.replace(_ADADELTA, f"keras.optimizers.Adam({rate})"),
            6,
            "cifar_model.rate_unusable",
        )
        for rate in ("0.0", "20.0", "float('inf')")
    ),
    _cifar_model(
        "another net, with SGD",
        'keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])',
        _COMPILE.replace(_ADADELTA, '"sgd"'),
        0,
        "cifar_model.other_optimiser",
    ),
    _cifar_model(
        "a convolution alone",
        "keras.Sequential([keras.layers.Conv2D(32, 3, activation='relu')])",
        _COMPILE,
        4,
        "cifar_model.other_outputs",
    ),
    Answer(
        "cifar_model",
        "an object that is called as a net is, and stops",
        "class Net:\n"
        "    layers = []\n\n"
        "    def get_weights(self):\n"
        "        return []\n\n"
        "    def __call__(self, x):\n"
        "        raise ValueError('no net')\n\n"
        "cifar_model = Net()",
        0,
        "any.stopped",
    ),
    Answer("cifar_model", "a number", "cifar_model = 3", 0, "cifar_model.other_kind"),
    _cifar_model(
        "a lone convolution, as in net_1 but for its size and padding",
        "keras.Sequential([keras.layers.Conv2D(64, 5, padding='same', activation='relu'), "
        "keras.layers.Flatten(), keras.layers.Dense(10, activation='softmax')])",
        _COMPILE,
        4,
        "cifar_model.neither_net",
    ),
    Answer(
        "cifar_model",
        "a layer that was told to do something else",
        f"cifar_model = net_1{_CIFAR_SHAPE}\n"
        "cifar_model.layers[-1].call = lambda x, training=None: keras.ops.ones((len(x), 10)) / 10\n"
        f"cifar_model.compile({_COMPILE})",
        0,
        "cifar_model.nothing_to_compile",
    ),
    Answer(
        "cifar_model",
        "a net that stops",
        "class Net(keras.Model):\n"
        "    def call(self, x):\n"
        "        raise ValueError('not yet')\n\n"
        f"cifar_model = Net()\ncifar_model.compile({_COMPILE})",
        0,
        "cifar_model.no_cifar_pictures",
    ),
    _cifar_model(
        "for pictures of 16 × 16", "net_2((16, 16, 3), 10)", _COMPILE, 4, "cifar_model.no_cifar_pictures"
    ),
    _cifar_model(
        "two outputs",
        "net_2((32, 32, 3), 10)\n"
        "first = cifar_model.layers[0].output\n"
        "cifar_model = keras.Model(cifar_model.inputs, [cifar_model.outputs[0], first])",
        "",
        0,
        "nets.is_outputs",
    ),
    _cifar_model("the class itself", "keras.Sequential", "", 0, "nets.is_class"),
    Answer("cifar_model", "the function itself", "cifar_model = net_1", 0, "cifar_model.is_function"),
    Answer("cifar_model", "empty", "cifar_model = None", 0, "cifar_model.is_none"),
]
