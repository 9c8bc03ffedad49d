"""Task 9: normalised colour pictures."""

from __future__ import annotations

from admin.course.answers.base import Answer

ANSWERS = [
    Answer("cifar_images", name, code, points, key)
    for name, code, points, key in (
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
            "pixels.twice",
        ),
        (
            "not normalised",
            "cifar_x_train = cifar_train_images\ncifar_x_test = cifar_test_images",
            0,
            "pixels.unchanged",
        ),
        (
            "training only",
            "cifar_x_train = cifar_train_images / 255\ncifar_x_test = cifar_test_images.astype(float)",
            2,
            "pixels.unchanged",
        ),
        (
            "divides by 256",
            "cifar_x_train = cifar_train_images / 256\ncifar_x_test = cifar_test_images / 256",
            0,
            "pixels.by_256",
        ),
        (
            "one axis more",
            "cifar_x_train = (cifar_train_images / 255)[..., None]\ncifar_x_test = (cifar_test_images / "
            "255)[..., None]",
            0,
            "cifar_images.other_shape",
        ),
        ("empty", "cifar_x_train = None\ncifar_x_test = None", 0, "any.is_none"),
    )
]
