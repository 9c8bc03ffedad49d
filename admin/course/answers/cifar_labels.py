"""Task 8: one-hot labels of the colour pictures."""

from __future__ import annotations

from admin.course.answers.base import Answer

ANSWERS = [
    Answer("cifar_labels", name, code, points, key)
    for name, code, points, key in (
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
            "cifar_labels.column",
        ),
        (
            "not encoded",
            "cifar_y_train = cifar_train_labels\ncifar_y_test = cifar_test_labels",
            0,
            "cifar_labels.still_labels",
        ),
        (
            "training only",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0]]\ncifar_y_test = None",
            2,
            "any.is_none",
        ),
        (
            "labels of the digits",
            "cifar_y_train = one_hot(train_labels, 10)\ncifar_y_test = one_hot(test_labels, 10)",
            0,
            "cifar_labels.other_size",
        ),
        (
            "training as test",
            "cifar_y_train = cifar_y_test = np.eye(10)[cifar_train_labels[:, 0]]",
            2,
            "cifar_labels.other_size",
        ),
        (
            "transposed",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0]].T\ncifar_y_test = "
            "np.eye(10)[cifar_test_labels[:, 0]].T",
            0,
            "cifar_labels.transposed",
        ),
        (
            "one too low",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0].astype(int) - 1]\n"
            "cifar_y_test = np.eye(10)[cifar_test_labels[:, 0].astype(int) - 1]",
            0,
            "one_hot.one_before",
        ),
        (
            "truth values, and in half precision",
            "cifar_y_train = cifar_train_labels == np.arange(10)\n"
            "cifar_y_test = np.eye(10, dtype=np.float16)[cifar_test_labels[:, 0]]",
            4,
            "",
        ),
        (
            "in extended precision, and in 8 bits",
            "cifar_y_train = np.eye(10, dtype=np.longdouble)[cifar_train_labels[:, 0]]\n"
            "cifar_y_test = np.eye(10, dtype=np.int8)[cifar_test_labels[:, 0]]",
            4,
            "",
        ),
        (
            "data frames",
            "import pandas as pd\ncifar_y_train = pd.get_dummies(cifar_train_labels[:, 0])\n"
            "cifar_y_test = pd.get_dummies(cifar_test_labels[:, 0])",
            2,
            "any.is_data_frame",
        ),
        (
            "lists",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0]].tolist()\n"
            "cifar_y_test = [row for row in np.eye(10)[cifar_test_labels[:, 0]]]",
            2,
            "any.is_list",
        ),
        (
            "tensors",
            "cifar_y_train = keras.ops.one_hot(cifar_train_labels[:, 0], 10)\n"
            "cifar_y_test = keras.ops.one_hot(cifar_test_labels[:, 0], 10)",
            2,
            "any.is_tensor",
        ),
        (
            "an array of objects",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0]].astype(object)\n"
            "cifar_y_test = np.eye(10)[cifar_test_labels[:, 0]]",
            3,
            "any.is_objects",
        ),
        (
            "an axis at the end",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0]][..., None]\n"
            "cifar_y_test = np.eye(10)[cifar_test_labels[:, 0]]",
            2,
            "cifar_labels.column",
        ),
        (
            "flattened and not encoded",
            "cifar_y_train, cifar_y_test = cifar_train_labels[:, 0], cifar_test_labels[:, 0]",
            0,
            "cifar_labels.still_labels",
        ),
        (
            "eleven columns",
            "cifar_y_train = np.eye(11)[cifar_train_labels[:, 0]]\n"
            "cifar_y_test = np.eye(11)[cifar_test_labels[:, 0]]",
            0,
            "cifar_labels.expected",
        ),
        (
            "in pairs",
            "cifar_y_train = np.eye(10)[cifar_train_labels[:, 0]].reshape(-1, 2, 10)\n"
            "cifar_y_test = np.eye(10)[cifar_test_labels[:, 0]].reshape(-1, 2, 10)",
            0,
            "cifar_labels.expected",
        ),
        (
            "no 1 for one of the classes",
            "def rows(labels):\n    return np.eye(10)[labels.ravel()] * (labels != 8)\n"
            "cifar_y_train, cifar_y_test = rows(cifar_train_labels), rows(cifar_test_labels)",
            0,
            "one_hot.not_one_each",
        ),
        (
            "zeros",
            "cifar_y_train = np.zeros((len(cifar_train_labels), 10))\n"
            "cifar_y_test = np.zeros((len(cifar_test_labels), 10))",
            0,
            "one_hot.all_zero",
        ),
        (
            "an object that ends the session",
            "class Rows:\n    def __array__(self, *arguments, **keywords):\n        raise SystemExit\n"
            "cifar_y_train = cifar_y_test = Rows()",
            0,
            "any.stopped",
        ),
        ("a number and a text", "cifar_y_train, cifar_y_test = 10, 'ten'", 0, "any.is_other"),
        ("rows of different lengths", "cifar_y_train = cifar_y_test = [[1, 0], [1]]", 0, "any.is_list"),
        ("no rows", "cifar_y_train = cifar_y_test = np.zeros((0, 10))", 0, "cifar_labels.other_size"),
        ("empty", "cifar_y_train = None\ncifar_y_test = None", 0, "any.is_none"),
    )
]
