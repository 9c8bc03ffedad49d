"""The checks of the course on convolutional networks: what a student calls, and what the grader judges with.

A student calls ``tests.test_one_hot(one_hot)`` or ``tests.hint('one_hot', 1)``. Behind every check stand
three functions, kept apart so that the last one can run where no student code does:

1. ``cases(rng, data)`` draws what to try. A case has two halves: ``ask`` goes to the student's code,
   ``truth`` stays with the judge.
2. ``answer(given, ask)`` runs the student's code on one ``ask`` and returns only plain data: NumPy
   arrays and JSON values. It alone touches the student's objects; only the values are trusted.
3. ``judge(cases, answers)`` turns cases and answers into findings: what was looked at, its points, and the
   sentence for the student. It needs no Keras and no student object.

What a student reads stands in ``WORDS``, by task, and nowhere else: a translation changes that table alone.
The words never quote a case. Their examples are fixed, so feedback can't give away what grading has drawn.
"""

import math
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Answer = Mapping[str, Any]
Ask = Mapping[str, Any]
Given = Mapping[str, Any]


# --------------------------------------------------------------------------------------- what a student reads

# The sentences, names of findings (`what_…`) and hints, by task; "any", "pixels" (tasks 1 and 9), "nets" (4
# and 6) and "training" (5 and 7) are said in several tasks. Braces hold values, as in `str.format`: they may
# change places within a sentence, but keep their names. Names of Python, Keras and the notebook stay as they
# are.
WORDS: Mapping[str, Mapping[str, str]] = {
    "any": {
        "what_ready": "ready",
        "what_answer": "an answer",
        "train_which": "tests.test_train: the first argument is 'train_net_1' or 'train_net_2'.",
        "no_such_task": "There is no task {task!r}. The tasks are: {tasks}.",
        "hint_levels": "Hints have the levels 1, 2 and 3.",
        "hint": "Hint {level} of 3 for {task}: {hint}",
        "next_hint": "Still stuck? tests.hint({task!r}, {level})",
        "title": "{task}: {points} of {out_of} points",
        "title_no_points": "{task}: no points, just a look",
        "want_more": "Want more? tests.hint({task!r}, 1)",
        "none_came": (
            "`{task}` gives back None. Is the cell still empty, or does the function end without `return`? "
            "Or does it return what a call gave that only changes or prints something, and so gave None?"
        ),
        "divided_in_place": (
            "`{task}` stopped with {error}. You seem to divide in place. An array of 8-bit whole numbers "
            "has no room for fractions: 51 / 255 = 0.2 can't be put where 51 stood. What if the result is a "
            "new array?"
        ),
        "not_there_yet": "{error}. Run the cell that makes it, then this one again.",
        "stopped": (
            "`{task}` stopped with {error}. Call it yourself on a small input: which line does Python point "
            "at?"
        ),
        "is_list": (
            "a list came back. A list can't be divided or compared as a whole, so the net needs a NumPy "
            "array."
        ),
        "is_tensor": "a tensor came back ({kind}). The rest of the notebook works with NumPy arrays.",
        "is_data_frame": (
            "a pandas DataFrame came back. Its row and column names are not wanted here: a NumPy array is."
        ),
        "is_none": "it is still None. Fill the cell in, run it, then run this one again.",
        "is_other": "a NumPy array of numbers was expected, and this is: {kind}.",
        "no_data": "`{name}` is not there. Run the cell that loads {which} (and the set-up cell before it).",
        "data_overwritten": (
            "`{name}` no longer holds what was loaded. Run the cell that loads {which} again, and give your "
            "result a name of its own."
        ),
        "no_function": "is no function",
    },
    "pixels": {
        "unchanged": (
            "The values still go from 0 to 255: only their type may have changed. White, stored as 255, "
            "should become 1.0."
        ),
        "by_maximum": (
            "A dark picture whose brightest pixel is 60 came back with a maximum of 1.0. You seem to divide "
            "by the brightest pixel of what you are given. Then two pictures of the same digit, one dark "
            "and one bright, become the same: what is the largest value that 8 bits can hold?"
        ),
        "by_own_maximum": (
            "Each picture is divided by its own brightest pixel: a dark picture with 60 as its brightest "
            "comes back with a maximum of 1.0, as bright as any other. What is the largest value that 8 "
            "bits can hold, in any picture?"
        ),
        "min_max": (
            "Pixels 50 and 150 came back as 0.0 and 1.0. You seem to stretch from the darkest to the "
            "brightest pixel of the whole batch (min–max). Then a picture's values depend on which pictures "
            "it arrives with. Black is always 0 and white always 255, whatever the batch holds."
        ),
        "min_max_each": (
            "Pixels 50 and 150 came back as 0.0 and 1.0. You seem to stretch each picture from its darkest "
            "to its brightest pixel (min–max). Then a pale grey digit and a black one look alike. Black is "
            "always 0, white 255."
        ),
        "only_bright": (
            "A batch of black pictures, with no pixel above 1, came back as it was, so its pixels of 1 are "
            "white now. Don't look at the values to decide whether to divide: 8-bit pictures are asked for."
        ),
        "by_256": (
            "White (255) came back as 0.996. You seem to divide by 256, the number of values that 8 bits "
            "have. But they start at 0: what is the largest of them?"
        ),
        "whole_division": (
            "51 came back as 0. You seem to divide without fractions (//, or the result went back into "
            "whole numbers), so everything but pure white becomes black. 51 should become 0.2."
        ),
        "minus_one_to_one": (
            "Black (0) came back as −1.0. You scaled to the range from −1 to 1, as some nets want it. This "
            "one is asked for 0 to 1: black 0.0, white 1.0."
        ),
        "minus_half_to_half": (
            "Black (0) came back as −0.5. You moved the middle grey to 0. Here black should become 0.0 and "
            "white 1.0."
        ),
        "twice": (
            "White (255) came back as 0.0039, which is 1/255. The images seem to be normalised twice: was "
            "the cell run on its own result, or was the input divided already?"
        ),
        "standardised": (
            "The mean came back as 0 and the standard deviation as 1. That is standardising; it gives "
            "values below 0 and above 1. Here black should become 0.0 and white 1.0, in any batch."
        ),
        "inverted": "Black (0) came back as 1.0 and white as 0.0: the picture is inverted.",
        "rounded": (
            "51 / 255 and 52 / 255 should differ (0.2 and 0.2039). You seem to round to {digits} decimals: "
            "different greys then become the same one. What do you win by rounding?"
        ),
        "not_finite": "Some values came back as NaN or infinite. Is something divided by zero?",
        "other_line": (
            "The values go from {low:.3g} to {high:.3g}, and they are not what black = 0.0, white = 1.0 and "
            "a straight line between them give. What should 51 become? And 102?"
        ),
    },
    "normalise_images": {
        "what_floats": "array of floats",
        "what_divide": "divide by 255",
        "what_shape": "shape kept",
        "what_axes": "any number of axes",
        "what_input": "input left alone",
        "numbers_wrong": "neither are its numbers right.",
        "shape_lost": "the result should have an entry for each pixel, in the same shape.",
        "no_shape_right": (
            "no result is an array of numbers in the shape of its pictures. Look at that first."
        ),
        "where_shape_right": "right where the shape is right. Look at the shape first.",
        "divided": "black 0.0, white 1.0",
        "input_changed": (
            "the images that you were given are changed afterwards. Run the cell twice, and they are "
            "normalised twice. Make a new array instead of writing into theirs."
        ),
        "some_axes_stop": (
            "it works for some pictures and stops for others with {axes} axes ({error}). One picture, a "
            "list of pixels or colour pictures need the same arithmetic."
        ),
        "whole_numbers": (
            "the result holds {dtype}, whole numbers. 51 should become 0.2, and a whole number can't be 0.2."
        ),
        "hint_1": (
            "Black is stored as 0. What number is white stored as, in any 8-bit picture, however dark the "
            "picture is?"
        ),
        "hint_2": (
            "Each pixel is worked on by itself: a pixel of 51 becomes 0.2 in every picture. NumPy can do "
            "this for a whole array at once, without a loop and for any number of axes."
        ),
        "hint_3": (
            "One line that makes a new array is enough. Divide by the number that white is stored as; "
            "dividing whole numbers with a single slash gives floats. If memory is short, choose float32 "
            "before you divide."
        ),
    },
    "channel_axis": {
        "what_both": "x_train and x_test",
        "not_normalised": (
            "the shape is right, but the pixels go from 0 to 255. Was it made from `{source}`, or from the "
            "images?"
        ),
        "other_pixels": (
            "the shape is right, but the pixels are not those of `{source}`, each where it was. Other "
            "pictures, or moved pixels? A new axis of length 1 moves nothing."
        ),
        "no_axis": (
            "The axis is not there yet: a convolution wants height, width and channels, in this order. How "
            "many numbers does a grey pixel have?"
        ),
        "axis_in_front": (
            "The new axis stands in front, so Keras sees one example with n rows. The channels of a pixel "
            "come last."
        ),
        "channels_first": "The channels stand before the height, as PyTorch has them. Keras wants them last.",
        "axis_too_many": (
            "There is an axis too many. Was the cell run on its own result? Start from the pixels with "
            "three axes each time."
        ),
        "three_channels": (
            "Three channels are for red, green and blue. A grey pixel is a single number: repeating it "
            "three times adds work and tells nothing new."
        ),
        "flattened": (
            "The pictures are flattened to rows of pixels. Then a convolution can't know which pixels are "
            "neighbours."
        ),
        "expected": (
            "Expected was ({size}, {height}, {width}, 1): as before, with one axis of length 1 at the end."
        ),
        "other_size": (
            "Its pictures look right, but there are {came} of them, not {size}. Training and test mixed up?"
        ),
        "came": "`{name}` has the shape {shape}.",
        "hint_1": "A colour picture has three numbers a pixel, on its last axis. How many has a grey one?",
        "hint_2": (
            "No pixel moves and none is repeated. The array only gets one more axis, of length 1. Print "
            "x_train.shape."
        ),
        "hint_3": (
            "NumPy offers several ways: indexing with np.newaxis, np.expand_dims, or reshape. The new axis "
            "is the last one."
        ),
    },
    "one_hot": {
        "what_any_labels": "any labels",
        "what_array": "array of 0 and 1",
        "what_binary": "only 0 and 1",
        "what_shape": "shape (n, classes)",
        "what_places": "1 at the label",
        "identity": (
            "the identity matrix came back: row 0 has its 1 at place 0, row 1 at place 1, whatever the "
            "labels are. It holds the right rows, but not in the order of your labels: [2, 0, 2] asks for "
            "row 2, row 0, row 2."
        ),
        "shape_first": "look at the shape first.",
        "where_shape_right": "right where the shape is right.",
        "binary_after_places": "counts once the 1s are in place.",
        "not_binary": "a row holds zeros and a single 1.",
        "axis_too_many": (
            "three axes came back, {shape} for {n} labels and {classes} classes: there is an axis of length "
            "1 too many."
        ),
        "transposed": "rows and columns are swapped (transposed). Each label has a row, each class a column.",
        "largest_plus_one": (
            "the labels [1, 0] with 8 classes came back with 2 columns. You seem to count the classes as "
            "the largest label plus one. A batch in which the last class does not occur then gets too few "
            "columns."
        ),
        "only_present": (
            "the labels [5, 0, 5] with 8 classes came back with 2 columns. Only classes that occur get one, "
            "so column 1 means class 5 here and another class in the next batch. Absent classes need their "
            "column too."
        ),
        "always_ten": (
            "there are always 10 columns. `number_classes` says how many there are: one_hot([0, 2], 3) has 3."
        ),
        "still_labels": "the labels came back as plain numbers. Each label should become a row of its own.",
        "row_each_class": (
            "there is a row for each class. There should be a row for each label, in the order of the labels."
        ),
        "other_shape": (
            "expected was a row for each label and a column for each class, and {shape} came for {n} labels "
            "and {classes} classes."
        ),
        "all_zero": "all entries are 0. Each row needs a 1 at the place of its label.",
        "one_before": (
            "label 2 came back with its 1 at place 1: off by one. Places are counted from 0, as the labels "
            "are."
        ),
        "one_after": (
            "label 2 came back with its 1 at place 3: off by one. Places are counted from 0, as the labels "
            "are."
        ),
        "reversed": "label 0 came back with its 1 in the last column: the order of the classes is reversed.",
        "swapped": "zeros and ones are swapped: the label's own place should hold the 1.",
        "other_numbers": "some entries are neither 0 nor 1. Each row holds a single 1, and zeros elsewhere.",
        "not_one_each": (
            "some rows hold more or less than a single 1. A picture has one class: each row sums to 1."
        ),
        "other_places": (
            "some rows have their 1 at another place than their label. Row i belongs to label i: labels [2, "
            "0] → [0, 0, 1], [1, 0, 0]."
        ),
        "some_labels": (
            "It works for some labels and not for others: think of one label alone, and of classes that do "
            "not occur."
        ),
        "hint_1": (
            "Take paper: what should come out for the labels [2, 0, 2] when there are 4 classes? How many "
            "rows, how many columns?"
        ),
        "hint_2": (
            "Rows go with labels, columns with classes, and number_classes alone says how many columns "
            "there are: a class that does not occur keeps its column of zeros."
        ),
        "hint_3": (
            "Start from an array of zeros of the final shape. Row i wants a single 1, in the column that "
            "label i names. Or ask for each column: which labels are equal to it?"
        ),
    },
    "nets": {
        "what_model": "a Keras model",
        "what_computes": "what it computes",
        "what_conv_1": "1st convolution",
        "what_conv_2": "2nd convolution",
        "what_pooling": "pooling",
        "what_hidden": "hidden layer",
        "what_output": "output",
        "what_nothing_else": "nothing else",
        "what_any_shape": "any shape",
        "nothing": "nothing",
        "no_model": "{net} should return a Keras model, and this came back: {kind}.",
        "joined_otherwise": (
            "each layer is as asked, but together they compute something else. Are they joined in this order?"
        ),
        "too_large": (
            "the net has over 20 million weights, many times what is asked for. Which layer is that large?"
        ),
        "the_activation": "the activation {activation}",
        "not_followed": (
            "the net holds something that this check can't follow ({kinds}). It asks for convolutions, "
            "pooling, Flatten and Dense in one chain: build it from these."
        ),
        "not_as_told": (
            "the net does not compute what its own layers say. Are all of them joined, one after the other, "
            "once?"
        ),
        "no_convolution": "it is missing: the net has two convolutions.",
        "no_conv_2d": "a Conv2D is asked for, and this is a {kind}.",
        "filters_swapped": (
            "the numbers of filters are swapped: 32 come first, then 64. Early filters look for few, simple "
            "things (edges); later ones for the many ways to combine them."
        ),
        "filters": "{came} filters, and {wanted} are asked for.",
        "kernel": "the kernel is {came}, and 3 × 3 is asked for.",
        "conv_padding": (
            "padding='same' puts zeros round the picture, and its size stays (28 → 28 at stride 1). Here no "
            "zeros are wanted: 'valid' keeps to the places where the whole kernel fits (28 → 26)."
        ),
        "conv_defaults": "dilation, groups and bias should stay as Keras has them when nothing is said.",
        "stride": "the stride is {came}, and {wanted} is asked for.",
        "no_activation": (
            "it has no activation. Without one, two layers in a row compute no more than a single layer "
            "could. Which activation cuts off what is below 0?"
        ),
        "activation": "its activation is {came}, and ReLU is asked for.",
        "global_pooling": (
            "global pooling leaves one number of each feature map. Flatten keeps them all, with their places."
        ),
        "no_flatten": "Flatten is missing: a Dense layer on a picture works on each pixel's channels alone.",
        "dense_before_flatten": (
            "a Dense layer stands before Flatten, so it works on each pixel's channels alone. Flatten comes "
            "first."
        ),
        "no_hidden": "it is missing: between Flatten and the output stands a Dense layer of 128 units.",
        "many_dense": "there are {count} Dense layers. Two are asked for: 128 units, then the output.",
        "hidden_units": "it has {units} units, and 128 are asked for.",
        "other_end": (
            "the net ends with {last}. A Dense layer with one unit a class and softmax is asked for."
        ),
        "output_units": "{units} outputs for {classes} classes. Each class needs one.",
        "sigmoid": (
            "sigmoid judges each class alone, so a picture can be 90 % a 3 and 90 % an 8 at once. Softmax "
            "makes them share 100 %, which is what a one-hot label says."
        ),
        "no_output_activation": (
            "the output has no activation, so its numbers are no probabilities: they can be negative and "
            "sum to anything. What turns them into shares of 100 %?"
        ),
        "output_activation": "the activation of the output is {activation}, and softmax is asked for.",
        "extra_layers": "not asked for: {extra}. Keep it for net_3, so that net_1 and net_2 can be compared.",
        "many_convolutions": "there are more than two convolutions.",
        "penalty": "a layer adds a penalty to the loss (a regulariser), which is not asked for.",
        "constraint": "a constraint bounds some weights, which is not asked for.",
        "frozen": "some weights are frozen, so training can't change them.",
        "fixed_shape": (
            "{net}((28, 28, 1), 10) works, but another sample_shape stops it. Is the shape of the digits "
            "written into the net? CIFAR-10 will come with (32, 32, 3)."
        ),
        "fixed_classes": "the number of outputs does not follow nb_classes. Is 10 written into the net?",
        "other_shapes": "it is right for (28, 28, 1), but becomes another net for other shapes.",
        "own_joining": "joined in its own way",
        "own_relu": "a ReLU with settings of its own",
    },
    "net_1": {
        "no_pooling": (
            "it is missing: after the second convolution, 2 × 2 max-pooling halves height and width (24 → "
            "12)."
        ),
        "many_poolings": "there are {count} pooling layers. One is asked for, after the second convolution.",
        "other_pooling": (
            "a {kind} is not max-pooling: of [[1, 9], [2, 0]], max-pooling keeps 9, the strongest answer; "
            "the mean is 3."
        ),
        "pool_window": "its window is {came}, and 2 × 2 is asked for.",
        "pool_stride": "it moves by {came}; windows of 2 × 2 that do not overlap move by 2.",
        "pool_padding": "padding='same' adds a border where the sides are odd; 'valid' is asked for.",
        "pool_place": "it stands after {before} convolution(s); it belongs after the second one.",
        "hint_1": (
            "Say the plan aloud: which layer, how many filters, which kernel, which stride, which "
            "activation? Each sentence of it becomes one line."
        ),
        "hint_2": (
            "keras.Sequential takes a list of layers; keras.Input(sample_shape) stands first. Compare "
            "model.summary() with the table of the plan: shapes and numbers of parameters should agree line "
            "by line."
        ),
        "hint_3": (
            "Two Conv2D with ReLU and without padding, MaxPooling2D, Flatten, then two Dense layers. The "
            "last one has nb_classes units, so that the shares of the classes sum to 1. And the function "
            "has to return the model."
        ),
    },
    "training": {
        "what_learned": "the net learned",
        "too_large": "larger than any number of pictures or epochs",
        "fraction": "{value}, which Python stores as a fraction",
        "other_type": "of the type {kind}",
        "batch_right": "{batch} pictures a step",
        "epochs_right": "{epochs} times through all pictures",
        "no_batch": (
            "not chosen yet: how many pictures should the net see before it changes its weights once?"
        ),
        "batch_not_whole": (
            "it is {batch}. A batch is a number of pictures, so a whole number: 128, not 128.0 or '128'."
        ),
        "batch_empty": "it is {batch}. A batch holds at least one picture.",
        "batch_small": (
            "with {batch} picture(s) a step, the direction of each step is mostly chance, and an epoch of "
            "{train_size} pictures takes {steps} steps. Powers of 2 from 16 to 512 are usual."
        ),
        "batch_large": (
            "with {batch} pictures a step, an epoch of {train_size} pictures has only {steps} step(s), and "
            "the weights hardly move. Powers of 2 from 16 to 512 are usual."
        ),
        "no_epochs": "not chosen yet: how often should the net see each picture?",
        "epochs_not_whole": (
            "it is {epochs}. An epoch is once through all pictures, so a whole number is needed: 12, not "
            "12.0 or '12'."
        ),
        "epochs_none": "with {epochs} epochs nothing is learned: an epoch is once through all pictures.",
        "epochs_single": (
            "after a single epoch the curves are one point each, and the net has only begun to learn."
        ),
        "epochs_many": (
            "{epochs} epochs take long, and long before the end the net knows its training pictures by "
            "heart. Look at the validation curve: after how many does it stop getting better?"
        ),
        "choose_first": "choose the two numbers first.",
        "no_model": "`{model}` is not there: its task comes first, then training.",
        "not_ten_numbers": (
            "`{model}` does not give 10 numbers a picture. Was it trained after its task was right?"
        ),
        "learned": "{accuracy:.0%} of some test pictures are right",
        "neighbours": (
            "It tells the digits apart, but calls each one by its neighbour's name: look at task 3."
        ),
        "look_before": "Run the training cell, look at the loss, and check the tasks before this one.",
        "swapped": "Have you swapped the two?",
        "guesses": "only {accuracy:.0%} of some test pictures are right, and guessing gives 10 %.",
    },
    "train_net_1": {
        "hint_1": (
            "How many pictures should the net look at before each small change of its weights? And how "
            "often at all of them?"
        ),
        "hint_2": (
            "Small batches make many noisy steps, large ones few steady steps. Powers of 2 fit the "
            "hardware. The number of epochs is right when the validation curve has become flat."
        ),
        "hint_3": (
            "Batches between 32 and 256 all work here. Begin with around ten epochs, look at the curves, "
            "then decide."
        ),
    },
    "net_2": {
        "stride_too_early": (
            "it has a stride, and the stride of 2 belongs to the second convolution, where pooling was in "
            "net_1."
        ),
        "no_stride": (
            "it moves by 1 pixel. In net_2 this convolution itself halves the picture, by a stride of 2."
        ),
        "still_pooling": (
            "there is still a pooling layer. In net_2 the second convolution's stride takes over its work; "
            "with both, the picture is halved twice (28 → 12 → 6)."
        ),
        "hint_1": (
            "Which two lines of net_1 are affected if the second convolution itself halves the picture?"
        ),
        "hint_2": (
            "One layer disappears, and one layer gets one more argument. Everything else stays as in net_1."
        ),
        "hint_3": (
            "The second Conv2D takes steps of two pixels in both directions, and nothing pools after it. "
            "Look at the shapes in summary(): the picture is still 12 × 12 before Flatten."
        ),
    },
    "train_net_2": {
        "hint_1": "You want to compare two nets. What should be the same in both trainings?",
        "hint_2": (
            "If net_2 gets more epochs than net_1, who can say whether the net or the time made the "
            "difference?"
        ),
        "hint_3": "Choose as in task 5, unless your curves gave you a reason not to.",
    },
    "cifar_labels": {
        "what_labels": "labels",
        "column": (
            "CIFAR-10 stores its labels as a column, (n, 1), and that axis is still there: [[3], [8]] is "
            "not [3, 8]. Flatten the labels before you encode them."
        ),
        "still_labels": (
            "These are still the plain labels. The net's softmax has 10 outputs, so each label needs a row "
            "of 10."
        ),
        "transposed": "Rows and columns are swapped: each label has a row, each class a column.",
        "other_size": "There are {size} labels in this part. Training and test mixed up?",
        "expected": "Expected was ({size}, 10): a row for each label, a column for each class.",
        "came": "`{name}` has the shape {shape}.",
        "hint_1": "Print the shape of the labels of MNIST and of CIFAR-10. What is different?",
        "hint_2": (
            "A column of labels has two axes, and your one_hot expects one. Which NumPy methods make one "
            "axis of two?"
        ),
        "hint_3": (
            "Flatten the labels first (ravel, flatten, reshape or an index do it), then encode them as you "
            "did for MNIST. Both parts: training and test."
        ),
    },
    "cifar_images": {
        "what_images": "images",
        "other_size": "`{name}` holds {came} pictures, not {size}. Training and test mixed up?",
        "right": "floats from 0 to 1",
        "other_shape": (
            "`{name}` has the shape {shape}. Colour pictures have their channel axis already: normalising "
            "keeps the shape, {expected}."
        ),
        "hint_1": "What do colour pictures need that grey ones did not? Or do they need less?",
        "hint_2": (
            "Your function from task 1 works for any number of axes, and the channel axis is there already."
        ),
        "hint_3": (
            "Call it once for the training and once for the test pictures, and give each result its new name."
        ),
    },
    "cifar_model": {
        "what_model": "a compiled model",
        "what_compiled": "compiled",
        "what_net": "net_1 or net_2",
        "what_optimiser": "optimiser",
        "what_loss": "loss",
        "what_metric": "metric",
        "is_none": (
            "`cifar_model` is still None: fill the cell in and run it. If you did, what do compile() and "
            "summary() give back? They only change or print, and return None."
        ),
        "other_kind": "`cifar_model` should be a Keras model. It is: {kind}.",
        "not_compiled": "the model is not compiled yet: optimiser, loss and metric are what fit() learns by.",
        "no_cifar_pictures": (
            "the net can't take CIFAR-10's pictures. Which sample_shape has a picture of 32 × 32 pixels in "
            "colour?"
        ),
        "other_outputs": "the net has {outputs} outputs, and CIFAR-10 has 10 classes.",
        "other_optimiser": (
            "{name} is not among those asked for: {optimisers}. They adapt the step to each weight."
        ),
        "rate_unusable": "{name} with a learning rate of {rate} can't learn.",
        "loss_right": "categorical cross-entropy",
        "loss_wrong": (
            "for one-hot labels and a softmax, categorical cross-entropy is asked for: minus the logarithm "
            "of what the net gives the right class. 0.5 for the right class costs 0.69; yours gives another "
            "number."
        ),
        "metric_right": "accuracy",
        "metric_wrong": (
            "it gives {metrics}, but nothing of it is the share of pictures whose likeliest class is right. "
            "metrics=[…] with the accuracy by its plain name is enough: Keras picks the fitting kind."
        ),
        "no_metric": (
            "name the accuracy as metrics=[…] (by keyword: the third argument of compile() by place is "
            "another one)."
        ),
        "is_function": "Is it the function itself?",
        "neither_net": (
            "for pictures of 32 × 32 × 3, this is neither net_1 nor net_2 as tasks 4 and 6 ask for them. Do "
            "their checks give all points?"
        ),
        "slow_rate": "{name} (with its default rate of {rate:g} it learns very slowly: think of task 5)",
        "hint_1": "Which two things must the function know to build the net for CIFAR-10 instead of MNIST?",
        "hint_2": (
            "Build the model with your own net_1 or net_2, then compile it: an optimiser, a loss for "
            "one-hot labels, and what should be reported beside the loss."
        ),
        "hint_3": (
            "The sample shape is that of one picture, without the number of pictures. For compile, look at "
            "how model_1 was compiled, and choose an optimiser out of the three."
        ),
    },
    "cifar_training": {
        "what_training": "training",
        "what_fit": "fit",
        "what_epochs": "30 epochs",
        "what_batches": "batches of 128",
        "what_split": "a fifth for validation",
        "what_curves": "curves",
        "what_score": "test score",
        "history_none": "`cifar_history` is still None: keep what fit() gives back.",
        "history_dictionary": (
            "`cifar_history` is a dictionary. Keep what fit() itself gives back, not its .history."
        ),
        "history_other": "`cifar_history` is of the type {kind}, not from fit().",
        "epochs": "fit() was asked for {epochs}. Without epochs=…, it is 1.",
        "epochs_unknown": "the history does not say how many epochs fit() was asked for.",
        "no_validation": (
            "fit() kept no pictures for validation, so overfitting can't be seen: training accuracy alone "
            "always grows."
        ),
        "other_validation": (
            "if a batch holds 128 pictures, these steps are an epoch of all training pictures, so the "
            "validation uses others. If those are the test pictures, there is nothing left that the net was "
            "not tuned on. A fifth of the training pictures is asked for."
        ),
        "split": "about {split} of the pictures are kept, and 0.2 is asked for.",
        "split_unknown": "without the steps of an epoch, there is no telling how many pictures were kept.",
        "figure_none": "`cifar_figure` is still None: keep the figure that you draw on.",
        "figure_other": "`cifar_figure` should be a Matplotlib figure. It is of the type {kind}.",
        "no_training": "there is no training to compare the curves with.",
        "curve_missing": "no axes show {curve} and val_{curve} as two lines, epoch by epoch.",
        "curve_unlabelled": (
            "the axes with {curve} have no label: who reads them can't know what is high or low."
        ),
        "curves_together": (
            "loss and accuracy share one pair of axes. Their scales differ: give each its own."
        ),
        "score_none": "`cifar_score` is still None: what does evaluate() give for the test pictures?",
        "score_other": (
            "`cifar_score` should be the pair [loss, accuracy] from evaluate(), and it is a {kind}."
        ),
        "no_predictions": "`cifar_model` gives no 10 numbers a picture, so its score can't be checked.",
        "score_right": "test accuracy {accuracy:.0%}",
        "score_swapped": (
            "the numbers seem to be swapped: first the loss, then the accuracy, as evaluate() gives them."
        ),
        "score_per_cent": "give the accuracy as evaluate() does: a share of 1, not per cent.",
        "score_close": (
            "your model gets {accuracy:.1%} of the test pictures right at a loss of {loss:.3f}, and the "
            "score says {told_accuracy:.1%} and {told_loss:.3f}: close, and not the same. Keep what "
            "evaluate() gives for the test pictures, without rounding. Or is it the score of the training "
            "pictures, or of pictures that were prepared in another way?"
        ),
        "score_far": (
            "your model gets about {accuracy:.0%} of the test pictures right, and the score says "
            "{told:.0%}. Is it the score of the training pictures, or of pictures that were prepared in "
            "another way?"
        ),
        "batch_default": "Keras takes 32 when nothing is said.",
        "batch": "an epoch had {steps} steps, so about {batch} pictures a batch.",
        "steps": (
            "the history does not say how many steps an epoch had, so there is no telling how many pictures "
            "were in a batch. Is it what fit() gave back, from arrays and with batch_size?"
        ),
        "hint_1": "What did the training cell of net_1 do, step by step? Which of its numbers change here?",
        "hint_2": (
            "fit() takes what to learn from, how many pictures a step, how often, and which share it should "
            "keep aside. It gives back a history whose .history holds a list for each curve."
        ),
        "hint_3": (
            "Keep three things: what fit gives back, a figure made with plt.subplots(1, 2) whose axes show "
            "loss and accuracy with labels, and what evaluate gives for the test pictures."
        ),
    },
    "net_3": {
        "what_shares": "a share for each class",
        "what_convolutions": "more convolutions",
        "what_dropout": "dropout",
        "what_normalisation": "batch normalisation",
        "no_model": "no model",
        "no_shares": "each picture should get one share a class, and they sum to 1",
        "few_convolutions": "try three or more",
        "no_dropout": "what happens to training if units fall silent by chance?",
        "no_normalisation": "try it between a convolution and its activation",
        "hint_1": (
            "Where does net_1 have most of its weights? What would another convolution and pooling before "
            "Flatten change?"
        ),
        "hint_2": (
            "Look at Dropout and BatchNormalization in Keras' documentation: where in a net do their "
            "authors put them?"
        ),
        "hint_3": (
            "Begin small: net_1 with a third convolution, pooling after it, and dropout before the output. "
            "Then change one thing at a time and look at the validation curve."
        ),
    },
}


def say(group: str, key: str, /, **values: Any) -> str:
    """A sentence or name of ``WORDS``, its braces filled in with the values."""
    return WORDS[group][key].format(**values)


def _hints(task: str) -> tuple[str, str, str]:
    return say(task, "hint_1"), say(task, "hint_2"), say(task, "hint_3")


# --------------------------------------------------------------------------------------- what a student calls


def test_normalize_images(normalise_images: Any) -> float:
    """Check task 1; prints the findings and returns the points (of 8)."""
    return check("normalise_images", {"normalise_images": normalise_images})


def test_channel_axis(notebook: Given) -> float:
    """Check task 2 by the notebook's names (pass ``globals()``); returns the points (of 4)."""
    return check("channel_axis", notebook)


def test_one_hot(one_hot: Any) -> float:
    """Check task 3; prints the findings and returns the points (of 10)."""
    return check("one_hot", {"one_hot": one_hot})


def test_net_1(net_1: Any) -> float:
    """Check task 4; prints the findings and returns the points (of 14)."""
    return check("net_1", {"net_1": net_1})


def test_train(task: str, notebook: Given) -> float:
    """Check task 5 (``"train_net_1"``) or 7 (``"train_net_2"``) by the notebook; returns the points."""
    if task not in ("train_net_1", "train_net_2"):
        print(say("any", "train_which"))
        return 0
    return check(task, notebook)


def test_net_2(net_2: Any) -> float:
    """Check task 6; prints the findings and returns the points (of 12)."""
    return check("net_2", {"net_2": net_2})


def test_cifar_labels(notebook: Given) -> float:
    """Check task 8 by the notebook's names (pass ``globals()``); returns the points (of 4)."""
    return check("cifar_labels", notebook)


def test_cifar_images(notebook: Given) -> float:
    """Check task 9 by the notebook's names (pass ``globals()``); returns the points (of 4)."""
    return check("cifar_images", notebook)


def test_cifar_model(notebook: Given) -> float:
    """Check task 10 by the notebook's names (pass ``globals()``); returns the points (of 8)."""
    return check("cifar_model", notebook)


def test_cifar_training(notebook: Given) -> float:
    """Check task 11 by the notebook's names (pass ``globals()``); returns the points (of 10)."""
    return check("cifar_training", notebook)


def test_net_3(net_3: Any) -> None:
    """Look at the student's own net. It gives no points, so nothing is returned."""
    check("net_3", {"net_3": net_3})


def hint(task: str, level: int = 1) -> None:
    """Print a hint for a task: level 1 asks a question, 2 shows where to look, 3 nearly says it."""
    if task not in TASKS:
        print(say("any", "no_such_task", task=task, tasks=", ".join(TASKS)))
    elif level not in (1, 2, 3):
        print(say("any", "hint_levels"))
    else:
        print(_wrapped(say("any", "hint", level=level, task=task, hint=TASKS[task].hints[level - 1]), ""))
        if level < 3:
            print(say("any", "next_hint", task=task, level=level + 1))


# -------------------------------------------------------------------------------------- what the grader calls


@dataclass(frozen=True)
class Case:
    """One thing to try: ``ask`` goes to the student's code, ``truth`` never leaves the judge."""

    ask: Ask
    truth: Ask = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what, how many of its points, and the sentence for the student."""

    what: str
    points: float
    out_of: float
    message: str = ""


@dataclass(frozen=True)
class Task:
    """A task's points and the three parts of its check, with three hints that never say the solution."""

    points: int
    cases: Callable[[np.random.Generator, Given], list[Case]]
    answer: Callable[[Given, Ask], Answer]
    judge: Callable[[Sequence[Case], Sequence[Answer]], list[Finding]]
    hints: tuple[str, str, str]


class NotReady(Exception):
    """The notebook lacks something, such as the data; the text says what to run."""


def grade_answer(
    task: str, given: Given, data: Given | None = None, rng: np.random.Generator | None = None
) -> list[Finding]:
    """Findings for what a student made in a task.

    ``given`` maps names to the student's objects, ``data`` the notebook's data names (``train_images`` …) to
    arrays; by default they are looked up in ``given``. ``rng`` draws the cases; by default they are always
    the same, public ones.
    """
    try:
        cases = TASKS[task].cases(
            rng or np.random.default_rng(PRACTICE_SEED), given if data is None else data
        )
    except NotReady as reason:
        return [Finding(say("any", "what_ready"), 0, TASKS[task].points, str(reason))]
    answers = [answer(task, given, case.ask) for case in cases]
    # A warning of the judge's own arithmetic on wild values would stand on stderr, and cost the check's
    # points.
    with np.errstate(all="ignore"):
        return TASKS[task].judge(cases, answers)


def answer(task: str, given: Given, ask: Ask) -> Answer:
    """Plain data that the student's objects give for one ``ask``; an exception becomes ``{"error": …}``.

    Whatever the student's code writes to stderr is shown on stdout: a warning is no mistake, and nbgrader
    would give no points to a check with a single letter on stderr.
    """
    try:
        with redirect_stderr(sys.stdout):
            return TASKS[task].answer(given, ask)
    except (Exception, SystemExit) as error:
        # Keras colours its messages, and its first line may only name the layer: the cause stands below.
        lines = [
            line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines() if line.strip()
        ]
        told = [line for line in lines if not line.startswith("Exception encountered when calling")]
        first_line = (told or lines or [""])[0][:200].rstrip(".")
        return {"error": f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__}


def points(findings: Sequence[Finding]) -> float:
    """Sum of the findings' points; whole numbers as int, so that they print without a decimal point."""
    total = round(sum(finding.points for finding in findings), 2)
    return int(total) if total == int(total) else total


def words(task: str, findings: Sequence[Finding]) -> str:
    """The findings as the student reads them."""
    out_of = TASKS[task].points
    title = (
        say("any", "title", task=task, points=points(findings), out_of=out_of)
        if out_of
        else say("any", "title_no_points", task=task)
    )
    width = max((len(finding.what) for finding in findings), default=0)
    lines = [title]
    for finding in findings:
        right = finding.points >= finding.out_of if out_of else finding.points > 0
        head = f"  {'✓' if right else '✗'} {finding.what.ljust(width)}  "
        lines.append(_wrapped(head + finding.message, " " * len(head)).rstrip())
    if points(findings) < out_of:
        lines.append(f"  {say('any', 'want_more', task=task)}")
    return "\n".join(lines)


def check(task: str, given: Given) -> float:
    """Print a task's findings with the public cases and return the points."""
    findings = grade_answer(task, given)
    print(words(task, findings))
    return points(findings)


PRACTICE_SEED = 20

# The widest line of a check's words, in characters: fits a notebook's output beside an open file browser.
_WIDTH = 100


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


# -------------------------------------------------------------------------------------- plain data, both ways


def _plain(value: Any) -> Answer:
    """What a student's value is, as plain data: its kind, and a copy if it is a NumPy array of numbers."""
    kind = _kind(value)
    return {"kind": kind, "array": np.array(value)} if kind == "ndarray" else {"kind": kind}


def _kind(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return type(value).__name__
    return "ndarray" if value.dtype.kind in "biuf" else f"ndarray of {value.dtype}"


def _called(function: Any, name: str, *arguments: Any) -> Answer:
    if not callable(function):
        return _no_function(name)
    return _plain(function(*arguments))


def _no_function(name: str) -> Answer:
    # The backtick in front tells `_error_words` that nothing was raised.
    return {"error": f"`{name}` {say('any', 'no_function')}"}


def _array(answer: Answer, name: str = "array") -> np.ndarray | None:
    value = answer.get(name)
    return value if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" else None


def _number(answer: Answer, name: str) -> float | None:
    value = answer.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if np.isfinite(value) else None


def _same(value: np.ndarray | None, expected: np.ndarray, tolerance: float) -> bool:
    if value is None or value.shape != expected.shape:
        return False
    return bool(np.all(np.abs(value.astype(np.float64) - expected) <= tolerance))


def _no_answer(task: str, answers: Sequence[Answer]) -> str:
    """Why there is nothing to judge, or "" if at least one answer holds something."""
    if all("error" in answer for answer in answers):
        return _error_words(task, answers[0]["error"])
    if all(answer.get("kind") == "NoneType" for answer in answers if "error" not in answer):
        return say("any", "none_came", task=task)
    return ""


def _error_words(task: str, error: str) -> str:
    if "Cannot cast ufunc 'divide'" in error or "Cannot cast ufunc 'true_divide'" in error:
        return say("any", "divided_in_place", task=task, error=error)
    if error.startswith("`"):
        return say("any", "not_there_yet", error=error)
    return say("any", "stopped", task=task, error=error)


def _wrong_kind(kind: str) -> str:
    """What to say of a value that is no NumPy array of numbers."""
    if kind == "list":
        return say("any", "is_list")
    if "Tensor" in kind or "Variable" in kind:
        return say("any", "is_tensor", kind=kind)
    if kind == "DataFrame":
        return say("any", "is_data_frame")
    if kind == "NoneType":
        return say("any", "is_none")
    return say("any", "is_other", kind=kind)


def _named_data(data: Given, *names: str) -> list[np.ndarray]:
    """The data under these names; NotReady says which cell to run if one is not there."""
    for name in names:
        if not isinstance(data.get(name), np.ndarray):
            which = "CIFAR-10" if name.startswith("cifar") else "MNIST"
            raise NotReady(say("any", "no_data", name=name, which=which))
        array = data[name]
        if array.dtype.kind not in "ui" or ("labels" in name and array.size != len(array)):
            which = "CIFAR-10" if name.startswith("cifar") else "MNIST"
            raise NotReady(say("any", "data_overwritten", name=name, which=which))
    return [data[name] for name in names]


def _some_rows(rng: np.random.Generator, size: int, count: int) -> list[int]:
    return [int(row) for row in rng.choice(size, min(size, count), replace=False)]


# --------------------------------------------------------------------------- tasks 1 and 9: normalised images


@dataclass(frozen=True)
class Thought:
    """A likely thought behind wrong values: what it computes, and what to say to whom had it."""

    compute: Callable[[np.ndarray], np.ndarray]
    message: str


def _per_picture(images: np.ndarray, reduce: Callable[..., np.ndarray]) -> np.ndarray:
    return reduce(images, axis=tuple(range(1, images.ndim)) or None, keepdims=True)


def _min_max(images: np.ndarray, low: Any, high: Any) -> np.ndarray:
    return (images - low) / np.maximum(high - low, 1e-9)


def _normalising_thoughts() -> tuple[Thought, ...]:
    return (
        Thought(lambda x: x, say("pixels", "unchanged")),
        Thought(lambda x: x / max(x.max(), 1), say("pixels", "by_maximum")),
        Thought(lambda x: x / np.maximum(_per_picture(x, np.max), 1), say("pixels", "by_own_maximum")),
        Thought(lambda x: _min_max(x, x.min(), x.max()), say("pixels", "min_max")),
        Thought(
            lambda x: _min_max(x, _per_picture(x, np.min), _per_picture(x, np.max)),
            say("pixels", "min_max_each"),
        ),
        Thought(lambda x: x / 255 if x.max() > 1 else x, say("pixels", "only_bright")),
        Thought(lambda x: x / 256, say("pixels", "by_256")),
        Thought(lambda x: x // 255, say("pixels", "whole_division")),
        Thought(lambda x: x / 127.5 - 1, say("pixels", "minus_one_to_one")),
        Thought(lambda x: x / 255 - 0.5, say("pixels", "minus_half_to_half")),
        Thought(lambda x: x / 255 / 255, say("pixels", "twice")),
        Thought(lambda x: (x - x.mean()) / max(x.std(), 1e-9), say("pixels", "standardised")),
        Thought(lambda x: 1 - x / 255, say("pixels", "inverted")),
        *(
            Thought(
                lambda x, digits=digits: np.round(x / 255, digits),  # type: ignore[misc]
                say("pixels", "rounded", digits=digits),
            )
            for digits in (0, 1, 2, 3)
        ),
    )


# float16 errs by 0.00024 at most near 1, rounding to three decimals by 0.0005 at most: the bound is between
# them.
_PIXEL_TOLERANCE = 3e-4


def _pixel_words(pictures: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> str:
    """The likely thought behind wrong values for 8-bit pictures of the same shapes."""
    # "Each picture" means something only where there is more than one.
    batches = [(p, v) for p, v in zip(pictures, values, strict=True) if p.ndim > 2]
    pictures, values = zip(*batches, strict=True) if batches else (pictures, values)
    for thought in _normalising_thoughts():
        expected = [thought.compute(picture.astype(np.float64)) for picture in pictures]
        if all(_same(v, e, _PIXEL_TOLERANCE) for v, e in zip(values, expected, strict=True)):
            return thought.message
    if not all(np.all(np.isfinite(value)) for value in values):
        return say("pixels", "not_finite")
    low, high = min(v.min() for v in values), max(v.max() for v in values)
    return say("pixels", "other_line", low=low, high=high)


def _cases_normalise_images(rng: np.random.Generator, data: Given) -> list[Case]:
    def pictures(high: int, *shape: int) -> Case:
        images = rng.integers(0, high, shape, dtype=np.uint8, endpoint=True)
        images.flat[0], images.flat[-1] = high // 3, high
        return Case({"images": images})

    bright = int(rng.integers(230, 255))
    dark_and_bright = np.stack([rng.integers(20, 60, (7, 6)), rng.integers(90, bright, (7, 6))]).astype(
        np.uint8
    )
    full = rng.integers(0, 255, (5, 9, 8), dtype=np.uint8, endpoint=True)
    full.flat[:2] = 0, 255
    return [
        Case({"images": full}),
        pictures(60, 3, 8, 8),
        Case({"images": dark_and_bright}),
        pictures(bright, 2, 6, 5, 3),
        pictures(bright, 6, 5),
        pictures(bright, 11),
        pictures(1, 2, 4, 4),
    ]


def _answer_normalise_images(given: Given, ask: Ask) -> Answer:
    images = ask["images"].copy()
    if not callable(given["normalise_images"]):
        return _no_function("normalise_images")
    came = given["normalise_images"](images)
    answer = {**_plain(came), "untouched": bool(np.array_equal(images, ask["images"]))}
    if answer["kind"] not in ("ndarray", "NoneType"):
        # A list or a tensor of the right numbers is a part of the way; any other thing is none.
        numbers = np.asarray(came)
        return {**answer, "numbers": numbers} if numbers.dtype.kind in "biuf" else answer
    return answer


def _judge_normalise_images(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    if reason := _no_answer("normalise_images", answers):
        return [Finding(say("any", "what_answer"), 0, 8, reason)]
    pairs = [(case.ask["images"], answer) for case, answer in zip(cases, answers, strict=True)]
    failed = [(images, answer) for images, answer in pairs if "error" in answer]
    given = [(images, answer) for images, answer in pairs if "error" not in answer]
    findings = [_finding_floats([answer for _, answer in given])]
    numbers = [(i, _array(a) if _array(a) is not None else _array(a, "numbers")) for i, a in given]
    if not all(n is not None for _, n in numbers):
        return [Finding(say("normalise_images", "what_floats"), 0, 8, findings[0].message)]
    if not any(_array(a) is not None for _, a in given) and not all(
        _same(n, i / 255, _PIXEL_TOLERANCE) for i, n in numbers
    ):
        return [
            findings[0],
            Finding(say("normalise_images", "what_divide"), 0, 6, say("normalise_images", "numbers_wrong")),
        ]

    shaped = [(i, _array(a)) for i, a in given]
    kept = [(i, a) for i, a in shaped if a is not None and a.shape == i.shape]
    findings.append(
        Finding(say("normalise_images", "what_shape"), 1, 1)
        if len(kept) == len(given)
        else Finding(say("normalise_images", "what_shape"), 0, 1, say("normalise_images", "shape_lost"))
    )
    right = [_same(array, images / 255, _PIXEL_TOLERANCE) for images, array in kept]
    if not kept or (all(right) and len(kept) < len(given)):
        explanation = say("normalise_images", "no_shape_right")
        explanation = say("normalise_images", "where_shape_right") if kept else explanation
    elif not all(right):
        explanation = _pixel_words([images for images, _ in kept], [array for _, array in kept])
    else:
        explanation = ""
    if kept and all(_same(array, images, _PIXEL_TOLERANCE) for images, array in kept):
        # Nothing was computed, so there is no right part in it but the type.
        return [findings[0], Finding(say("normalise_images", "what_divide"), 0, 6, explanation)]
    findings.append(
        Finding(
            say("normalise_images", "what_divide"),
            0 if explanation else 3,
            3,
            explanation or say("normalise_images", "divided"),
        )
    )
    findings.append(
        Finding(say("normalise_images", "what_axes"), 0 if failed else 1, 1, _axes_error_words(failed))
    )
    untouched = all(answer.get("untouched") is True for _, answer in given)
    message = say("normalise_images", "input_changed")
    findings.append(
        Finding(say("normalise_images", "what_input"), 1 * untouched, 1, "" if untouched else message)
    )
    return findings


def _axes_error_words(failed: Sequence[tuple[np.ndarray, Answer]]) -> str:
    if not failed:
        return ""
    images, answer = failed[0]
    return say("normalise_images", "some_axes_stop", axes=images.ndim, error=answer["error"])


def _finding_floats(answers: Sequence[Answer]) -> Finding:
    what = say("normalise_images", "what_floats")
    for answer in answers:
        array = _array(answer)
        if array is None:
            return Finding(what, 0, 2, _wrong_kind(str(answer.get("kind"))))
        if array.dtype.kind != "f":
            message = say("normalise_images", "whole_numbers", dtype=array.dtype)
            return Finding(what, 0, 2, message)
    return Finding(what, 2, 2, str(_array(answers[0]).dtype) if answers else "")  # type: ignore[union-attr]


# ---------------------------------------------------------------------------------- variables of the notebook

_ROWS = 24


def _answer_rows(*names: str) -> Callable[[Given, Ask], Answer]:
    """Answers with the shape, kind and asked rows of arrays of the notebook."""

    def answer(given: Given, ask: Ask) -> Answer:
        rows: dict[str, Any] = {}
        for name in names:
            value: Any = given.get(name)
            rows[f"{name} kind"] = _kind(value)
            if rows[f"{name} kind"] == "ndarray":
                rows[f"{name} shape"] = [int(side) for side in value.shape]
                rows[f"{name} dtype"] = value.dtype.kind
                wanted = [
                    row
                    for row in ask["train rows" if "train" in name else "test rows"]
                    if value.ndim and row < value.shape[0]
                ]
                rows[name] = np.array(value[wanted]) if value.ndim else np.array(value)
        return rows

    return answer


def _rows_cases(
    train: str, test: str, labels: bool = False
) -> Callable[[np.random.Generator, Given], list[Case]]:
    """One case that asks for rows at random places, and keeps what the data hold there."""

    def cases(rng: np.random.Generator, data: Given) -> list[Case]:
        truth: dict[str, Any] = {}
        ask = {}
        for part, name in (("train", train), ("test", test)):
            (array,) = _named_data(data, name)
            rows = _some_rows(rng, len(array), _ROWS)
            if labels:
                # The first picture of every class is always asked for, so that no class can hide.
                rows = sorted({*rows, *(int(i) for i in np.unique(array, return_index=True)[1])})
            ask[f"{part} rows"] = rows
            truth[part] = array[rows]
            truth[f"{part} size"] = len(array)
        return [Case(ask, truth)]

    return cases


# ----------------------------------------------------------------------------------- task 2: the channel axis


def _judge_channel_axis(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [
            Finding(say("channel_axis", "what_both"), 0, 4, _error_words("channel_axis", answer["error"]))
        ]
    return [
        _finding_channel_axis(
            "x_train", "train_pixels", case.truth["train"], case.truth["train size"], answer
        ),
        _finding_channel_axis("x_test", "test_pixels", case.truth["test"], case.truth["test size"], answer),
    ]


def _finding_channel_axis(name: str, source: str, images: np.ndarray, size: int, answer: Answer) -> Finding:
    array, shape = _array(answer, name), answer.get(f"{name} shape")
    wanted = [size, *images.shape[1:], 1]
    if array is None or shape is None:
        return Finding(name, 0, 2, _wrong_kind(str(answer.get(f"{name} kind"))))
    if shape != wanted:
        return Finding(name, 0, 2, _axis_words(name, shape, size, images.shape[1:]))
    pixels = _array(answer, source)
    # A mistake in task 1 costs its points there: what counts here is that the pixels are the student's own.
    follows = (
        pixels is not None
        and pixels.max() > pixels.min()
        and _same(array, pixels[..., np.newaxis], _PIXEL_TOLERANCE)
    )
    if follows or _same(array, images[..., np.newaxis] / 255, _PIXEL_TOLERANCE):
        return Finding(name, 2, 2, f"(n, {shape[1]}, {shape[2]}, 1)")
    if _same(array, images[..., np.newaxis], 0.5) and array.max() > 1:
        message = say("channel_axis", "not_normalised", source=source)
        return Finding(name, 0, 2, message)
    message = say("channel_axis", "other_pixels", source=source)
    return Finding(name, 0, 2, message)


def _axis_words(name: str, shape: Sequence[int], size: int, picture: Sequence[int]) -> str:
    height, width = picture
    other = say("channel_axis", "expected", size=size, height=height, width=width)
    if len(shape) == 4 and list(shape[1:]) == [height, width, 1]:
        other = say("channel_axis", "other_size", came=shape[0], size=size)
    flattened = say("channel_axis", "flattened")
    sentences = {
        (size, height, width): say("channel_axis", "no_axis"),
        (1, size, height, width): say("channel_axis", "axis_in_front"),
        (size, 1, height, width): say("channel_axis", "channels_first"),
        (size, height, width, 1, 1): say("channel_axis", "axis_too_many"),
        (size, height, width, 3): say("channel_axis", "three_channels"),
        (size, height * width): flattened,
        (size, height * width, 1): flattened,
    }
    came = say("channel_axis", "came", name=name, shape=tuple(shape))
    return f"{came} {sentences.get(tuple(shape), other)}"


# -------------------------------------------------------------------------------------------- task 3: one-hot


def _cases_one_hot(rng: np.random.Generator, data: Given) -> list[Case]:
    def labels(values: Any, classes: int, dtype: type = np.uint8) -> Case:
        return Case({"vector": np.asarray(values, dtype), "number_classes": classes})

    absent = rng.choice(11, 4, replace=False)
    return [
        labels([*rng.permutation(4), 2, 0], 4),
        labels([int(rng.integers(1, 3))], 5),
        labels([1, *rng.integers(1, 5, 6)], 8, np.int64),
        labels(rng.choice(absent, 9), 13),
        labels(rng.integers(0, 10, 25), 10),
    ]


def _answer_one_hot(given: Given, ask: Ask) -> Answer:
    return _called(given["one_hot"], "one_hot", ask["vector"].copy(), ask["number_classes"])


def _judge_one_hot(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    if reason := _no_answer("one_hot", answers):
        return [Finding(say("any", "what_answer"), 0, 10, reason)]
    for answer in answers:
        if "error" in answer:
            message = f"{_error_words('one_hot', answer['error'])} {say('one_hot', 'some_labels')}"
            return [Finding(say("one_hot", "what_any_labels"), 0, 10, message)]
        if _array(answer) is None:
            return [Finding(say("one_hot", "what_array"), 0, 10, _wrong_kind(str(answer.get("kind"))))]
    pairs = [
        (case.ask["vector"].astype(int), case.ask["number_classes"], _array(answer))
        for case, answer in zip(cases, answers, strict=True)
    ]
    return _findings_one_hot(pairs)


def _findings_one_hot(pairs: Sequence[tuple[np.ndarray, int, Any]]) -> list[Finding]:
    shape_words = next((w for v, k, a in pairs if (w := _one_hot_shape_words(v, k, a.shape))), "")
    # Where the shapes are wrong throughout, the places are not judged: there is no row for each label.
    shaped = [(v, k, a) for v, k, a in pairs if a.shape == (len(v), k)]
    binary = all(np.isin(a, (0, 1)).all() and a.any() for _, _, a in pairs)
    placed = (
        binary and bool(shaped) and all(np.array_equal(a != 0, _one_hot(v, k) != 0) for v, k, a in shaped)
    )
    identity = all(a.ndim == 2 and np.array_equal(a, np.eye(a.shape[0])) for _, _, a in pairs)
    if identity:
        shape_words = say("one_hot", "identity")
    if not shaped:
        place_words = say("one_hot", "shape_first")
    elif not placed:
        place_words = _one_hot_place_words(shaped)
    else:
        place_words = "" if len(shaped) == len(pairs) else say("one_hot", "where_shape_right")
    if binary:
        binary_words = "" if placed else say("one_hot", "binary_after_places")
    else:
        binary_words = say("one_hot", "not_binary")
    return [
        Finding(say("one_hot", "what_binary"), 2 * placed, 2, binary_words),
        Finding(say("one_hot", "what_shape"), 0 if shape_words else 3, 3, shape_words),
        Finding(say("one_hot", "what_places"), (2 if place_words else 5) * placed, 5, place_words),
    ]


def _one_hot(vector: np.ndarray, classes: int) -> np.ndarray:
    return (vector[:, np.newaxis] == np.arange(classes)).astype(np.float64)


def _one_hot_shape_words(vector: np.ndarray, classes: int, shape: tuple[int, ...]) -> str:
    n, largest, present = len(vector), int(vector.max()), len(np.unique(vector))
    if shape == (n, classes):
        return ""
    if shape in ((n, 1, classes), (n, classes, 1), (1, n, classes)):
        return say("one_hot", "axis_too_many", shape=shape, n=n, classes=classes)
    if shape == (classes, n):
        return say("one_hot", "transposed")
    if shape == (n, largest + 1):
        return say("one_hot", "largest_plus_one")
    if shape == (n, present):
        return say("one_hot", "only_present")
    if shape == (n, 10):
        return say("one_hot", "always_ten")
    if shape == (n,):
        return say("one_hot", "still_labels")
    if shape == (classes, classes):
        return say("one_hot", "row_each_class")
    return say("one_hot", "other_shape", shape=shape, n=n, classes=classes)


def _one_hot_place_words(pairs: Sequence[tuple[np.ndarray, int, np.ndarray]]) -> str:
    def all_are(expected: Callable[[np.ndarray, int], np.ndarray]) -> bool:
        return all(np.array_equal(a, expected(v, k)) for v, k, a in pairs)

    if all(not a.any() for _, _, a in pairs):
        return say("one_hot", "all_zero")
    if all_are(lambda v, k: np.roll(_one_hot(v, k), -1, axis=1)) or all_are(lambda v, k: _shifted(v, k, -1)):
        return say("one_hot", "one_before")
    if all_are(lambda v, k: np.roll(_one_hot(v, k), 1, axis=1)) or all_are(lambda v, k: _shifted(v, k, 1)):
        return say("one_hot", "one_after")
    if all_are(lambda v, k: _one_hot(v, k)[:, ::-1]):
        return say("one_hot", "reversed")
    if all_are(lambda v, k: 1 - _one_hot(v, k)):
        return say("one_hot", "swapped")
    if any(not np.isin(a, (0, 1)).all() for _, _, a in pairs):
        return say("one_hot", "other_numbers")
    if any((a.sum(axis=1) != 1).any() for _, _, a in pairs):
        return say("one_hot", "not_one_each")
    return say("one_hot", "other_places")


def _shifted(vector: np.ndarray, classes: int, by: int) -> np.ndarray:
    """One-hot rows moved by one place without wrapping round: what falls off the edge is lost."""
    return (vector[:, np.newaxis] + by == np.arange(classes)).astype(np.float64)


# --------------------------------------------------------------------------------------- task 8: CIFAR labels


def _judge_cifar_labels(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [
            Finding(say("cifar_labels", "what_labels"), 0, 4, _error_words("cifar_labels", answer["error"]))
        ]
    return [
        _finding_cifar_labels(
            f"cifar_y_{part}", case.truth[part].reshape(-1), case.truth[f"{part} size"], answer
        )
        for part in ("train", "test")
    ]


def _finding_cifar_labels(name: str, labels: np.ndarray, size: int, answer: Answer) -> Finding:
    array, shape = _array(answer, name), answer.get(f"{name} shape")
    if array is None or shape is None:
        return Finding(name, 0, 2, _wrong_kind(str(answer.get(f"{name} kind"))))
    if shape == [size, 10]:
        if len(array) == len(labels) and np.array_equal(array, _one_hot(labels.astype(int), 10)):
            return Finding(name, 2, 2, "(n, 10)")
        return Finding(name, 0, 2, _one_hot_place_words([(labels.astype(int), 10, array)]))
    if shape in ([size, 1, 10], [size, 10, 1]):
        explanation = say("cifar_labels", "column")
    elif shape in ([size, 1], [size]):
        explanation = say("cifar_labels", "still_labels")
    elif shape == [10, size]:
        explanation = say("cifar_labels", "transposed")
    elif shape[-1:] == [10] and len(shape) == 2:
        explanation = say("cifar_labels", "other_size", size=size)
    else:
        explanation = say("cifar_labels", "expected", size=size)
    came = say("cifar_labels", "came", name=name, shape=tuple(shape))
    return Finding(name, 0, 2, f"{came} {explanation}")


# --------------------------------------------------------------------------------------- task 9: CIFAR images


def _judge_cifar_images(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [
            Finding(say("cifar_images", "what_images"), 0, 4, _error_words("cifar_images", answer["error"]))
        ]
    return [
        _finding_cifar_images(f"cifar_x_{part}", case.truth[part], case.truth[f"{part} size"], answer)
        for part in ("train", "test")
    ]


def _finding_cifar_images(name: str, images: np.ndarray, size: int, answer: Answer) -> Finding:
    array, shape = _array(answer, name), answer.get(f"{name} shape")
    if array is None or shape is None:
        return Finding(name, 0, 2, _wrong_kind(str(answer.get(f"{name} kind"))))
    if shape != [size, *images.shape[1:]]:
        if shape[1:] == list(images.shape[1:]):
            message = say("cifar_images", "other_size", name=name, came=shape[0], size=size)
            return Finding(name, 0, 2, message)
        expected = (size, *images.shape[1:])
        message = say("cifar_images", "other_shape", name=name, shape=tuple(shape), expected=expected)
        return Finding(name, 0, 2, message)
    if _same(array, images / 255, _PIXEL_TOLERANCE) and array.dtype.kind == "f":
        return Finding(name, 2, 2, say("cifar_images", "right"))
    return Finding(name, 0, 2, _pixel_words([images], [array]))


# -------------------------------------------------------------------------------- tasks 4, 6 and 10: the nets


def _conv(filters: int, stride: int) -> Answer:
    return {
        "kind": "Conv2D",
        "filters": filters,
        "kernel_size": [3, 3],
        "strides": [stride, stride],
        "padding": "valid",
        "activation": "relu",
    }


def _dense(units: int, activation: str) -> Answer:
    return {"kind": "Dense", "units": units, "activation": activation}


def _net_layers(net: str, classes: int) -> list[Answer]:
    """The layers of ``net_1`` or ``net_2``, described as a model's answer describes its own."""
    pooling = {"kind": "MaxPooling2D", "pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
    middle = [_conv(64, 1), pooling] if net == "net_1" else [_conv(64, 2)]
    return [_conv(32, 1), *middle, {"kind": "Flatten"}, _dense(128, "relu"), _dense(classes, "softmax")]


def _weight_shapes(layers: Sequence[Answer], sample_shape: Sequence[int]) -> list[list[int]]:
    """Shapes of kernels and biases, layer by layer, of a chain made by ``_net_layers``."""
    height, width, channels = sample_shape
    shapes: list[list[int]] = []
    size = channels
    for layer in layers:
        if layer["kind"] == "Conv2D":
            stride, filters = layer["strides"][0], layer["filters"]
            shapes += [[3, 3, channels, filters], [filters]]
            height, width, channels = (height - 3) // stride + 1, (width - 3) // stride + 1, filters
        elif layer["kind"] == "MaxPooling2D":
            height, width = height // 2, width // 2
        elif layer["kind"] == "Flatten":
            size = height * width * channels
        else:
            shapes += [[size, layer["units"]], [layer["units"]]]
            size = layer["units"]
    return shapes


def drawn_weights(shapes: Sequence[Sequence[int]], seed: int, positive: bool = False) -> Iterator[np.ndarray]:
    """Weights, float32, of these shapes, the same for the same seed: large enough to keep values from fading.

    He et al. (2015): a standard deviation of √(2 / inputs) keeps a ReLU net's values of order one.
    """
    rng = np.random.default_rng(seed)
    for shape in shapes:
        inputs = int(np.prod(shape[:-1])) if len(shape) > 1 else 50
        weights = (rng.standard_normal(tuple(shape), np.float32) * np.sqrt(2 / inputs)).astype(np.float32)
        yield np.abs(weights) + np.float32(0.5) if positive else weights


def _layer_weights(layers: Sequence[Answer], seed: int) -> Iterator[list[np.ndarray]]:
    """Weights for each layer in turn; a normalisation's are positive, as a variance must be."""
    for index, layer in enumerate(layers):
        positive = layer["kind"] == "BatchNormalization"
        drawn = list(drawn_weights(layer.get("weights", []), seed + index, positive))
        # Values of order 10 inside tell ReLU from ReLU6; the softmax still gets values of order one.
        scale = 1 if len(layers) < 2 else 10 if index == 0 else 0.1 if index == len(layers) - 1 else 1
        yield [w * np.float32(scale) if w.ndim > 1 else w for w in drawn]


def _cases_net(rng: np.random.Generator, data: Given) -> list[Case]:
    def case(height: int, width: int, channels: int, classes: int) -> Case:
        images = rng.random((3, height, width, channels), dtype=np.float32)
        ask = {"sample_shape": [height, width, channels], "nb_classes": classes}
        return Case({**ask, "seed": int(rng.integers(2**31)), "images": images})

    sides = rng.choice(np.arange(9, 20), 4, replace=False)
    return [
        case(28, 28, 1, 10),
        case(int(sides[0]), int(sides[1]), int(rng.integers(2, 5)), int(rng.integers(3, 8))),
        case(int(sides[2]), int(sides[3]), 3, int(rng.integers(11, 17))),
    ]


def _answer_net(name: str) -> Callable[[Given, Ask], Answer]:
    def answer(given: Given, ask: Ask) -> Answer:
        function = given[name]
        if not callable(function):
            return _no_function(name)
        return _described(function(tuple(ask["sample_shape"]), ask["nb_classes"]), ask)

    return answer


def _described(model: Any, ask: Ask) -> Answer:
    """A model's layers, and what it computes for the asked pictures with weights drawn from the asked seed.

    The model has its own weights back afterwards, so that a trained one can be asked without harm.
    """
    if not hasattr(model, "get_weights") or not hasattr(model, "layers"):
        return {"kind": type(model).__name__}
    model(ask["images"])  # a model without an Input has no weights before its first pictures
    own = model.get_weights()
    in_order = _flat_layers(_traced(model, ask))
    layers = [_layer_description(layer) for layer in in_order]
    try:
        with_weights = [pair for pair in zip(in_order, layers, strict=True) if pair[1]["weights"]]
        drawn = _layer_weights([description for _, description in with_weights], ask["seed"])
        for (layer, _), weights in zip(with_weights, drawn, strict=True):
            layer.set_weights(weights)
        return {
            "kind": "Model",
            "layers": layers,
            "output": np.asarray(model(ask["images"], training=False)),
            "training output": np.asarray(model(ask["images"], training=True)),
            "extra losses": len(model.losses),
            "frozen": len(model.weights) - len(model.trainable_weights),
            "constraints": sum(getattr(weight, "constraint", None) is not None for weight in model.weights),
        }
    finally:
        model.set_weights(own)


def _traced(model: Any, ask: Ask) -> Any:
    """A class's model as a functional one, its layers in the order of use; itself where that fails."""
    import keras

    if isinstance(model, keras.Sequential) or getattr(model, "operations", None):
        return model
    try:
        pictures = keras.Input(tuple(ask["sample_shape"]))
        return keras.Model(pictures, model.call(pictures))
    except Exception:  # its call may use what only takes numbers, such as tf.nn.relu
        return model


def _flat_layers(model: Any) -> list[Any]:
    """Layers in order, those of nested models in place, and bare operations (``keras.ops.relu``)."""
    # A functional model keeps its operations, in order; a layer is one, `keras.ops.relu` is one without being
    # a layer.
    parts = getattr(model, "operations", None) or model.layers
    return [layer for part in parts for layer in (_flat_layers(part) if hasattr(part, "layers") else [part])]


def _layer_description(layer: Any) -> Answer:
    try:
        config = layer.get_config()
    except Exception:  # an own layer that can't describe itself is told by its class alone
        config = {}
    plain = {key: _listed(value) for key, value in config.items() if key not in ("name", "weights")}
    own = plain.get("activation")
    if isinstance(own, dict):  # a layer such as keras.layers.ReLU() can be an activation
        kind, given = str(own.get("class_name")), own.get("config")
        settings = {k: v for k, v in given.items() if _is_json(v)} if isinstance(given, dict) else {}
        plain["activation"] = _activation_of({**settings, "kind": kind}) or kind
        plain["activation settings"] = settings
    plain = {key: value for key, value in plain.items() if _is_json(value) or key == "activation settings"}
    shapes = [[int(side) for side in weight.shape] for weight in getattr(layer, "weights", [])]
    return {**plain, "kind": type(layer).__name__, "weights": shapes}


def _listed(value: Any) -> Any:
    return [_listed(entry) for entry in value] if isinstance(value, list | tuple) else value


def _is_json(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= 8 and all(_is_json(entry) for entry in value)
    return value is None or isinstance(value, bool | int | float | str)


def _judge_net(net: str) -> Callable[[Sequence[Case], Sequence[Answer]], list[Finding]]:
    return lambda cases, answers: _net_findings(net, cases, answers)


# Points of net_1 and net_2 by part of the net; with one each for nothing else and any shape, they sum up to
# the task's points.
_NET_POINTS = {
    "net_1": {"conv_1": 3, "conv_2": 3, "pooling": 2, "hidden": 2, "output": 2},
    "net_2": {"conv_1": 2, "conv_2": 3, "pooling": 2, "hidden": 1, "output": 2},
}


def _net_parts() -> dict[str, str]:
    """Names of the findings by the keys of ``_NET_POINTS``."""
    return {
        "conv_1": say("nets", "what_conv_1"),
        "conv_2": say("nets", "what_conv_2"),
        "pooling": say("nets", "what_pooling"),
        "hidden": say("nets", "what_hidden"),
        "output": say("nets", "what_output"),
    }


def _net_findings(net: str, cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    total = sum(_NET_POINTS[net].values()) + 2
    if reason := _no_answer(net, answers):
        return [Finding(say("any", "what_answer"), 0, total, reason)]
    right = [_computes(net, case.ask, answer) for case, answer in zip(cases, answers, strict=True)]
    if all(right):
        worth = _NET_POINTS[net]
        return [
            *(Finding(name, worth[part], worth[part]) for part, name in _net_parts().items()),
            Finding(say("nets", "what_nothing_else"), 1, 1),
            Finding(say("nets", "what_any_shape"), 1, 1),
        ]

    first = next((index for index, answer in enumerate(answers) if _is_model(answer)), None)
    if first is None:
        kind = str(next((answer["kind"] for answer in answers if "kind" in answer), say("nets", "nothing")))
        message = say("nets", "no_model", net=net, kind=kind)
        return [Finding(say("nets", "what_model"), 0, total, message)]
    case, answer = cases[first], answers[first]
    layers = _chain(answer["layers"])
    if not right[first] and (doubt := _doubt(case.ask, answer, layers)):
        return [Finding(say("nets", "what_computes"), 0, total, doubt)]
    classes = case.ask["nb_classes"]
    findings = _layer_findings(net, layers, classes)
    findings.append(_finding_nothing_else(net, layers, answer, findings))
    findings.append(_finding_any_shape(net, cases, answers, right))
    if all(finding.points == finding.out_of for finding in findings):
        message = say("nets", "joined_otherwise")
        findings[-2] = Finding(say("nets", "what_nothing_else"), 0, 1, message)
    return findings


def _is_model(answer: Answer) -> bool:
    layers = answer.get("layers")
    return (
        answer.get("kind") == "Model"
        and isinstance(layers, list)
        and all(isinstance(x, dict) for x in layers)
    )


def _computes(net: str, ask: Ask, answer: Answer) -> bool:
    """Whether a model gives what the net gives: same weights, same pictures, in use and in training."""
    if not _is_model(answer) or any(
        answer.get(key) != 0 for key in ("extra losses", "frozen", "constraints")
    ):
        return False
    layers = _net_layers(net, ask["nb_classes"])
    shapes = _weight_shapes(layers, ask["sample_shape"])
    with_weights = [layer for layer in answer["layers"] if layer.get("weights")]
    if [shape for layer in with_weights for shape in layer["weights"]] != shapes:
        return False
    expected = forward(layers, list(_layer_weights(with_weights, ask["seed"])), ask["images"])
    outputs = [_array(answer, "output"), _array(answer, "training output")]
    return expected is not None and all(_same(output, expected, _OUTPUT_TOLERANCE) for output in outputs)


# float32 sums in another order differ by some 1e-6 in a softmax; a wrong layer by 0.01 and more.
_OUTPUT_TOLERANCE = 1e-4

# A model of more weights than this is not worth a judge's time; net_1 on 64 × 64 × 3 has 7.4 million.
_MAX_WEIGHTS = 20_000_000


def _doubt(ask: Ask, answer: Answer, layers: Sequence[Answer]) -> str:
    """Why the layers that a model names can't be taken at their word, or "" if they give its output."""
    with_weights = [layer for layer in answer["layers"] if layer.get("weights")]
    try:
        if sum(int(np.prod(shape)) for layer in with_weights for shape in layer["weights"]) > _MAX_WEIGHTS:
            return say("nets", "too_large")
        simulated = forward(answer["layers"], list(_layer_weights(with_weights, ask["seed"])), ask["images"])
    except (ArithmeticError, LookupError, TypeError, ValueError):
        simulated = None
    if simulated is None:
        kinds = [str(layer.get("kind")) for layer in layers if layer.get("kind") not in _STEPS]
        kinds += [
            say("nets", "the_activation", activation=_activation_name(layer["activation"]))
            for layer in layers
            if layer.get("kind") in _STEPS and layer.get("activation", "linear") not in _ACTIVATIONS
        ]
        return say("nets", "not_followed", kinds=", ".join(kinds) or say("nets", "own_joining"))
    if not _same(_array(answer, "output"), simulated, 1e-3):
        return say("nets", "not_as_told")
    return ""


def _chain(layers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The layers, without input layers, and each activation folded into the layer before it."""
    chain: list[dict[str, Any]] = []
    for layer in layers:
        activation = _activation_of(layer)
        if layer["kind"] == "InputLayer":
            continue
        if (
            activation
            and chain
            and chain[-1].get("activation") == "linear"
            and chain[-1]["kind"] in ("Conv2D", "Dense")
        ):
            chain[-1]["activation"] = activation
        elif activation != "linear" or not activation:
            chain.append(dict(layer))
    return chain


# What `_activation_of` calls a ReLU that has a slope, a threshold or a largest value.
_OWN_RELU = "own ReLU"


def _activation_name(activation: Any) -> Any:
    """An activation as the student reads it."""
    return say("nets", "own_relu") if activation == _OWN_RELU else activation


def _activation_of(layer: Answer) -> str:
    """Name of the activation if the layer is nothing but one, else ""."""
    names = {"ReLU": "relu", "Relu": "relu", "Softmax": "softmax", "Sigmoid": "sigmoid", "Tanh": "tanh"}
    if layer["kind"] == "Activation":
        return str(layer.get("activation"))
    if layer["kind"] == "ReLU" and (
        layer.get("max_value") or layer.get("negative_slope") or layer.get("threshold")
    ):
        return _OWN_RELU
    if layer["kind"] in ("LeakyReLU", "ELU", "PReLU", "Relu6", "Gelu", "Selu", "Elu", "LeakyRelu"):
        return str(layer["kind"])
    return names.get(layer["kind"], "")


def _layer_findings(net: str, layers: Sequence[Answer], classes: int) -> list[Finding]:
    worth = _NET_POINTS[net]
    convolutions = [layer for layer in layers if "Conv" in layer["kind"]]
    dense = [layer for layer in layers if layer["kind"] == "Dense"]
    expected = [layer for layer in _net_layers(net, classes) if layer["kind"] == "Conv2D"]
    swapped = [c.get("filters") for c in convolutions] == [64, 32]
    messages = {}
    for index, wanted in enumerate(expected):
        layer = convolutions[index] if len(convolutions) > index else None
        messages[f"conv_{index + 1}"] = _conv_words(net, layer, wanted, swapped)
    messages["pooling"] = _pooling_words(net, layers)
    messages["hidden"] = _hidden_words(layers, dense)
    messages["output"] = _output_words(layers, dense, classes)
    names = _net_parts()
    return [
        Finding(names[part], 0 if said else worth[part], worth[part], said) for part, said in messages.items()
    ]


def _conv_words(net: str, layer: Answer | None, wanted: Answer, swapped: bool) -> str:
    if layer is None:
        return say("nets", "no_convolution")
    if layer["kind"] != "Conv2D":
        return say("nets", "no_conv_2d", kind=layer["kind"])
    said = []
    if swapped:
        said.append(say("nets", "filters_swapped"))
    elif layer.get("filters") != wanted["filters"]:
        said.append(say("nets", "filters", came=layer.get("filters"), wanted=wanted["filters"]))
    if layer.get("kernel_size") != [3, 3]:
        said.append(say("nets", "kernel", came=_by(layer.get("kernel_size"))))
    if layer.get("strides") != wanted["strides"]:
        said.append(_stride_words(net, layer.get("strides"), wanted["strides"]))
    if layer.get("padding") != "valid":
        said.append(say("nets", "conv_padding"))
    if layer.get("activation") != "relu":
        said.append(_activation_words(layer.get("activation")))
    if (
        layer.get("dilation_rate", [1, 1]) != [1, 1]
        or layer.get("groups", 1) != 1
        or not layer.get("use_bias", True)
    ):
        said.append(say("nets", "conv_defaults"))
    return " ".join(said)


def _by(sides: Any) -> str:
    return " × ".join(str(side) for side in sides) if isinstance(sides, list) else str(sides)


def _stride_words(net: str, came: Any, wanted: Sequence[int]) -> str:
    if net == "net_2" and wanted == [1, 1]:
        return say("net_2", "stride_too_early")
    if net == "net_2" and came == [1, 1]:
        return say("net_2", "no_stride")
    return say("nets", "stride", came=_by(came), wanted=_by(list(wanted)))


def _activation_words(came: Any) -> str:
    if came == "linear":
        return say("nets", "no_activation")
    return say("nets", "activation", came=_activation_name(came))


def _pooling_words(net: str, layers: Sequence[Answer]) -> str:
    kinds = [layer["kind"] for layer in layers]
    pools = [layer for layer in layers if layer["kind"] in ("MaxPooling2D", "AveragePooling2D")]
    if net == "net_2":
        if not pools:
            return ""
        return say("net_2", "still_pooling")
    if not pools:
        return say("net_1", "no_pooling")
    if len(pools) > 1:
        return say("net_1", "many_poolings", count=len(pools))
    pool = pools[0]
    if pool["kind"] != "MaxPooling2D":
        return say("net_1", "other_pooling", kind=pool["kind"])
    said = []
    if pool.get("pool_size") != [2, 2]:
        said.append(say("net_1", "pool_window", came=_by(pool.get("pool_size"))))
    elif pool.get("strides") not in ([2, 2], None):
        said.append(say("net_1", "pool_stride", came=_by(pool.get("strides"))))
    if pool.get("padding") != "valid":
        said.append(say("net_1", "pool_padding"))
    before = [kind for kind in kinds[: kinds.index(pool["kind"])] if "Conv" in kind]
    if len(before) != 2:
        said.append(say("net_1", "pool_place", before=len(before)))
    return " ".join(said)


def _hidden_words(layers: Sequence[Answer], dense: Sequence[Answer]) -> str:
    kinds = [layer["kind"] for layer in layers]
    if any(kind.startswith("Global") for kind in kinds):
        return say("nets", "global_pooling")
    if "Flatten" not in kinds and "Reshape" not in kinds:
        return say("nets", "no_flatten")
    if "Flatten" in kinds and "Dense" in kinds[: kinds.index("Flatten")]:
        return say("nets", "dense_before_flatten")
    if len(dense) < 2:
        return say("nets", "no_hidden")
    if len(dense) > 2:
        return say("nets", "many_dense", count=len(dense))
    said = []
    if dense[0].get("units") != 128:
        said.append(say("nets", "hidden_units", units=dense[0].get("units")))
    if dense[0].get("activation") != "relu":
        said.append(_activation_words(dense[0].get("activation")))
    return " ".join(said)


def _output_words(layers: Sequence[Answer], dense: Sequence[Answer], classes: int) -> str:
    if not dense or layers[-1]["kind"] != "Dense":
        last = layers[-1]["kind"] if layers else say("nets", "nothing")
        return say("nets", "other_end", last=last)
    said = []
    if dense[-1].get("units") != classes:
        said.append(say("nets", "output_units", units=dense[-1].get("units"), classes=classes))
    activation = dense[-1].get("activation")
    if activation == "sigmoid":
        said.append(say("nets", "sigmoid"))
    elif activation == "linear":
        said.append(say("nets", "no_output_activation"))
    elif activation != "softmax":
        said.append(say("nets", "output_activation", activation=_activation_name(activation)))
    return " ".join(said)


def _finding_nothing_else(
    net: str, layers: Sequence[Answer], answer: Answer, others: Sequence[Finding]
) -> Finding:
    wanted = {layer["kind"] for layer in _net_layers(net, 10)} | {"Reshape"}
    extra = [
        layer["kind"] for layer in layers if layer["kind"] not in wanted and "Pooling" not in layer["kind"]
    ]
    extra = [kind for kind in extra if "Conv" not in kind]
    many = len([layer for layer in layers if "Conv" in layer["kind"]]) > 2
    said = []
    if extra:
        said.append(say("nets", "extra_layers", extra=", ".join(extra)))
    if many:
        said.append(say("nets", "many_convolutions"))
    if answer.get("extra losses") not in (0, None):
        said.append(say("nets", "penalty"))
    if answer.get("constraints") not in (0, None):
        said.append(say("nets", "constraint"))
    if answer.get("frozen") not in (0, None) and not extra:
        said.append(say("nets", "frozen"))
    if said:
        return Finding(say("nets", "what_nothing_else"), 0, 1, " ".join(said))
    return Finding(say("nets", "what_nothing_else"), 1 * any(finding.points for finding in others), 1)


def _finding_any_shape(
    net: str, cases: Sequence[Case], answers: Sequence[Answer], right: Sequence[bool]
) -> Finding:
    """Whether other shapes and numbers of classes are followed, whatever else is right or wrong."""
    for case, answer in list(zip(cases, answers, strict=True))[1:]:
        if "error" in answer:
            message = say("nets", "fixed_shape", net=net)
            return Finding(say("nets", "what_any_shape"), 0, 1, message)
        output = _array(answer, "output")
        if output is None or output.shape != (len(case.ask["images"]), case.ask["nb_classes"]):
            message = say("nets", "fixed_classes")
            return Finding(say("nets", "what_any_shape"), 0, 1, message)
    if right[0]:
        return Finding(say("nets", "what_any_shape"), 0, 1, say("nets", "other_shapes"))
    return Finding(say("nets", "what_any_shape"), 1, 1)


# ------------------------------------------------------------------ what a chain of layers computes, in NumPy


def forward(
    layers: Sequence[Answer], weights: Sequence[Sequence[np.ndarray]], images: np.ndarray
) -> np.ndarray | None:
    """Output of a chain of described layers, or None if one of them is of a kind not known here.

    ``weights`` holds those of each layer that has any, ``images`` is (n, height, width, channels). What Keras
    calls a convolution is a cross-correlation: the kernel is not flipped.
    """
    values: np.ndarray = images.astype(np.float32)
    remaining = iter(weights)
    for layer in layers:
        step = _STEPS.get(layer["kind"])
        if step is None:
            return None
        own = next(remaining) if layer.get("weights") or layer["kind"] in ("Conv2D", "Dense") else []
        values = step(values, layer, own)
        name = str(layer.get("activation", "linear"))
        settings = layer.get("activation settings")
        if settings is not None and name not in _ACTIVATIONS:
            name = "ReLU" if name == _OWN_RELU else name
            if name not in _STEPS:
                return None
            values = _STEPS[name](values, settings, [])
        elif name not in _ACTIVATIONS:
            return None
        else:
            values = _ACTIVATIONS[name](values)
    return values


def _windows(values: np.ndarray, size: Any, strides: Any, padding: Any, fill: float) -> np.ndarray:
    """All windows, (n, rows, columns, channels, height, width); 'same' pads unevenly, as in Keras."""
    if padding == "same":
        sides = []
        for side, window, stride in zip(values.shape[1:3], size, strides, strict=True):
            total = max((-(-side // stride) - 1) * stride + window - side, 0)
            sides.append((total // 2, total - total // 2))
        values = np.pad(values, ((0, 0), *sides, (0, 0)), constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(values, tuple(size), axis=(1, 2))
    return windows[:, :: strides[0], :: strides[1]]


def _step_conv(values: np.ndarray, layer: Answer, weights: Sequence[np.ndarray]) -> np.ndarray:
    if layer.get("data_format", "channels_last") != "channels_last":
        raise ValueError("channels come last")
    kernel, groups, (down, right) = weights[0], layer.get("groups", 1), layer.get("dilation_rate", [1, 1])
    spread = np.zeros(
        ((kernel.shape[0] - 1) * down + 1, (kernel.shape[1] - 1) * right + 1, *kernel.shape[2:]), kernel.dtype
    )
    spread[::down, ::right] = kernel
    windows = _windows(values, spread.shape[:2], layer["strides"], layer["padding"], 0)
    parts = zip(np.split(windows, groups, axis=3), np.split(spread, groups, axis=3), strict=True)
    result = np.concatenate([np.tensordot(w, k, axes=([4, 5, 3], [0, 1, 2])) for w, k in parts], axis=-1)
    return result + weights[1] if len(weights) > 1 else result


def _step_pool(values: np.ndarray, layer: Answer, weights: Sequence[np.ndarray]) -> np.ndarray:
    maximum = layer["kind"] == "MaxPooling2D"
    fill = -np.inf if maximum else np.nan
    strides = layer.get("strides") or layer["pool_size"]
    windows = _windows(values, layer["pool_size"], strides, layer["padding"], fill)
    return windows.max(axis=(4, 5)) if maximum else np.nanmean(windows, axis=(4, 5))


def _step_relu(values: np.ndarray, layer: Answer) -> np.ndarray:
    threshold, slope = layer.get("threshold") or 0, layer.get("negative_slope") or 0
    values = np.where(values >= threshold, values, slope * (values - threshold))
    return values if layer.get("max_value") is None else np.minimum(values, layer["max_value"])


def _step_dense(values: np.ndarray, layer: Answer, weights: Sequence[np.ndarray]) -> np.ndarray:
    return values @ weights[0] + weights[1] if len(weights) > 1 else values @ weights[0]


def _step_normalise(values: np.ndarray, layer: Answer, weights: Sequence[np.ndarray]) -> np.ndarray:
    scale, offset, mean, variance = weights
    return (values - mean) / np.sqrt(variance + layer["epsilon"]) * scale + offset


def _step_zero_padding(values: np.ndarray, layer: Answer, weights: Sequence[np.ndarray]) -> np.ndarray:
    return np.pad(values, ((0, 0), *((int(a), int(b)) for a, b in layer["padding"]), (0, 0)))


def _softmax(values: np.ndarray) -> np.ndarray:
    exponentials = np.exp(values - values.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "softmax": _softmax,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "softplus": lambda x: np.logaddexp(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "selu": lambda x: 1.05070098 * np.where(x > 0, x, 1.67326324 * np.expm1(np.minimum(x, 0))),
    "gelu": lambda x: x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))) / 2,
}

_STEPS: dict[str, Callable[[np.ndarray, Answer, Sequence[np.ndarray]], np.ndarray]] = {
    "Conv2D": _step_conv,
    "Dense": _step_dense,
    "MaxPooling2D": _step_pool,
    "AveragePooling2D": _step_pool,
    "GlobalMaxPooling2D": lambda x, layer, w: x.max(axis=(1, 2)),
    "GlobalAveragePooling2D": lambda x, layer, w: x.mean(axis=(1, 2)),
    "BatchNormalization": _step_normalise,
    "ZeroPadding2D": _step_zero_padding,
    "Flatten": lambda x, layer, w: x.reshape(len(x), -1),
    "Reshape": lambda x, layer, w: x.reshape(len(x), *layer["target_shape"]),
    "Rescaling": lambda x, layer, w: x * layer["scale"] + layer["offset"],
    "ReLU": lambda x, layer, w: _step_relu(x, layer),
    "ELU": lambda x, layer, w: np.where(x > 0, x, layer.get("alpha", 1) * np.expm1(np.minimum(x, 0))),
    "Relu": lambda x, layer, w: np.maximum(x, 0),
    "LeakyReLU": lambda x, layer, w: np.where(x > 0, x, layer["negative_slope"] * x),
    "Softmax": lambda x, layer, w: _softmax(x),
    "Sigmoid": lambda x, layer, w: 1 / (1 + np.exp(-x)),
    "Tanh": lambda x, layer, w: np.tanh(x),
    # These do nothing outside training, or nothing but what `activation` says.
    **{
        kind: lambda x, layer, w: x
        for kind in (
            "InputLayer",
            "Activation",
            "Dropout",
            "SpatialDropout2D",
            "GaussianNoise",
            "GaussianDropout",
        )
    },
}


# ------------------------------------------------------------------------------------ tasks 5 and 7: training

# A net that guesses is right for 1 picture in 10. After the few steps that grading allows, every sensible
# choice of batch size and epochs is far above the bound; see the figures at `tools.bound_training`.
_LEARNED = 0.4


def _cases_train(rng: np.random.Generator, data: Given) -> list[Case]:
    images, labels = _named_data(data, "test_images", "test_labels")
    rows = _some_rows(rng, len(images), 200)
    train = len(_named_data(data, "train_images")[0])
    return [Case({"images": images[rows]}, {"labels": labels[rows].astype(int), "train size": train})]


def _answer_train(model_name: str) -> Callable[[Given, Ask], Answer]:
    def answer(given: Given, ask: Ask) -> Answer:
        model = given.get(model_name)
        predicted: Answer = {"model": "missing"}
        if model is not None:
            try:
                predicted = {
                    "model": "Model",
                    "predictions": np.asarray(model(_like_the_notebook(given, ask["images"]))),
                }
            except Exception as error:  # the hyperparameters can be judged without the net
                predicted = {"model": f"{type(error).__name__}"}
        return {
            **predicted,
            "batch_size": _whole(given.get("batch_size")),
            "epochs": _whole(given.get("epochs")),
        }

    return answer


def _like_the_notebook(given: Given, images: np.ndarray) -> np.ndarray:
    """Pictures prepared as the student's net was given them: with their own task 1 where it works."""
    try:
        pixels = np.asarray(given["normalise_images"](images.copy()), np.float32)
        return pixels.reshape(*images.shape, 1)
    except Exception:
        return (images / 255).astype(np.float32)[..., np.newaxis]


def _whole(value: Any) -> int | str | None:
    """A whole number as int, None as None, and of anything else the kind of thing it is."""
    if value is None:
        return None
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value) if abs(int(value)) < 10**9 else say("training", "too_large")
    if isinstance(value, float | np.floating):
        return say("training", "fraction", value=float(value))
    return say("training", "other_type", kind=type(value).__name__)


def _judge_train(task: str, model_name: str) -> Callable[[Sequence[Case], Sequence[Answer]], list[Finding]]:
    def judge(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
        (case,), (answer,) = cases, answers
        if "error" in answer:
            return [Finding(say("any", "what_answer"), 0, 8, _error_words(task, answer["error"]))]
        batch, epochs = answer.get("batch_size"), answer.get("epochs")
        # The notebook keeps a tenth of the pictures for validation.
        batch_words = _batch_words(batch, int(case.truth["train size"] * 0.9))
        epochs_words = _epochs_words(epochs)
        if isinstance(batch, int) and isinstance(epochs, int) and batch < epochs and epochs > 100:
            epochs_words = f"{epochs_words} {say('training', 'swapped')}"
        chosen = batch is not None or epochs is not None
        return [
            Finding(
                "batch_size",
                0 if batch_words else 3,
                3,
                batch_words or say("training", "batch_right", batch=batch),
            ),
            Finding(
                "epochs",
                0 if epochs_words else 3,
                3,
                epochs_words or say("training", "epochs_right", epochs=epochs),
            ),
            _finding_learned(model_name, case, answer, chosen),
        ]

    return judge


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _batch_words(batch: Any, train_size: int) -> str:
    if batch is None:
        return say("training", "no_batch")
    if not _is_whole(batch):
        return say("training", "batch_not_whole", batch=batch)
    if batch < 1:
        return say("training", "batch_empty", batch=batch)
    if batch < 8:
        return say("training", "batch_small", batch=batch, train_size=train_size, steps=train_size // batch)
    if batch > 1024:
        return say(
            "training", "batch_large", batch=batch, train_size=train_size, steps=-(-train_size // batch)
        )
    return ""


def _epochs_words(epochs: Any) -> str:
    if epochs is None:
        return say("training", "no_epochs")
    if not _is_whole(epochs):
        return say("training", "epochs_not_whole", epochs=epochs)
    if epochs < 1:
        return say("training", "epochs_none", epochs=epochs)
    if epochs < 2:
        return say("training", "epochs_single")
    if epochs > 100:
        return say("training", "epochs_many", epochs=epochs)
    return ""


def _finding_learned(model_name: str, case: Case, answer: Answer, chosen: bool) -> Finding:
    labels, predictions = case.truth["labels"], _array(answer, "predictions")
    what = say("training", "what_learned")
    if not chosen:
        return Finding(what, 0, 2, say("training", "choose_first"))
    if answer.get("model") == "missing":
        return Finding(what, 0, 2, say("training", "no_model", model=model_name))
    if predictions is None or predictions.shape != (len(labels), 10) or not np.isfinite(predictions).all():
        message = say("training", "not_ten_numbers", model=model_name)
        return Finding(what, 0, 2, message)
    accuracy = float((predictions.argmax(axis=1) == labels).mean())
    if accuracy >= _LEARNED:
        return Finding(what, 2, 2, say("training", "learned", accuracy=accuracy))
    explanation = say("training", "look_before")
    for by in (-1, 1):
        if float((predictions.argmax(axis=1) == (labels + by) % 10).mean()) >= _LEARNED:
            explanation = say("training", "neighbours")
    return Finding(what, 0, 2, f"{say('training', 'guesses', accuracy=accuracy)} {explanation}")


# ----------------------------------------------------------------------------------------- task 10: the model

_OPTIMISERS = ("Adadelta", "Adagrad", "Adam")


def _cases_cifar_model(rng: np.random.Generator, data: Given) -> list[Case]:
    images = rng.random((2, 32, 32, 3), dtype=np.float32)
    ask = {"sample_shape": [32, 32, 3], "nb_classes": 10, "seed": int(rng.integers(2**31)), "images": images}
    return [Case({**ask, **_loss_example(rng)})]


def _loss_example(rng: np.random.Generator) -> Ask:
    """One-hot labels and shares of classes, (6, 10) each: what a loss gives for them tells which it is."""
    classes = rng.integers(0, 10, 6)
    # Half of the rows are right, and no share is above a half: accuracy 0.5, precision and recall 0.
    likeliest = np.where(np.arange(6) < 3, classes, (classes + 1 + rng.integers(0, 9, 6)) % 10)
    shares = 0.35 * np.eye(10)[likeliest] + 0.65 * rng.dirichlet(np.full(10, 20.0), 6)
    return {
        "loss labels": np.eye(10, dtype=np.float32)[classes],
        "loss predictions": shares.astype(np.float32),
    }


def _answer_cifar_model(given: Given, ask: Ask) -> Answer:
    model = given.get("cifar_model")
    if model is None:
        return {"kind": "NoneType"}
    if not hasattr(model, "get_compile_config"):
        return {"kind": type(model).__name__}
    optimiser = getattr(model, "optimizer", None)
    compiled: dict[str, Any] = {"optimiser": type(optimiser).__name__ if optimiser is not None else None}
    if optimiser is not None:
        compiled["learning rate"] = float(np.asarray(optimiser.learning_rate))
        compiled["metrics"] = _metric_values(model, ask["loss labels"], ask["loss predictions"])
        compiled["loss"] = _loss_value(
            getattr(model, "loss", None), ask["loss labels"], ask["loss predictions"]
        )
    try:
        return {**_described(model, ask), **compiled}
    except Exception as error:  # a net that can't take these pictures may still be compiled as asked
        return {"kind": "Model", "layers": None, "net error": f"{type(error).__name__}", **compiled}


def _metric_values(model: Any, labels: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    """What the model's own metrics give for these labels and predictions, by name; they are reset."""
    try:
        model.reset_metrics()
        values = model.compute_metrics(None, labels, predictions)
        return {
            str(key): float(np.asarray(value)) for key, value in list(values.items())[:20] if key != "loss"
        }
    except Exception:
        return {}
    finally:
        model.reset_metrics()


def _loss_value(loss: Any, labels: np.ndarray, predictions: np.ndarray) -> float | None:
    """What the model's own loss gives for these labels and predictions, whichever way it was named."""
    import keras

    if isinstance(loss, list | tuple | dict) and len(loss) == 1:  # one output, one loss
        (loss,) = loss.values() if isinstance(loss, dict) else loss
    try:
        return float(np.mean(np.asarray(keras.losses.get(loss)(labels, predictions))))
    except Exception:
        return None


def _judge_cifar_model(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [Finding(say("cifar_model", "what_model"), 0, 8, _error_words("cifar_model", answer["error"]))]
    if answer.get("kind") == "NoneType":
        return [
            Finding(
                say("cifar_model", "what_model"),
                0,
                8,
                say("cifar_model", "is_none"),
            )
        ]
    if answer.get("kind") != "Model":
        message = say("cifar_model", "other_kind", kind=answer.get("kind"))
        if answer.get("kind") == "function":
            message = f"{message} {say('cifar_model', 'is_function')}"
        return [Finding(say("cifar_model", "what_model"), 0, 8, message)]
    net = _finding_cifar_net(case, answer)
    if answer.get("optimiser") is None:
        message = say("cifar_model", "not_compiled")
        return [net, Finding(say("cifar_model", "what_compiled"), 0, 4, message)]
    return [net, _finding_optimiser(answer), *_findings_loss(case, answer)]


def _finding_cifar_net(case: Case, answer: Answer) -> Finding:
    what = say("cifar_model", "what_net")
    for net in ("net_1", "net_2"):
        if _computes(net, case.ask, answer):
            return Finding(what, 4, 4, net)
    if "net error" in answer:
        message = say("cifar_model", "no_cifar_pictures")
        return Finding(what, 0, 4, message)
    output = _array(answer, "output")
    if output is not None and output.shape[-1] != 10:
        message = say("cifar_model", "other_outputs", outputs=output.shape[-1])
        return Finding(what, 0, 4, message)
    return Finding(what, 0, 4, say("cifar_model", "neither_net"))


def _finding_optimiser(answer: Answer) -> Finding:
    what = say("cifar_model", "what_optimiser")
    name, rate = answer.get("optimiser"), _number(answer, "learning rate")
    if name not in _OPTIMISERS:
        message = say("cifar_model", "other_optimiser", name=name, optimisers=", ".join(_OPTIMISERS))
        return Finding(what, 0, 2, message)
    if rate is None or not 0 < rate <= 10:
        return Finding(
            what,
            0,
            2,
            say("cifar_model", "rate_unusable", name=name, rate=rate if rate is None else format(rate, "g")),
        )
    slow = name == "Adadelta" and rate < 0.1
    message = say("cifar_model", "slow_rate", name=name, rate=rate) if slow else str(name)
    return Finding(what, 2, 2, message)


def _is_cross_entropy(case: Case, answer: Answer) -> bool:
    labels, predictions = case.ask["loss labels"], case.ask["loss predictions"]
    expected = float(-np.log((labels * predictions).sum(axis=1)).mean())
    came = _number(answer, "loss")
    return came is not None and abs(came - expected) < 1e-3


def _findings_loss(case: Case, answer: Answer) -> list[Finding]:
    if _is_cross_entropy(case, answer):
        loss = Finding(say("cifar_model", "what_loss"), 1, 1, say("cifar_model", "loss_right"))
    else:
        message = say("cifar_model", "loss_wrong")
        loss = Finding(say("cifar_model", "what_loss"), 0, 1, message)
    what = say("cifar_model", "what_metric")
    metrics = answer.get("metrics")
    metrics = metrics if isinstance(metrics, dict) else {}
    labels, predictions = case.ask["loss labels"], case.ask["loss predictions"]
    expected = float((labels.argmax(axis=1) == predictions.argmax(axis=1)).mean())
    if any(abs(value - expected) < 1e-3 for name in metrics if (value := _number(metrics, name)) is not None):
        return [loss, Finding(what, 1, 1, say("cifar_model", "metric_right"))]
    if metrics:
        message = say("cifar_model", "metric_wrong", metrics=", ".join(metrics)[:80])
        return [loss, Finding(what, 0, 1, message)]
    message = say("cifar_model", "no_metric")
    return [loss, Finding(what, 0, 1, message)]


# --------------------------------------------------------------------------------- task 11: the training cell


# So many test pictures are predicted by the check itself: all of them in quick mode and in grading.
_SCORED = 500


def _cases_cifar_training(rng: np.random.Generator, data: Given) -> list[Case]:
    images, labels, train = _named_data(data, "cifar_test_images", "cifar_test_labels", "cifar_train_images")
    rows = _some_rows(rng, len(images), _SCORED)
    truth = {
        "labels": labels[rows].reshape(-1).astype(int),
        "test size": len(images),
        "train size": len(train),
    }
    return [Case({"rows": rows, "images": images[rows], **_loss_example(rng)}, truth)]


def _answer_cifar_training(given: Given, ask: Ask) -> Answer:
    history: Any = given.get("cifar_history")
    score = given.get("cifar_score")
    answer: dict[str, Any] = {"history": type(history).__name__, "score": None, "predictions": None}
    if hasattr(history, "params") and hasattr(history, "history"):
        answer["epochs"] = _whole(history.params.get("epochs"))
        answer["steps"] = _whole(history.params.get("steps"))
        answer["curves"] = {str(key): _floats(values) for key, values in history.history.items()}
    answer["score kind"] = type(score).__name__
    if isinstance(score, list | tuple | np.ndarray):
        answer["score"] = _floats(score)
    answer["axes"], answer["figure"] = _axes(given.get("cifar_figure"))
    model = given.get("cifar_model")
    if callable(model) and hasattr(model, "layers"):
        answer["loss"] = _loss_value(
            getattr(model, "loss", None), ask["loss labels"], ask["loss predictions"]
        )
        try:
            answer["predictions"] = np.asarray(model(_prepared_pictures(given.get("cifar_x_test"), ask)))
        except Exception:  # fit and figure can be judged without them
            answer["predictions"] = None
    return answer


def _prepared_pictures(own: Any, ask: Ask) -> np.ndarray:
    """The asked test pictures as the student prepared them; a mistake there has cost its points in task 9."""
    if isinstance(own, np.ndarray) and own.ndim == 4 and len(own) > max(ask["rows"]):
        return own[ask["rows"]].astype(np.float32)
    return (ask["images"] / 255).astype(np.float32)


def _floats(values: Any) -> list[float]:
    try:
        values = list(values)[:1000]
        return [] if any(isinstance(value, str) for value in values) else [float(value) for value in values]
    except (TypeError, ValueError):
        return []


def _axes(figure: Any) -> tuple[list[Answer], str]:
    """The axes of a Matplotlib figure: whether they are labelled, and the heights of their lines."""
    axes = getattr(figure, "axes", None)
    if not isinstance(axes, list):
        return [], type(figure).__name__
    plain: list[Answer] = []
    for part in axes[:20]:
        lines = [_floats(line.get_ydata()) for line in part.get_lines()[:20]]
        title = part.get_title() or part.get_title(loc="left") or part.get_title(loc="right")
        texts = [part.get_ylabel(), title, part.get_xlabel()]
        plain.append({"lines": lines, "y": str(texts[0] or texts[1])[:80], "x": str(texts[2])[:80]})
    return plain, "Figure"


def _judge_cifar_training(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    (case,), (answer,) = cases, answers
    if "error" in answer:
        return [
            Finding(
                say("cifar_training", "what_training"), 0, 10, _error_words("cifar_training", answer["error"])
            )
        ]
    return [*_findings_history(case, answer), _finding_curves(answer), _finding_score(case, answer)]


def _findings_history(case: Case, answer: Answer) -> list[Finding]:
    curves = answer.get("curves")
    if not isinstance(curves, dict):
        message = {
            "NoneType": say("cifar_training", "history_none"),
            "dict": say("cifar_training", "history_dictionary"),
        }.get(
            str(answer.get("history")),
            say("cifar_training", "history_other", kind=answer.get("history")),
        )
        return [Finding(say("cifar_training", "what_fit"), 0, 6, message)]
    epochs, steps, size = answer.get("epochs"), answer.get("steps"), case.truth["train size"]
    if epochs == 30:
        findings = [Finding(say("cifar_training", "what_epochs"), 2, 2)]
    else:
        message = (
            say("cifar_training", "epochs", epochs=epochs)
            if _is_whole(epochs)
            else say("cifar_training", "epochs_unknown")
        )
        findings = [Finding(say("cifar_training", "what_epochs"), 0, 2, message)]
    batch, split = _batch_and_split(steps, size, "val_loss" in curves)
    if batch == 128:
        findings.append(Finding(say("cifar_training", "what_batches"), 2, 2))
    else:
        message = (
            say("cifar_training", "batch", steps=steps, batch=batch)
            if batch
            else say("cifar_training", "steps")
        )
        if batch == 32:
            message = f"{message} {say('cifar_training', 'batch_default')}"
        findings.append(Finding(say("cifar_training", "what_batches"), 0, 2, message))
    findings.append(_finding_split(split, "val_loss" in curves))
    return findings


def _batch_and_split(steps: Any, size: int, validated: bool) -> tuple[int | None, float | None]:
    """Batch size and validation split that explain the steps of an epoch, preferring those asked for.

    Batch sizes are told apart as far as the number of steps tells: 124 to 133 of 1,600 give 13 steps.
    """
    if not _is_whole(steps) or steps < 1:
        return None, None
    # Keras keeps floor(n · (1 − split)) pictures for training.
    splits = [0.2, 0.0, 0.1, 0.25, 0.3, 0.33, 0.5, 0.8] if validated else [0.0]
    kept = {split: int(size * (1 - split)) for split in splits}
    for split in splits:
        if -(-kept[split] // 128) == steps:
            return 128, split
    for batch in (32, 64, 256, 16, 100, 50, 200, 512, 1000, 8, 1):
        if -(-kept[splits[0]] // batch) == steps:
            return batch, splits[0]
    return -(-kept[splits[0]] // steps), splits[0]


def _finding_split(split: float | None, validated: bool) -> Finding:
    what = say("cifar_training", "what_split")
    if not validated:
        message = say("cifar_training", "no_validation")
        return Finding(what, 0, 2, message)
    if split is None:
        return Finding(what, 0, 2, say("cifar_training", "split_unknown"))
    if split == 0.0:
        message = say("cifar_training", "other_validation")
        return Finding(what, 0, 2, message)
    if split != 0.2:
        return Finding(what, 0, 2, say("cifar_training", "split", split=split))
    return Finding(what, 2, 2)


def _finding_curves(answer: Answer) -> Finding:
    what = say("cifar_training", "what_curves")
    curves, axes = answer.get("curves"), answer.get("axes")
    if answer.get("figure") == "NoneType":
        return Finding(what, 0, 2, say("cifar_training", "figure_none"))
    if answer.get("figure") != "Figure" or not isinstance(axes, list):
        message = say("cifar_training", "figure_other", kind=answer.get("figure"))
        return Finding(what, 0, 2, message)
    if not isinstance(curves, dict):
        return Finding(what, 0, 2, say("cifar_training", "no_training"))
    accuracy = next((key for key in curves if "acc" in key and not key.startswith("val_")), "accuracy")
    found = {curve: _axis_with(axes, curves, curve) for curve in ("loss", accuracy)}
    said = []
    for curve, axis in found.items():
        if axis is None:
            said.append(say("cifar_training", "curve_missing", curve=curve))
        elif not axis.get("y"):
            said.append(say("cifar_training", "curve_unlabelled", curve=curve))
    if not said and found["loss"] is found[accuracy]:
        said.append(say("cifar_training", "curves_together"))
    worth = 2 if not said else 1 * any(axis is not None for axis in found.values())
    return Finding(what, worth, 2, " ".join(said))


def _axis_with(axes: Sequence[Answer], curves: Given, what: str) -> Answer | None:
    """The axes that hold the training and the validation curve of ``what``."""
    wanted = [np.array(curves.get(key, [])) for key in (what, f"val_{what}")]
    for axis in axes:
        lines = [np.array(line) for line in axis.get("lines", [])]
        # Shares may be drawn in per cent; a training that went wild has NaN in its curves.
        for factor in (1,) if what == "loss" else (1, 100):
            if all(
                len(w)
                and any(
                    line.shape == w.shape
                    and np.allclose(line, factor * w, rtol=0, atol=1e-6 * factor, equal_nan=True)
                    for line in lines
                )
                for w in wanted
            ):
                return axis
    return None


def _finding_score(case: Case, answer: Answer) -> Finding:
    what = say("cifar_training", "what_score")
    score, predictions, labels = answer.get("score"), _array(answer, "predictions"), case.truth["labels"]
    if not isinstance(score, list) or len(score) < 2:
        kind = answer.get("score kind")
        message = (
            say("cifar_training", "score_none")
            if kind == "NoneType"
            else say("cifar_training", "score_other", kind=kind)
        )
        return Finding(what, 0, 2, message)
    if predictions is None or predictions.shape != (len(labels), 10):
        return Finding(what, 0, 2, say("cifar_training", "no_predictions"))
    accuracy = float((predictions.argmax(axis=1) == labels).mean())
    # All pictures tell the score to the last digit; a part of them to four standard deviations (binomial).
    whole = case.truth["test size"] == len(labels)
    margin = 0.001 if whole else 4 * float(np.sqrt(max(accuracy * (1 - accuracy), 0.02) / len(labels)))
    loss_fits, loss = True, float("nan")
    shares_of_one = np.allclose(predictions.sum(axis=1), 1, atol=1e-3)
    if whole and shares_of_one and _is_cross_entropy(case, answer):
        # Keras keeps every share above 1e-7, so that no logarithm is infinite.
        shares = np.clip(predictions[np.arange(len(labels)), labels], 1e-7, 1)
        loss = float(-np.log(shares).mean())
        loss_fits = bool(np.isclose(score[0], loss, rtol=0.02, atol=1e-3))
    if np.isfinite(score).all() and abs(score[1] - accuracy) <= margin and loss_fits:
        return Finding(what, 2, 2, say("cifar_training", "score_right", accuracy=score[1]))
    if abs(score[0] - accuracy) <= margin:
        message = say("cifar_training", "score_swapped")
        return Finding(what, 0, 2, message)
    if abs(score[1] / 100 - accuracy) <= margin and score[1] > 1:
        return Finding(what, 0, 2, say("cifar_training", "score_per_cent"))
    if np.isfinite(loss) and abs(score[1] - accuracy) <= max(margin, 0.0051):
        message = say(
            "cifar_training",
            "score_close",
            accuracy=accuracy,
            loss=loss,
            told_accuracy=score[1],
            told_loss=score[0],
        )
        return Finding(what, 0, 2, message)
    message = say("cifar_training", "score_far", accuracy=accuracy, told=score[1])
    return Finding(what, 0, 2, message)


# ----------------------------------------------------------------------------------------- extra: the own net


def _judge_net_3(cases: Sequence[Case], answers: Sequence[Answer]) -> list[Finding]:
    case, answer = cases[0], answers[0]
    if reason := _no_answer("net_3", answers):
        return [Finding(say("any", "what_answer"), 0, 0, reason)]
    if not _is_model(answer):
        return [
            Finding(
                say("nets", "what_model"),
                0,
                0,
                _error_words("net_3", str(answer.get("error", say("net_3", "no_model")))),
            )
        ]
    kinds = [layer["kind"] for layer in answer["layers"]]
    output = _array(answer, "output")
    classes = case.ask["nb_classes"]
    shares = (
        output is not None and output.shape == (3, classes) and np.allclose(output.sum(axis=1), 1, atol=1e-3)
    )
    looked_at = (
        (say("net_3", "what_shares"), bool(shares), say("net_3", "no_shares")),
        (
            say("net_3", "what_convolutions"),
            sum("Conv" in k for k in kinds) > 2,
            say("net_3", "few_convolutions"),
        ),
        (say("net_3", "what_dropout"), any("Dropout" in k for k in kinds), say("net_3", "no_dropout")),
        (
            say("net_3", "what_normalisation"),
            "BatchNormalization" in kinds,
            say("net_3", "no_normalisation"),
        ),
    )
    return [Finding(what, 1 * there, 0, "" if there else message) for what, there, message in looked_at]


# -------------------------------------------------------------------------------------------------- the tasks

TASKS: dict[str, Task] = {
    "normalise_images": Task(
        8,
        _cases_normalise_images,
        _answer_normalise_images,
        _judge_normalise_images,
        _hints("normalise_images"),
    ),
    "channel_axis": Task(
        4,
        _rows_cases("train_images", "test_images"),
        _answer_rows("x_train", "x_test", "train_pixels", "test_pixels"),
        _judge_channel_axis,
        _hints("channel_axis"),
    ),
    "one_hot": Task(
        10,
        _cases_one_hot,
        _answer_one_hot,
        _judge_one_hot,
        _hints("one_hot"),
    ),
    "net_1": Task(
        14,
        _cases_net,
        _answer_net("net_1"),
        _judge_net("net_1"),
        _hints("net_1"),
    ),
    "train_net_1": Task(
        8,
        _cases_train,
        _answer_train("model_1"),
        _judge_train("train_net_1", "model_1"),
        _hints("train_net_1"),
    ),
    "net_2": Task(
        12,
        _cases_net,
        _answer_net("net_2"),
        _judge_net("net_2"),
        _hints("net_2"),
    ),
    "train_net_2": Task(
        8,
        _cases_train,
        _answer_train("model_2"),
        _judge_train("train_net_2", "model_2"),
        _hints("train_net_2"),
    ),
    "cifar_labels": Task(
        4,
        _rows_cases("cifar_train_labels", "cifar_test_labels", labels=True),
        _answer_rows("cifar_y_train", "cifar_y_test"),
        _judge_cifar_labels,
        _hints("cifar_labels"),
    ),
    "cifar_images": Task(
        4,
        _rows_cases("cifar_train_images", "cifar_test_images"),
        _answer_rows("cifar_x_train", "cifar_x_test"),
        _judge_cifar_images,
        _hints("cifar_images"),
    ),
    "cifar_model": Task(
        8,
        _cases_cifar_model,
        _answer_cifar_model,
        _judge_cifar_model,
        _hints("cifar_model"),
    ),
    "cifar_training": Task(
        10,
        _cases_cifar_training,
        _answer_cifar_training,
        _judge_cifar_training,
        _hints("cifar_training"),
    ),
    "net_3": Task(
        0,
        _cases_net,
        _answer_net("net_3"),
        _judge_net_3,
        _hints("net_3"),
    ),
}
