"""Task 9: normalised colour pictures."""

from __future__ import annotations

from admin.course.answers.base import Answer

ANSWERS = [
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
