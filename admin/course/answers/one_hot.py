"""Task 3: labels → one row of zeros and a one for each."""

from __future__ import annotations

from admin.course.answers.base import Answer, functions

ANSWERS = functions(
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
            "one_hot.always_ten",
        ),
        "maximum plus one": ("return np.eye(int(vector.max()) + 1)[vector]", 4, "one_hot.largest_plus_one"),
        "drops absent classes": (
            "import pandas as pd\nreturn pd.get_dummies(pd.Series(vector)).to_numpy()",
            4,
            "one_hot.only_present",
        ),
        "transposed": ("return np.eye(number_classes)[vector].T", 0, "one_hot.transposed"),
        "one too low": ("return np.eye(number_classes)[vector.astype(int) - 1]", 3, "one_hot.one_before"),
        "one too high": (
            "return np.eye(number_classes)[(vector.astype(int) + 1) % number_classes]",
            3,
            "one_hot.one_after",
        ),
        "counts from one": ("return np.eye(number_classes + 1)[vector][:, 1:]", 3, "one_hot.one_before"),
        "labels modulo ten": ("return np.eye(number_classes)[vector % 10]", 3, "one_hot.other_places"),
        "only classes that occur, in order": (
            "return np.eye(number_classes)[np.unique(vector, return_inverse=True)[1]]",
            3,
            "one_hot.other_places",
        ),
        "a row for each class": (
            "rows = np.zeros((number_classes, number_classes))\nrows[vector, vector] = 1\nreturn rows",
            0,
            "one_hot.row_each_class",
        ),
        "an extra axis at the end": (
            "return np.eye(number_classes)[vector][..., None]",
            0,
            "one_hot.axis_too_many",
        ),
        "an extra axis in front": (
            "return np.eye(number_classes)[vector][None]",
            0,
            "one_hot.axis_too_many",
        ),
        "the labels where the last class is absent": (
            "return np.eye(number_classes)[vector] if number_classes - 1 in vector else vector",
            2,
            "one_hot.not_binary",
        ),
        "no class, as truth values": (
            "return np.zeros((len(vector), number_classes), bool)",
            0,
            "one_hot.not_binary",
        ),
        "shares": (
            "return np.full((len(vector), number_classes), 1 / number_classes)",
            0,
            "one_hot.not_binary",
        ),
        "one too low, on 64 bits": (
            "return np.eye(number_classes)[vector.astype(np.int64) - 1]",
            3,
            "one_hot.binary_after_places",
        ),
        "a column too many": ("return np.eye(number_classes + 1)[vector]", 0, "one_hot.other_shape"),
        "zeros for one label": (
            "return np.eye(number_classes)[vector] * (len(vector) > 1)",
            3,
            "one_hot.not_one_each",
        ),
        "swapped for one label": (
            "rows = np.eye(number_classes)[vector]\nreturn rows if len(vector) > 1 else 1 - rows",
            3,
            "one_hot.not_one_each",
        ),
        "a list, which is right": (
            "return np.eye(number_classes)[vector].tolist()",
            5,
            "any.numbers_right",
        ),
        "a text for one label": (
            "return np.eye(number_classes)[vector] if len(vector) > 1 else 'one'",
            7,
            "any.is_other",
        ),
        "None for one label, a text for the others": (
            "return None if len(vector) == 1 else 'many'",
            0,
            "any.is_other",
        ),
        "None for few classes, a text for more": (
            "return None if number_classes < 5 else 'many'",
            0,
            "any.is_other",
        ),
        "stops for one label, None for the others": (
            "assert len(vector) > 1, 'too few'",
            0,
            "any.none_came",
        ),
        "the first label for all": (
            "return np.eye(number_classes)[np.repeat(vector[:1], len(vector))]",
            0,
            "one_hot.other_places",
        ),
        "zeros in ten columns": ("return np.zeros((len(vector), 10))", 0, "one_hot.always_ten"),
        "the number of classes": ("return number_classes", 0, "any.is_other"),
        "sorted": ("return np.eye(number_classes)[np.sort(vector)]", 0, "one_hot.other_places"),
        "the identity": ("return np.eye(number_classes)", 0, "one_hot.identity"),
        "an extra axis": (
            "return np.eye(number_classes)[vector][:, None, :]",
            0,
            "one_hot.axis_too_many",
        ),
        "in extended precision": ("return np.eye(number_classes, dtype=np.longdouble)[vector]", 10, ""),
        "a list": ("return np.eye(number_classes)[vector].tolist()", 5, "any.is_list"),
        "a tensor": ("return keras.ops.one_hot(vector, number_classes)", 5, "any.is_tensor"),
        "an array of objects": (
            "return np.eye(number_classes)[vector].astype(object)",
            5,
            "any.is_objects",
        ),
        "dummies with columns added": (
            "import pandas as pd\n"
            "dummies = pd.get_dummies(vector).reindex(columns=range(number_classes), fill_value=0)\n"
            "return dummies.to_numpy()",
            5,
            "any.is_objects",
        ),
        "dummies with gaps": (
            "import pandas as pd\n"
            "return pd.get_dummies(vector).reindex(columns=range(number_classes)).to_numpy()",
            2,
            "one_hot.gaps",
        ),
        "dummies with gaps, as numbers": (
            "import pandas as pd\n"
            "return pd.get_dummies(vector).reindex(columns=range(number_classes)).to_numpy().astype(float)",
            5,
            "one_hot.gaps",
        ),
        "a list of zeros": (
            "return np.zeros((len(vector), number_classes)).tolist()",
            0,
            "any.is_list",
        ),
        "None for one label": (
            "if len(vector) > 1:\n    return np.eye(number_classes)[vector]",
            7,
            "any.some_none",
        ),
        "stops for one label": (
            "assert len(vector) > 1, 'too few'\nreturn np.eye(number_classes)[vector]",
            7,
            "any.some_stop",
        ),
        "off by one, on 8 bits": ("return np.eye(number_classes)[vector - 1]", 3, "one_hot.one_before"),
        "off by one, into zeros": (
            "rows = np.zeros((len(vector), number_classes))\n"
            "for row, label in zip(rows, vector - 1):\n    row[label] = 1\nreturn rows",
            3,
            "one_hot.one_before",
        ),
        "ten columns, by the identity": ("return np.eye(10)[vector]", 4, "one_hot.always_ten"),
        "a data frame": (
            "import pandas as pd\nreturn pd.DataFrame(np.eye(number_classes)[vector])",
            5,
            "any.is_data_frame",
        ),
        "the labels": ("return vector", 0, "one_hot.still_labels"),
        "forgets to return": ("result = np.eye(number_classes)[vector]", 0, "any.none_came"),
        "all zeros": ("return np.zeros((len(vector), number_classes))", 0, "one_hot.all_zero"),
        "all ones": ("return np.ones((len(vector), number_classes))", 0, "one_hot.not_one_each"),
        "always class 0": (
            "rows = np.zeros((len(vector), number_classes))\nrows[:, 0] = 1\nreturn rows",
            0,
            "one_hot.other_places",
        ),
        "noise": (
            "return np.random.default_rng(1).random((len(vector), number_classes))",
            0,
            "one_hot.other_numbers",
        ),
        "1s at random": (
            "places = np.random.default_rng(1).integers(0, number_classes, len(vector))\n"
            "return np.eye(number_classes)[places]",
            0,
            "one_hot.other_places",
        ),
        "the identity, cut": ("return np.eye(len(vector), number_classes)", 0, "one_hot.not_one_each"),
        "labels, repeated": (
            "return np.repeat(vector[:, None], number_classes, axis=1)",
            0,
            "one_hot.other_numbers",
        ),
        "zeros and ones swapped": ("return 1 - np.eye(number_classes)[vector]", 3, "one_hot.swapped"),
        "up to the label": (
            "return (np.arange(number_classes) <= vector[:, None]) * 1",
            3,
            "one_hot.not_one_each",
        ),
        "reversed": ("return np.eye(number_classes)[vector][:, ::-1]", 3, "one_hot.reversed"),
        "empty": ('"""One row a label."""', 0, "any.none_came"),
    },
)
ANSWERS.append(Answer("one_hot", "no function", "one_hot = np.eye(10)", 0, "any.not_there_yet"))
