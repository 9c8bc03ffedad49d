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
            "the digits",
            "cifar_x_train = normalise_images(train_images)\ncifar_x_test = normalise_images(test_images)",
            0,
            "cifar_images.digits",
        ),
        (
            "the digits, with their axis",
            "cifar_x_train = train_images[..., None] / 255\ncifar_x_test = test_images[..., None] / 255",
            0,
            "cifar_images.digits",
        ),
        (
            "one axis more",
            "cifar_x_train = (cifar_train_images / 255)[..., None]\ncifar_x_test = (cifar_test_images / "
            "255)[..., None]",
            0,
            "cifar_images.other_shape",
        ),
        (
            "in half and in extended precision",
            "cifar_x_train = (cifar_train_images / 255).astype(np.float16)\n"
            "cifar_x_test = cifar_test_images / np.longdouble(255)",
            4,
            "",
        ),
        (
            "a list and a tensor",
            "cifar_x_train = list(cifar_train_images / 255)\n"
            "cifar_x_test = keras.ops.convert_to_tensor(cifar_test_images / 255)",
            2,
            "any.is_tensor",
        ),
        (
            "an array of objects",
            "cifar_x_train = (cifar_train_images / 255).astype(object)\n"
            "cifar_x_test = cifar_test_images / 255",
            3,
            "any.is_objects",
        ),
        (
            "training as test",
            "cifar_x_train = cifar_x_test = cifar_train_images / 255",
            2,
            "cifar_images.other_size",
        ),
        (
            "channels first",
            "cifar_x_train = np.moveaxis(cifar_train_images / 255, -1, 1)\n"
            "cifar_x_test = np.moveaxis(cifar_test_images / 255, -1, 1)",
            0,
            "cifar_images.other_shape",
        ),
        (
            "an object that ends the session",
            "class Rows:\n    def __array__(self, *arguments, **keywords):\n        raise SystemExit\n"
            "cifar_x_train = cifar_x_test = Rows()",
            0,
            "any.stopped",
        ),
        ("a number and a text", "cifar_x_train, cifar_x_test = 10, 'ten'", 0, "any.is_other"),
        ("rows of different lengths", "cifar_x_train = cifar_x_test = [[1, 0], [1]]", 0, "any.is_list"),
        (
            "of images with 64 bits",
            "cifar_train_images = cifar_train_images.astype(int)\n"
            "cifar_x_train, cifar_x_test = cifar_train_images / 255, cifar_test_images / 255",
            4,
            "",
        ),
        ("empty", "cifar_x_train = None\ncifar_x_test = None", 0, "any.is_none"),
    )
]
ANSWERS += [
    Answer(
        "cifar_images",
        name,
        f"def change(x):\n    return {value}\n"
        "cifar_x_train, cifar_x_test = change(cifar_train_images), change(cifar_test_images)",
        0,
        key,
        # Of pictures that all have a black pixel, the two are the same.
        "pixels.by_own_maximum" if key == "pixels.min_max_each" else "",
    )
    for name, value, key in (
        ("divides by 254", "x / 254", "pixels.divided_by"),
        ("square root", "(x / 255) ** 0.5", "pixels.curved"),
        ("red and blue swapped", "x[..., ::-1] / 255", "pixels.channels_reversed"),
        ("mirrored", "x[:, :, ::-1] / 255", "pixels.moved"),
        ("standardises", "(x - x.mean()) / x.std()", "pixels.standardised"),
        ("standardises each channel", "(x - x.mean((0, 1, 2))) / x.std((0, 1, 2))", "pixels.standardised"),
        (
            "standardises by the training pictures",
            "(x - cifar_train_images.mean()) / cifar_train_images.std()",
            "pixels.standardised",
        ),
        (
            "standardises each picture",
            "(x - x.mean((1, 2, 3), keepdims=True)) / x.std((1, 2, 3), keepdims=True)",
            "pixels.standardised_each",
        ),
        (
            "min–max per picture",
            "(x - x.min((1, 2, 3), keepdims=True)) / np.ptp(x, (1, 2, 3), keepdims=True)",
            "pixels.min_max_each",
        ),
        (
            "divides each picture by its maximum",
            "x / x.max((1, 2, 3), keepdims=True)",
            "pixels.by_own_maximum",
        ),
        ("constants", "np.full(x.shape, 0.5)", "pixels.constant"),
    )
]
