"""Task 10: one of the nets for the colour pictures, compiled."""

from __future__ import annotations

from admin.course.answers.base import Answer

_CIFAR_SHAPE = "(cifar_x_train.shape[1:], NUMBER_CLASSES)"


def _cifar_model(name: str, build: str, compile_call: str, points: float, says: str = "") -> Answer:
    code = f"cifar_model = {build}" + (f"\ncifar_model.compile({compile_call})" if compile_call else "")
    return Answer("cifar_model", name, code, points, says)


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
