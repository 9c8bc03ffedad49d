"""Task 11: train, draw the curves, evaluate."""

from __future__ import annotations

from admin.course.answers.base import Answer

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


def _cifar_training(name: str, code: str, points: float, key: str = "", or_key: str = "") -> Answer:
    return Answer("cifar_training", name, code, points, key, or_key)


ANSWERS = [
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
    _cifar_training("ten epochs", _TRAINING.replace("=30", "=10"), 8, "cifar_training.epochs"),
    _cifar_training("epochs forgotten", _TRAINING.replace("epochs=30, ", ""), 8, "cifar_training.epochs"),
    _cifar_training(
        "batch size forgotten", _TRAINING.replace("batch_size=128, ", ""), 9, "cifar_training.batch_default"
    ),
    _cifar_training("batches of 64", _TRAINING.replace("=128", "=64"), 9, "cifar_training.batch"),
    _cifar_training("half for validation", _TRAINING.replace("=0.2", "=0.5"), 9, "cifar_training.split"),
    _cifar_training(
        "test pictures as validation",
        _TRAINING.replace("validation_split=0.2", "validation_data=(cifar_x_test, cifar_y_test)"),
        9,
        "cifar_training.other_validation",
    ),
    _cifar_training(
        "no validation",
        _TRAINING.replace("validation_split=0.2, ", "").replace(
            '    axes.plot(cifar_history.history["val_" + what], label="validation")\n', ""
        ),
        7,
        "cifar_training.no_validation",
    ),
    _cifar_training("no figure", _FIT + "cifar_figure = None\n" + _EVALUATE, 8, "cifar_training.figure_none"),
    _cifar_training(
        "an empty figure",
        _FIT + "cifar_figure = plt.figure()\n" + _EVALUATE,
        8,
        "cifar_training.curve_missing",
    ),
    _cifar_training(
        "no labels",
        _TRAINING.replace("    axes.set_ylabel(what)\n", ""),
        9,
        "cifar_training.curve_unlabelled",
    ),
    _cifar_training(
        "one pair of axes", _TRAINING.replace("(right,", "(left,"), 9, "cifar_training.curves_together"
    ),
    _cifar_training(
        "the score of the training pictures",
        _TRAINING.replace("(cifar_x_test, cifar_y_test,", "(cifar_x_train, cifar_y_train,"),
        8,
        "cifar_training.score_far",
        "cifar_training.score_close",
    ),
    _cifar_training(
        "unprepared test pictures",
        _TRAINING.replace("(cifar_x_test,", "(255.0 - cifar_x_test,"),
        8,
        "cifar_training.score_far",
        "cifar_training.score_close",
    ),
    _cifar_training(
        "the score in per cent",
        _TRAINING + "cifar_score = [cifar_score[0], 100 * cifar_score[1]]\n",
        8,
        "cifar_training.score_per_cent",
    ),
    _cifar_training(
        "accuracy alone",
        _TRAINING.replace("verbose=0)\n", "verbose=0)[1]\n"),
        8,
        "cifar_training.score_other",
    ),
    _cifar_training(
        "the history's dictionary",
        _TRAINING + "cifar_history = cifar_history.history\n",
        2,
        "cifar_training.history_dictionary",
    ),
    _cifar_training(
        "the model instead of the history",
        _TRAINING + "cifar_history = cifar_model\n",
        2,
        "cifar_training.history_other",
    ),
    _cifar_training("a table in place of the net", _TRAINING + "cifar_model = {}\n", 6, "training.no_net"),
    _cifar_training(
        "a function in place of the net",
        _TRAINING + "cifar_model = lambda pictures: np.eye(10)[: len(pictures)]\n",
        6,
        "training.no_net",
    ),
    _cifar_training(
        "trained on the test pictures, with the labels of others",
        _TRAINING.replace("cifar_x_train", "cifar_x_test"),
        8,
        "cifar_training.labels_mixed",
    ),
    _cifar_training("test pictures lost afterwards", _TRAINING + "cifar_x_test = None\n", 10),
    _cifar_training("test pictures cut afterwards", _TRAINING + "cifar_x_test = cifar_x_test[..., :1]\n", 10),
    _cifar_training(
        "the score as a dictionary",
        _TRAINING.replace("cifar_y_test, verbose=0)", "cifar_y_test, verbose=0, return_dict=True)"),
        8,
        "cifar_training.score_other",
    ),
    _cifar_training(
        "the epochs written over after one",
        _TRAINING.replace("epochs=30, ", "") + "cifar_history.params['epochs'] = 30\n",
        8,
        "cifar_training.epochs",
    ),
    _cifar_training(
        "a history that was made up",
        """from types import SimpleNamespace
rates = np.linspace(0.1, 0.9, 30)
curves = {"loss": 2.3 - rates, "accuracy": rates, "val_loss": 2.3 - rates, "val_accuracy": rates}
cifar_history = SimpleNamespace(
    history={name: list(values) for name, values in curves.items()},
    params={"epochs": 30, "steps": 13, "verbose": 0},
    epoch=list(range(30)),
)
"""
        + _DRAW
        + _EVALUATE,
        2,
        "cifar_training.not_from_fit",
    ),
    _cifar_training(
        "stopped after one batch",
        """class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = True
"""
        + _TRAINING.replace("verbose=0\n)\n", "verbose=0, callbacks=[Stop()]\n)\n", 1),
        6,
        "cifar_training.stopped_early",
    ),
    _cifar_training(
        "labels of other pictures",
        _TRAINING.replace("cifar_y_train,", "np.random.permutation(cifar_y_train),", 1),
        8,
        "cifar_training.labels_mixed",
    ),
    _cifar_training(
        "pictures and labels shuffled together",
        "order = np.random.permutation(len(cifar_x_train))\n"
        + _TRAINING.replace(
            "cifar_x_train, cifar_y_train,", "cifar_x_train[order], cifar_y_train[order],", 1
        ),
        10,
    ),
    _cifar_training(
        "a rate at which nothing is learned",
        "cifar_model.optimizer.learning_rate = 1e-12\n" + _TRAINING,
        8,
        "cifar_training.nothing_learned",
    ),
    _cifar_training(
        "curves drawn as points",
        _TRAINING.replace("axes.plot(cifar", "axes.scatter(range(1, 31), cifar"),
        10,
    ),
    _cifar_training(
        "pictures in a list", _TRAINING.replace("cifar_x_train, cifar_y", "[cifar_x_train], cifar_y"), 10
    ),
    _cifar_training(
        "an own callback that only prints",
        """class Say(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 29:
            print(f"{len(cifar_x_train)} pictures, loss {logs['loss']:.2f}")
"""
        + _TRAINING.replace("verbose=0\n)\n", "verbose=0, callbacks=[Say()]\n)\n", 1),
        10,
    ),
    _cifar_training(
        "thirty epochs written as a number",
        _TRAINING.replace(
            "axes.plot(cifar_history.history[what],", "axes.plot(range(1, 31), cifar_history.history[what],"
        )
        + 'print(cifar_history.history["loss"][29], cifar_history.epoch[29])\n',
        10,
    ),
    _cifar_training(
        "empty",
        "cifar_history = None\ncifar_score = None\ncifar_figure = None",
        0,
        "cifar_training.history_none",
    ),
]
