# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Convolutional networks
#
# You know what a dense layer is. In this notebook you teach a computer to read handwritten digits, with a kind of
# layer that was made for pictures. Then you do the same for small photographs, with less help.
#
# | part | what happens | your tasks |
# |---|---|---|
# | 1–3 | pictures and labels become numbers | 1, 2, 3 |
# | 4–6 | convolution, padding, stride, pooling | two for practice |
# | 7–9 | two nets that read digits | 4, 5, 6, 7 |
# | 10–12 | ten classes of colour pictures | 8, 9, 10, 11, 12 |
#
# **How it works.** Run the cells from top to bottom with Shift + Enter. A cell with `YOUR CODE HERE` waits for you.
# Below it is a check that you can run as often as you like. It gives points, says what it saw, and has hints:
# `tests.hint('one_hot', 1)` asks you a question, level 2 shows where to look, level 3 nearly says it.
#
# **Guess before you look.** A question in bold type is worth ten seconds of your own thought: what you have guessed, you
# remember far better. And there are figures to play with, by mouse or by keyboard (Tab, arrow keys, Space).
#
# **After a break.** A kernel that has been restarted has forgotten everything, even if its results still stand on the
# page. Click on the cell where you want to go on, and choose *Run → Run All Above Selected Cell* in the menu.
# This takes about as long as the trainings above it.
#
# Here is where it begins. You see a digit; the computer sees a table of numbers.
#
# ![Moving picture: a handwritten digit of 28 × 28 grey pixels, seen from nearer and nearer, until one can read the number in each of 7 × 7 pixels, and then from farther away again. Black pixels hold 0, white ones 255 or nearly so, and grey ones at the edge of the stroke numbers in between.](figures/digit.webp)

# %% [markdown]
# ## Set-up
#
# This cell loads what the first pictures need: NumPy, Matplotlib, and the course's own modules.

# %% nbgrader={"grade": false, "grade_id": "set_up", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it on import: no log lines
for name in ("tools/__init__.py", "play/__init__.py", "checks/__init__.py", "problem_unittests.py"):
    above = (Path.cwd(), *Path.cwd().parents)
    folder = next((folder for folder in above if (folder / name).exists()), None)
    if folder is None:
        wanted = name.partition("/")[0]
        sentence = f"{wanted} is missing: put it beside this notebook and run this cell again."
        missing = FileNotFoundError(sentence)
        missing._render_traceback_ = [sentence].copy  # Jupyter shows this sentence, and no traceback
        raise missing
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import play
import problem_unittests as tests
import tools

SEED = 7
NUMBER_CLASSES = 10
tools.style()
tests.watch()  # an answer cell that stops: its check says with which error
print(f"Ready: NumPy {np.__version__}.")

# %% [markdown]
# ## 1 · Pictures are matrices
#
# A computer has no pictures, only numbers. A grey picture is a **matrix** with one number per pixel.
# Stored with 8 bits, this number is one of 256: from 0, which is black, to 255, which is white.
#
# **Before you run the next cell:** what do you expect to see?

# %%
arrow = np.array(
    [
        [0, 0, 255, 0, 0],
        [0, 255, 200, 255, 0],
        [255, 0, 200, 0, 255],
        [0, 0, 200, 0, 0],
        [0, 0, 200, 0, 0],
    ],
    dtype=np.uint8,
)
tools.show_matrix(arrow, title="a picture of 5 rows and 5 columns")
print("arrow[0, 2] is in row 0, column 2:", arrow[0, 2])

# %% [markdown]
# A colour picture needs three numbers per pixel: how much red, how much green and how much blue. So it has a third
# axis, the **channels**, and its shape is (height, width, 3).
#
# Here is a photograph of 32 × 32 pixels. **In which of the three channels will the wall be bright?**

# %%
photographs, photograph_labels = tools.load_sample("cifar10")
tools.show_gallery(
    [photographs[6]], ["an automobile"], columns=1, about="A photograph of 32 × 32 pixels", share=0.3
)
print("shape:", photographs[6].shape)

# %% [markdown]
# ![Four pictures of 32 × 32 pixels side by side: a photograph of an automobile in front of a wall, and its red, its green and its blue channel, each as a grey picture in which bright means much of that colour. The pixel in row 5, column 5, on the wall, holds 156 for red, 26 for green and 6 for blue.](figures/channels.webp)

# %%
print("a pixel of the wall, in row 5 and column 5:", photographs[6][5, 5])

# %% [markdown]
# **In short**
# - A grey picture is a matrix of shape (height, width).
# - A colour picture has shape (height, width, 3): red, green, blue.
# - With 8 bits, the numbers go from 0 to 255.

# %% [markdown]
# ## 2 · Handwritten digits: MNIST
#
# MNIST has 70,000 digits, written by employees of the US Census Bureau and by high-school students, and prepared for
# machine learning by LeCun, Cortes and Burges. Each is a grey picture of 28 × 28 pixels with a label from 0 to 9.
# 60,000 are for training, 10,000 for testing.
#
# The digits come with **Keras**, the library that we build nets with. Importing it takes a few seconds, so we have left it
# until now. **pandas**, which makes tables, comes along.

# %% nbgrader={"grade": false, "grade_id": "import_keras", "locked": true, "schema_version": 3, "solution": false, "task": false}
with tools.quiet():  # TensorFlow greets its developers
    import keras
import pandas as pd

tools.share_gpu()  # take no more of a graphics card than is needed: others may use it as well
keras.utils.set_random_seed(SEED)
if tools.grading():  # nbgrader only looks whether a net learns at all
    tools.bound_training()
else:  # a history remembers what fit() was asked for, for the checks
    tools.note_training()
print(f"Ready: Keras {keras.__version__}.")

# %% [markdown]
# Without a graphics card, training on all pictures takes long. *Quick mode* uses a few thousand of them: the results are a
# little worse, and you wait a minute instead of an hour. How long it takes here, this cell measures.

# %%
QUICK = not tools.has_gpu()  # quick mode, where there is no GPU; for a full run: QUICK = False
if tools.gains_from_half_precision():  # a newer graphics card: 16 bits a number instead of 32 where that will do
    keras.config.set_dtype_policy("mixed_float16")
tools.say_where(quick=QUICK)

# %% [markdown]
# Keras loads MNIST with `keras.datasets.mnist.load_data()`, and `tools.load` calls exactly that. It also cuts the set down
# in quick mode, and helps out when there is no network.

# %% nbgrader={"grade": false, "grade_id": "load_mnist", "locked": true, "schema_version": 3, "solution": false, "task": false}
(train_images, train_labels), (test_images, test_labels) = tools.load(
    keras.datasets.mnist, quick=QUICK
)

# %% [markdown]
# **What are the shapes?** Before you run the cell: how many axes do the pictures have, and how many do the labels have?

# %%
for name in ("train_images", "train_labels", "test_images", "test_labels"):
    print(f"{name:13} shape {globals()[name].shape!s:16} {globals()[name].dtype}")

# %% [markdown]
# The first axis counts the pictures; the other two are the rows and columns of each. Here is one with its pixel grid.

# %%
tools.show_pixels(train_images[0], title=f"the first digit, label {train_labels[0]}")

# %% [markdown]
# Zoom in until you can read the numbers, and compare the rim of a stroke with its middle.

# %%
play.zoom_into_pixels(train_images[0], train_labels[0])

# %% [markdown]
# And here are ten more digits.

# %%
titles = [f"label {label}" for label in train_labels[1:11]]
tools.show_gallery(train_images[1:11], titles, about="Ten digits")

# %% [markdown]
# ### Normalising
#
# Nets learn best from small numbers. Their weights start near 0, so with inputs of up to 255 the first sums would be huge,
# and the first steps as well. That is why we scale the pixels to the range from 0 to 1.
#
# **Think first:** which number do you divide by, so that black stays 0 and the brightest *possible* white becomes 1?

# %% [markdown]
# <div class="course-task">
#
# **Task 1 (8 points).** Write `normalise_images(images)`. It takes 8-bit pictures (`uint8`) and returns floats from
# 0 to 1 in the same shape. It works for any number of axes and does not change the array that it is given.
#
# Example: the pixels `0, 51, 255` become `0.0, 0.2, 1.0`.
#
# Floats of 32 bits are precise enough, and need half the memory of 64 bits. Stuck? `tests.hint('normalise_images', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "normalise_images", "locked": false, "schema_version": 3, "solution": true, "task": false}
def normalise_images(images):
    """8-bit pictures as floats from 0 to 1, in the same shape."""
    ### BEGIN SOLUTION
    return images.astype(np.float32) / 255
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_normalise_images", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
tests.test_normalize_images(normalise_images)

# %% [markdown]
# Now we use your function. The results get new names, so that nothing is divided twice when you run a cell again.

# %% nbgrader={"grade": false, "grade_id": "use_normalise_images", "locked": true, "schema_version": 3, "solution": false, "task": false}
train_pixels = normalise_images(train_images)
test_pixels = normalise_images(test_images)
if tools.filled("task 1", train_pixels, test_pixels):
    print(f"train_pixels from {train_pixels.min():g} to {train_pixels.max():g}, {train_pixels.dtype}")

# %% [markdown]
# ### The channel axis
#
# A convolution layer of Keras expects pictures of shape (height, width, **channels**). A colour picture has 3 channels.
# How many does a grey one have, and what is then the shape of a whole set of them?

# %% [markdown]
# <div class="course-task">
#
# **Task 2 (4 points).** Make `x_train` from `train_pixels` and `x_test` from `test_pixels`: the same numbers with one
# more axis at the end.
#
# Example: the shape (4000, 28, 28) becomes (4000, 28, 28, 1). Don't write the number of pictures into your code: a full
# run has more of them than grading. Stuck? `tests.hint('channel_axis', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "channel_axis", "locked": false, "schema_version": 3, "solution": true, "task": false}
x_train = None  # your array, (n, 28, 28, 1)
x_test = None  # your array, (n, 28, 28, 1)
### BEGIN SOLUTION
x_train = train_pixels[..., np.newaxis]
x_test = test_pixels[..., np.newaxis]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_channel_axis", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
tests.test_channel_axis(globals())

# %%
if tools.filled("task 2", x_train, x_test):
    print(f"x_train: from shape {np.shape(train_images)} to {np.shape(x_train)}")
    print(f"x_test:  from shape {np.shape(test_images)} to {np.shape(x_test)}")

# %% [markdown]
# **In short**
# - MNIST's pictures have 28 × 28 grey pixels, and a label from 0 to 9 each.
# - Dividing by the largest value that 8 bits can hold gives numbers from 0 to 1.
# - Convolution layers expect a channel axis, even where there is only one channel.

# %% [markdown]
# ## 3 · Labels as vectors: one-hot encoding
#
# A label is a name, not an amount. A 9 is not three times a 3, and a net that wavers between 3 and 5 should not answer 4.
# So we don't ask the net for one number. We ask for ten: one for each class.
#
# The right answer is then a vector with a 1 at the position of its class, and 0 everywhere else. This is called **one-hot
# encoding**.

# %% [markdown]
# ![Moving picture: the labels 5, 0, 4 and 9 turn into rows of ten numbers, one number for each class from 0 to 9. Each row gets a 1 in the column of its label and 0 elsewhere: for 5 in column 5, for 0 in the first column, for 4 in column 4, for 9 in the last.](figures/one_hot.webp)
#
# ### Why it goes well with softmax
#
# The last layer of our nets is a **softmax**. It turns ten numbers $z_0, \dots, z_9$ into ten probabilities:
#
# $$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}$$
#
# So the net's answer and the one-hot label have the same form: ten numbers that add up to 1. The **categorical
# cross-entropy** compares them. With the one-hot label $y$ it is $-\sum_k y_k \ln p_k$.
# All terms but one are 0. What is left is $-\ln p$, where $p$ is the probability that the net gives to the right class.

# %%
scores = np.array([1.0, 3.0, 0.5, 0, 0, 0, 0, 0, 0, 0])
probabilities = np.exp(scores) / np.exp(scores).sum()
print("softmax:", probabilities.round(2), "sum", probabilities.sum().round(6))
for right in (1, 2):
    print(f"cross-entropy if {right} is right: {-np.log(probabilities[right]):.2f}")

# %% [markdown]
# <div class="course-task">
#
# **Task 3 (10 points).** Write `one_hot(vector, number_classes)`. It takes labels of shape (n,) and returns an array of
# shape (n, number_classes): each row has a single 1, in the column of its label, and 0 elsewhere.
#
# Example: `one_hot(np.array([2, 0]), 4)` is
# ```
# [[0, 0, 1, 0],
#  [1, 0, 0, 0]]
# ```
# Mind the classes that don't occur among the labels: they have a column too. Stuck? `tests.hint('one_hot', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "one_hot", "locked": false, "schema_version": 3, "solution": true, "task": false}
def one_hot(vector, number_classes):
    """Labels (n,) as rows with a single 1, (n, number_classes)."""
    ### BEGIN SOLUTION
    return np.eye(number_classes, dtype=np.float32)[vector]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_one_hot", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
tests.test_one_hot(one_hot)

# %% nbgrader={"grade": false, "grade_id": "use_one_hot", "locked": true, "schema_version": 3, "solution": false, "task": false}
y_train = one_hot(train_labels, NUMBER_CLASSES)
y_test = one_hot(test_labels, NUMBER_CLASSES)
if tools.filled("task 3", y_train, y_test):
    print(f"the label {train_labels[0]} became {y_train[0]}")
    print(f"y_train: from shape {train_labels.shape} to {np.shape(y_train)}")
    print(f"y_test:  from shape {test_labels.shape} to {np.shape(y_test)}")

# %% [markdown]
# Keras has such a function too, `keras.utils.to_categorical`, and you will meet it in other people's code. Does it agree
# with yours?

# %%
if tools.filled("task 3", y_train):
    by_keras = keras.utils.to_categorical(train_labels, NUMBER_CLASSES)
    print("the same as to_categorical:", np.array_equal(y_train, by_keras))

# %% [markdown]
# **In short**
# - A label is a name, so each class gets a column of its own.
# - Softmax gives ten probabilities that add up to 1, the same form as a one-hot label.
# - Categorical cross-entropy is $-\ln$ of the probability that the right class got.

# %% [markdown]
# ## 4 · Why pictures ask for convolutions
#
# A dense layer sees 784 numbers in a row. If we mixed the pixels of all pictures in the same way, it would learn as well
# as before. It does not know which pixels are neighbours. Which of these two pictures can you read?

# %%
mixed = np.random.default_rng(SEED).permutation(28 * 28)
tools.show_gallery(
    [train_images[0], train_images[0].ravel()[mixed].reshape(28, 28)],
    ["as it was", "pixels mixed"],
    columns=2,
    about="A digit, and the same pixels in another order, in which nothing can be read",
    share=0.6,
)

# %% [markdown]
# Two things are special about pictures:
#
# 1. **Neighbours belong together.** An edge or a curve is made of pixels that lie side by side.
# 2. **The statistics don't depend on the position.** A short stroke looks the same in the upper left and in the lower right.
#    What finds it here can find it there.
#
# A convolution layer builds on both. Each output looks at a small window only, and the *same* weights serve at every
# position. **How many weights does that save?** Take 32 outputs at each of 26 × 26 positions.

# %%
outputs = 26 * 26 * 32
print(f"dense layer: {28 * 28 * outputs + outputs:>12,} weights")
print(f"convolution: {3 * 3 * 1 * 32 + 32:>12,} weights")

# %% [markdown]
# ### The sliding window
#
# Slide a 3 × 3 window over 5 × 5 pixels, one pixel at a time. **Before you read on:** how many positions are there?

# %% [markdown]
# ![Moving picture: a window of 3 × 3 pixels slides over a picture of 5 × 5 pixels, one pixel a step, row by row from the upper left to the lower right. Each position fills one square of the feature map. There are 9 positions, so the feature map has 3 × 3 numbers.](figures/sliding_window.webp)
#
# There are 3 × 3 = 9. At every position, the window's nine pixels are multiplied by nine weights, and the products are added up.
# The weights are called **kernel** or **filter**. The sums form a new matrix, the **feature map**.
#
# ### By hand
#
# Here is a picture, and a kernel that is not symmetric. **Work out the number for the framed position,** on paper if you like.

# %%
picture = np.array(
    [
        [3, 2, 0, 1, 3],
        [2, 1, 1, 3, 1],
        [2, 4, 0, 1, 2],
        [1, 0, 2, 2, 0],
        [0, 3, 1, 0, 1],
    ]
)
kernel = np.array(
    [
        [1, 0, -1],
        [2, 0, -1],
        [0, 1, 0],
    ]
)
tools.show_convolution(picture, kernel, place=(0, 0))

# %% [markdown]
# Nine products, one sum. Did you get the same? Then work out one more position before the window gets there.
#
# ![Moving picture: a kernel of 3 × 3 numbers stops at each of the nine positions in a picture of 5 × 5 numbers. At each position, nine products of a pixel and a weight are written out and added up, and the sum fills one square of the feature map. Picture, row by row: 3, 2, 0, 1, 3; 2, 1, 1, 3, 1; 2, 4, 0, 1, 2; 1, 0, 2, 2, 0; 0, 3, 1, 0, 1. Kernel: 1, 0, -1; 2, 0, -1; 0, 1, 0. Feature map: 10, 0, -1; 5, 7, 0; 5, 2, 2.](figures/worked_convolution.webp)

# %% [markdown]
# One more on paper, with zeros and ones only. The kernel is a cross. **Where is the sum largest, and how
# large can a sum be with this kernel?**

# %%
binary_picture = np.array(
    [
        [1, 1, 0, 0, 1],
        [0, 1, 1, 0, 0],
        [1, 1, 1, 1, 0],
        [0, 0, 1, 1, 1],
        [1, 0, 0, 1, 0],
    ]
)
cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
tools.show_convolution(binary_picture, cross)

# %% [markdown]
# Write down all nine sums before you run the next cell. With zeros and ones, a sum counts the pixels that the picture and the
# kernel have in common. So it is at most 5, where the picture holds the whole cross.

# %%
print(tools.convolve(binary_picture, cross).astype(int))

# %% [markdown]
# ### By code
#
# Two loops walk over the positions. The rest is one product and one sum.

# %%
feature_map = np.zeros((3, 3))
for row in range(3):
    for column in range(3):
        window = picture[row : row + 3, column : column + 3]
        feature_map[row, column] = (window * kernel).sum()
print(feature_map)
print("the same as tools.convolve:", np.array_equal(feature_map, tools.convolve(picture, kernel)))

# %% [markdown]
# ### Play with it
#
# Choose a picture and a kernel, and step through the positions or let it play. Some questions to answer by trying:
#
# 1. What does the blur kernel do with a single bright pixel?
# 2. With a padding of 1, which kernel size gives a feature map as large as the picture?
# 3. Can you type in a kernel that moves the picture one pixel to the left?

# %%
play.explore_convolution(
    {
        "the example": picture,
        "a dot": np.pad([[9]], 3),
        "an arrow": arrow / 255,
        "a digit": train_images[0] / 255,
    }
)

# %% [markdown]
# ### A word about the word
#
# In mathematics, a *convolution* flips the kernel first, left to right and upside down. What deep-learning libraries
# compute is the **cross-correlation**, without the flip. A net learns its kernels, so it could learn the flipped one as
# well. But you have to know it as soon as you use a kernel of your own.

# %%
print("as layers do it:\n", tools.convolve(picture, kernel))
print("with the flip:\n", tools.convolve(picture, np.flip(kernel)))

# %% [markdown]
# And Keras? We give a layer our kernel and compare.

# %%
layer = keras.layers.Conv2D(1, 3, use_bias=False)
layer.build((None, 5, 5, 1))
layer.set_weights([kernel.reshape(3, 3, 1, 1)])
by_keras = np.asarray(layer(picture.reshape(1, 5, 5, 1).astype(np.float32)))[0, :, :, 0]
print("Keras agrees with", "the layer's way" if np.allclose(by_keras, feature_map) else "the flip")

# %% [markdown]
# ### What kernels find
#
# A kernel with + on the left and − on the right gives a large sum where a picture is bright on the left and dark on the right.
# **Which sides of the digit will be bright in each map?** A net finds such kernels by itself.

# %%
edge = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]])
kernels = {
    "bright left,\ndark right": edge,
    "bright top,\ndark below": edge.T,
    "mean (blurs)": np.ones((3, 3)) / 9,
}
tools.show_feature_maps(train_images[0] / 255, kernels)

# %% [markdown]
# A layer has many kernels, $k$ say. At each position all of them look at the same window and give $k$ numbers, and so the
# whole layer makes $k$ feature maps. They are the *channels* of its output: 32 kernels make 32.

# %% [markdown]
# ### Several channels
#
# A kernel reaches through all channels of its input, and has weights of its own for each. **Does a kernel of 3 × 3 × 3 make
# three feature maps of a colour picture, or one?** Move the window over the automobile, and follow the sums.

# %%
play.explore_channels(
    photographs[6],
    {
        "red against green": np.stack([np.ones((3, 3)), -np.ones((3, 3)), np.zeros((3, 3))], axis=-1),
        "edge, in all channels": np.stack([edge, edge, edge], axis=-1),
        "blue alone": np.stack([np.zeros((3, 3)), np.zeros((3, 3)), np.ones((3, 3))], axis=-1),
    },
)

# %% [markdown]
# One map: the sums of the channels are added up. It is the same with 32 channels: there, 3 · 3 · 32 = 288 weights and a bias
# make one map. A layer of 64 such kernels has 3 · 3 · 32 · 64 weights and 64 biases.

# %% [markdown]
# ### A kernel that is learned
#
# Nobody types in the kernels of a net. Here, a kernel begins with nine zeros. It is shown fifty digits, and for each digit
# the feature map that another kernel made of it. In each step, all weights change a little, in the direction that brings
# the kernel's own maps nearer to these. This is **gradient descent**; the **learning rate** says how long the steps are.
#
# **Will it find the kernel that made the maps?** Guess, then press play. Two more things to try:
#
# 1. Does it find the blur as well?
# 2. Make the steps longer. From which learning rate on does it get worse instead of better?

# %%
play.learn_kernel(
    train_images[:50] / 255,
    {
        "bright left, dark right": edge,
        "bright top, dark below": edge.T,
        "mean (blurs)": np.ones((3, 3)) / 9,
    },
)

# %% [markdown]
# It arrives at the same nine weights: no other kernel makes the same maps of all these digits. A net learns its kernels in
# the same way, all of them at once. But nobody gives it the right maps: it has to get by with the loss at its very end.

# %% [markdown]
# ### Move the picture, and the map moves along
#
# **If the digit moves 3 pixels to the right, what happens to its feature map?**

# %%
digit = train_images[0]
moved = np.roll(digit, 3, axis=1)  # the edge of the picture is black, so nothing is cut
before, after = tools.convolve(digit, edge), tools.convolve(moved, edge)
print("the map moved 3 pixels too:", np.array_equal(after[:, 3:], before[:, :-3]))

# %% [markdown]
# This is called **equivariance**: the answer moves with the picture. It is not *invariance*, which means that the answer
# stays the same. It holds for every shift with stride 1, apart from the border.
#
# **In short**
# - A small kernel slides over the picture: multiply, add up, write down.
# - The same weights serve everywhere, because the statistics of pictures don't depend on the position.
# - Libraries compute cross-correlation; the map moves along with the picture.

# %% [markdown]
# ## 5 · Padding and stride
#
# 5 pixels and a window of 3 gave 3 positions: the map is smaller than the picture. Pixels at the border are seen less often.
# Two numbers change that.
#
# - **Padding** puts rings of zeros around the picture.
# - **Stride** is how many pixels the window moves at a time.
#
# **A 3 × 3 window on 6 × 6 pixels: guess the size of the result** without padding and with one ring of zeros, each with
# stride 1 and stride 2.

# %% [markdown]
# ![Moving picture: a window of 3 × 3 slides over a picture of 6 × 6 pixels in four ways at a time. Valid with stride 1 has 16 positions, so the feature map is 4 × 4. Valid with stride 2 has 4 positions, 2 × 2; the last row and the last column are never seen. Same with stride 1 puts one ring of zeros around the picture: 36 positions, 6 × 6, as large as the picture. Padding 1 with stride 2: 9 positions, 3 × 3.](figures/padding_stride.webp)
#
# ### The size formula
#
# With $n$ pixels, a kernel of $k$, padding $p$ on both sides and stride $s$, the number of positions in one direction is
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# The first position costs $k$ pixels. What remains is room for more steps of $s$ pixels each, and ⌊ ⌋ drops a step that no
# longer fits. Height and width each have their own: $n_h$ and $n_w$, $k_h$ and $k_w$, and so on
# (Dumoulin and Visin, 2016, relationship 6).
#
# **An example.** A picture of 6 rows and 9 columns, a 3 × 3 kernel, no padding, stride 2. **Work out both before you run.**
#
# - height: $\lfloor (6 - 3)/2 \rfloor + 1 = \lfloor 1.5 \rfloor + 1 = 2$. The last row is never seen.
# - width: $\lfloor (9 - 3)/2 \rfloor + 1 = 3 + 1 = 4$. Nothing is left over.

# %%
print("height:", tools.feature_map_size(6, kernel=3, stride=2))
print("width: ", tools.feature_map_size(9, kernel=3, stride=2))
print("measured:", tools.convolve(np.zeros((6, 9)), np.ones((3, 3)), stride=2).shape)

# %% [markdown]
# And now the same with padding 1 and stride 2. Work it out again before you run.
#
# - height: $\lfloor (6 + 2 - 3)/2 \rfloor + 1 = \lfloor 2.5 \rfloor + 1 = 3$. Of the padding, the lowest row is never seen.
# - width: $\lfloor (9 + 2 - 3)/2 \rfloor + 1 = 4 + 1 = 5$.

# %%
print("height:", tools.feature_map_size(6, kernel=3, stride=2, padding=1))
print("width: ", tools.feature_map_size(9, kernel=3, stride=2, padding=1))
print("measured:", tools.convolve(np.zeros((6, 9)), np.ones((3, 3)), stride=2, padding=1).shape)

# %% [markdown]
# ### What Keras calls `valid` and `same`
#
# Keras does not ask for $p$. `padding="valid"` means $p = 0$. `padding="same"` adds as many zeros as are needed for
# $\lceil n / s \rceil$ positions. With stride 1 and a kernel of 3 that is one ring, and the size stays the same.
#
# With stride 2 it may be less than a ring. For 6 pixels, one zero is enough: Keras puts it at the *end*, below and at
# the right. That is not padding 1. Both give 3 positions. Are the numbers the same?

# %%
numbers = np.arange(36).reshape(6, 6)
ones = np.ones((3, 3))
layer = keras.layers.Conv2D(
    1, 3, strides=2, padding="same", use_bias=False, kernel_initializer="ones"
)
by_keras = np.asarray(layer(numbers.reshape(1, 6, 6, 1).astype(np.float32)))[0, :, :, 0]
print("Keras, same, stride 2:\n", by_keras)
print("padding 1, stride 2:\n", tools.convolve(numbers, ones, stride=2, padding=1))
print("zeros at the end only:\n", tools.convolve(np.pad(numbers, (0, 1)), ones, stride=2))

# %% [markdown]
# The same size, other numbers: the two look at different positions.
#
# ![Moving picture: two ways to slide a 3 × 3 window of ones over a picture of 6 × 6 numbers, 0 to 35, with stride 2. Keras' same puts zeros below and at the right only, and the window starts on the first pixel. Padding 1 puts a ring of zeros around the picture, and the window starts on the zeros. Both give 3 × 3 sums, but other ones: 63, 81, 63; 171, 189, 135; 168, 180, 126 with same, 14, 30, 42; 75, 126, 144; 147, 234, 252 with padding 1.](figures/same_or_padding_1.webp)

# %% [markdown]
# ### Write the convolution
#
# You have met all the parts: two loops, rings of zeros, steps of the stride, and the size. The picture below has one ring
# of zeros, and the window moves with stride 2. **In which row and column of the padded picture does the framed window
# begin? And how do you get there from its position in the map?**

# %%
tools.show_place(picture, side=3, stride=2, padding=1, place=(1, 2))

# %% [markdown]
# Row 1 and column 2 of the map belong to the window that begins in row 2 and column 4: position times stride.

# %% [markdown]
# <div class="course-task">
#
# **Practice (no points).** Write `convolve(picture, kernel, stride, padding)`. It returns the feature map: a matrix with
# one sum for each position of the window.
#
# - `picture` and `kernel` are matrices, and neither has to be square. The kernel is not flipped.
# - `stride` holds for both directions; a step that no longer fits is dropped.
# - `padding` is the number of rings of zeros around the picture.
#
# Example: with `picture` and `kernel` from section 4, stride 2 and padding 0, the feature map is
# ```
# [[10, -1],
#  [ 5,  2]]
# ```
# No later task needs it, and leaving it out costs nothing. But once you have written it, you won't forget it. Stuck?
# `tests.hint('convolve', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "convolve", "locked": false, "schema_version": 3, "solution": true, "task": false}
def convolve(picture, kernel, stride, padding):
    """The feature map: one sum of products for each position of the kernel."""
    ### BEGIN SOLUTION
    padded = np.pad(picture, padding)
    height, width = kernel.shape
    rows = (padded.shape[0] - height) // stride + 1
    columns = (padded.shape[1] - width) // stride + 1
    sums = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            window = padded[top : top + height, left : left + width]
            sums[row, column] = (window * kernel).sum()
    return sums
    ### END SOLUTION


# %%
tests.test_convolve(convolve)

# %% [markdown]
# Now on 28 × 28 real pixels, beside Keras. How large will the map be, with stride 2 and no padding?

# %%
layer = keras.layers.Conv2D(1, 3, strides=2, use_bias=False)
layer.build((None, 28, 28, 1))
layer.set_weights([edge.reshape(3, 3, 1, 1)])
by_keras = np.asarray(layer(train_images[:1, :, :, np.newaxis].astype(np.float32)))[0, :, :, 0]
yours = convolve(train_images[0].astype(np.float32), edge, 2, 0)
if tools.filled("the practice", yours):
    print("shape by Keras:", by_keras.shape, "and yours:", np.shape(yours))
    agrees = np.shape(yours) == by_keras.shape and np.allclose(yours, by_keras, atol=0.01)
    print("The numbers are the same." if agrees else "The numbers differ.")

# %% [markdown]
# **In short**
# - Padding lets the window reach over the border; stride makes it skip positions.
# - The size is ⌊(n + 2p − k)/s⌋ + 1, once for the height and once for the width.
# - `same` gives ⌈n/s⌉ positions, and may pad one side only.

# %% [markdown]
# ## 6 · Pooling
#
# Pooling makes maps smaller without weights. It cuts the map into blocks, of 2 × 2 as a rule, and keeps one number
# for each. **Max-pooling** keeps the largest, **average pooling** the mean. **What do both make of this map?**

# %%
numbers = np.array([[1, 3, 0, 2], [5, 2, 1, 1], [0, 0, 4, 8], [2, 6, 0, 0]])
tools.show_matrix(numbers, title="a feature map", largest=8)

# %% [markdown]
# ![Moving picture: a feature map of 4 × 4 numbers is cut into four blocks of 2 × 2. The block 1, 3, 5, 2 becomes 5 by max-pooling and 2.75 by average pooling. The block 0, 2, 1, 1 becomes 2 by max-pooling and 1 by average pooling. The block 0, 0, 2, 6 becomes 6 by max-pooling and 2 by average pooling. The block 4, 8, 0, 0 becomes 8 by max-pooling and 3 by average pooling.](figures/pooling.webp)
#
# There are more kinds. *Global* pooling makes one number of a whole map. Windows may overlap, with a stride smaller than
# the window. The mean was usual first (LeCun and others, 1998), the maximum is usual now. Two famous nets use
# max-pooling. AlexNet has three such layers, with overlapping windows of 3 × 3 (Krizhevsky and others, 2012). VGG has five,
# with blocks of 2 × 2 (Simonyan and Zisserman, 2015).
#
# **Advantages**
# - Maps get smaller: a quarter of the numbers, so later layers are faster and a dense layer after them has fewer weights.
# - There is nothing to learn, so nothing to overfit.
# - A strong answer stays, even if it moves a little within its block.
#
# **Disadvantages**
# - It forgets where in the block the number was. That hurts where the position matters, as in finding outlines.
# - Its rule is fixed. A convolution with stride could learn one.
# - The tolerance is small. To see how small, move a bright dot one pixel at a time.

# %%
for column in range(4):
    dot = np.zeros((2, 8))
    dot[0, column] = 1
    print(f"dot in column {column}: after max-pooling {tools.pool(dot)[0]}")

# %% [markdown]
# Within a block nothing changes, at its border everything does. So pooling gives **tolerance** for small shifts at some
# positions. It is often called "invariance", and that says too much.

# %% [markdown]
# ### Write max-pooling
#
# **How many blocks of 2 × 2 are there in 5 rows and 7 columns?** The last row and the last column fill no block.
# Keras' `valid` leaves them out, as a convolution drops a step that no longer fits. So 2 × 3 numbers remain.

# %% [markdown]
# <div class="course-task">
#
# **Practice (no points).** Write `max_pool(feature_map, size)`. It cuts the matrix `feature_map` into blocks of
# `size` × `size` that lie side by side, and returns the largest number of each block, as a matrix. Rows and columns that
# fill no block are left out.
#
# Example: the feature map at the top of this section, with size 2, becomes
# ```
# [[5, 2],
#  [6, 8]]
# ```
# Feature maps may hold negative numbers. Stuck? `tests.hint('max_pool', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "max_pool", "locked": false, "schema_version": 3, "solution": true, "task": false}
def max_pool(feature_map, size):
    """The largest number of each block of size × size."""
    ### BEGIN SOLUTION
    rows, columns = feature_map.shape[0] // size, feature_map.shape[1] // size
    pooled = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            top, left = row * size, column * size
            pooled[row, column] = feature_map[top : top + size, left : left + size].max()
    return pooled
    ### END SOLUTION


# %%
tests.test_max_pool(max_pool)

# %% [markdown]
# With both functions you have the first half of a net: convolve, set what is negative to 0, pool. **What is left of a
# digit after each step?**

# %%
your_map = convolve(train_images[0] / 255, edge, 1, 0)
your_pooled = None if your_map is None else max_pool(np.maximum(your_map, 0), 2)
if tools.filled("the practice", your_map, your_pooled):
    tools.show_gallery(
        [train_images[0], your_map, your_pooled],
        ["the digit", "convolved", "negative to 0, pooled"],
        columns=3,
        about="A digit, its feature map, and the pooled map, which is coarser",
    )
    print("shapes:", train_images[0].shape, np.shape(your_map), np.shape(your_pooled))

# %% [markdown]
# **In short**
# - Pooling keeps one number per block: the largest or the mean.
# - It saves work and has no weights, and it forgets the exact position.
# - It tolerates small shifts, but does not make a net invariant.

# %% [markdown]
# ## 7 · The first net
#
# Now we put the parts together. Two convolutions find features, pooling makes the maps smaller, two dense layers decide.
#
# | layer | what it has |
# |---|---|
# | `Conv2D` | 32 kernels of 3 × 3, stride 1, padding `valid`, ReLU |
# | `Conv2D` | 64 kernels of 3 × 3, stride 1, padding `valid`, ReLU |
# | `MaxPooling2D` | blocks of 2 × 2, padding `valid` |
# | `Flatten` | all numbers in a row |
# | `Dense` | 128 units (neurons), ReLU |
# | `Dense` | one unit per class, softmax |
#
# **ReLU** is $\max(0, x)$: what is negative becomes 0.

# %% [markdown]
# ### Predict, then reveal
#
# A digit of 28 × 28 × 1 goes in. **What is the shape after each layer, and how many weights does it have?** Type in what
# you think, such as `26, 26, 32` and `3*3*1*32 + 32`. If an entry is wrong, you are told which part of it is missing.

# %%
play.predict_shapes("net_1")

# %% [markdown]
# ### How to write a net in Keras
#
# Here is a smaller net: for colour pictures of 20 rows and 30 columns, with four classes. Keras wants the layers in a list,
# in the order in which the numbers pass through them. **Which shapes will `summary` show, with stride 2 and padding `same`?**

# %%
small_net = keras.Sequential(
    [
        keras.Input(shape=(20, 30, 3)),
        keras.layers.Conv2D(6, kernel_size=5, strides=2, padding="same", activation="tanh"),
        keras.layers.AveragePooling2D(pool_size=2),
        keras.layers.Flatten(),
        keras.layers.Dense(4, activation="softmax"),
    ]
)
small_net.summary()

# %% [markdown]
# 20 × 30 positions become ⌈20/2⌉ × ⌈30/2⌉ = 10 × 15, one for each of the 6 kernels. Blocks of 2 × 2 leave 5 × 7 of them. The
# `None` in front stands for the number of pictures, which the net does not fix.
#
# **Where do the 456 weights of the first layer come from?** A kernel of 5 × 5 reaches through 3 channels: 5 · 5 · 3 · 6 weights
# and 6 biases.

# %% [markdown]
# ### The same net, layer by layer
#
# The second form gives each result a name. A layer is called with what comes before it, and `keras.Model` is told where
# the net begins and ends. In this form a net may also branch, which a list can't. Do both have the same number of weights?

# %%
net_input = keras.Input(shape=(20, 30, 3))
net_maps = keras.layers.Conv2D(6, kernel_size=5, strides=2, padding="same", activation="tanh")(net_input)
net_pooled = keras.layers.AveragePooling2D(pool_size=2)(net_maps)
net_flat = keras.layers.Flatten()(net_pooled)
net_output = keras.layers.Dense(4, activation="softmax")(net_flat)
same_small_net = keras.Model(inputs=net_input, outputs=net_output)
print("from a list:   ", small_net.count_params(), "weights and biases")
print("layer by layer:", same_small_net.count_params(), "weights and biases")

# %% [markdown]
# Both forms make the same net, and you may use either. These are the arguments that you need:
#
# | argument | where | what it says | if you leave it out |
# |---|---|---|---|
# | `shape` | `Input` | shape of one picture, without the number of pictures | |
# | the first one, `filters` | `Conv2D` | how many kernels, and so how many feature maps | |
# | `kernel_size` | `Conv2D` | side of a kernel, or a pair (rows, columns) | |
# | `strides` | `Conv2D` | how many pixels the window moves at a time | 1 |
# | `padding` | `Conv2D`, pooling | `"valid"` or `"same"` | `"valid"` |
# | `activation` | `Conv2D`, `Dense` | what is done with each sum, such as `"tanh"` | nothing |
# | `pool_size` | pooling | side of a block; blocks lie side by side | 2 |
# | the first one, `units` | `Dense` | how many numbers come out | |
#
# To read on in Keras' documentation: [the `Conv2D` layer](https://keras.io/api/layers/convolution_layers/convolution2d/),
# [the `MaxPooling2D` layer](https://keras.io/api/layers/pooling_layers/max_pooling2d/),
# [the `Flatten` layer](https://keras.io/api/layers/reshaping_layers/flatten/),
# [the `Dense` layer](https://keras.io/api/layers/core_layers/dense/), the guides
# [*The Sequential model*](https://keras.io/guides/sequential_model/) and
# [*The Functional API*](https://keras.io/guides/functional_api/).

# %% [markdown]
# <div class="course-task">
#
# **Task 4 (14 points).** Write `net_1(sample_shape, nb_classes)`. It returns the net of the table as a Keras model that
# is not compiled yet. `sample_shape` is the shape of one picture, `nb_classes` the number of classes. Both may change!
#
# Example: `net_1((28, 28, 1), 10).output_shape` is `(None, 10)`, and the model has 1,199,882 weights and biases.
#
# Write it as a list or layer by layer, as above. Stuck? `tests.hint('net_1', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "net_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def net_1(sample_shape, nb_classes):
    """Two convolutions, max-pooling, two dense layers."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.Input(shape=sample_shape),
            keras.layers.Conv2D(32, kernel_size=3, strides=1, padding="valid", activation="relu"),
            keras.layers.Conv2D(64, kernel_size=3, strides=1, padding="valid", activation="relu"),
            keras.layers.MaxPooling2D(pool_size=2, padding="valid"),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(nb_classes, activation="softmax"),
        ]
    )
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_net_1", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
tests.test_net_1(net_1)

# %% [markdown]
# Which layer has the most weights? Guess, then look.

# %% nbgrader={"grade": false, "grade_id": "make_model_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
model_1 = net_1((28, 28, 1), NUMBER_CLASSES)
if tools.filled("task 4", model_1):
    model_1.summary()

# %% [markdown]
# ![Diagram of net_1, from left to right. Picture: 28 × 28 × 1. Conv2D with 3 × 3 kernels, stride 1: 26 × 26 × 32, 320 weights. Conv2D with 3 × 3 kernels, stride 1: 24 × 24 × 64, 18,496 weights. Max-pooling in blocks of 2 × 2: 12 × 12 × 64, no weights. Flatten: 9,216 numbers. Dense: 128 units, 1,179,776 weights. Dense: 10 units, 1,290 weights. In all 1,199,882 weights and biases.](figures/net_1.webp)
#
# 98 % of the weights are in the first dense layer: $9216 \cdot 128 + 128 = 1{,}179{,}776$. The convolutions, which do
# most of the seeing, need 18,816.
#
# **In short**
# - Convolutions find features, pooling shrinks, dense layers decide.
# - The size formula gives every shape: 28, 26, 24, 12.
# - The dense layer has most of the weights, the convolutions do most of the work.

# %% [markdown]
# ## 8 · Training
#
# Training changes the weights step by step, so that the loss gets smaller. Numbers that we choose ourselves, and that
# are not learned, are called **hyperparameters**. Here are two of them:
#
# - **Batch size**: how many pictures the net sees before each change of its weights. With small batches, an epoch is many
#   rough steps; with large ones, it is a few smooth steps. Powers of 2 from 16 to 512 are usual.
# - **Epochs**: how often the net sees every picture. With too few, it has not learned enough. With too many, it learns its
#   training pictures by heart.
#
# **How many steps does an epoch take, with 3,600 pictures in batches of 128?** The last batch may be smaller.

# %%
print("steps:", int(np.ceil(3600 / 128)))

# %% [markdown]
# ### Which optimiser?
#
# *Adadelta* (Zeiler, 2012) finds the length of each weight's steps by itself. For every weight it keeps two running means:
# of its squared gradients, and of the squares of its own steps. A step is the gradient times the ratio of their roots.
#
# The second mean starts at 0, and nothing but the steps themselves makes it grow. So Adadelta **starts slowly**, with tiny
# steps.
#
# In the paper no learning rate is needed, which means that it is 1. Keras has one all the same, and its default is 0.001:
# every step is cut to a thousandth. What does that do? We look for the minimum of $w^2$, starting from $w = 1$.

# %%
def adadelta(learning_rate, steps, w=1.0):
    """The values of w after each step towards the minimum of w²."""
    mean_gradient = mean_step = 0.0  # what Adadelta keeps: two running means of squares
    path = []
    for _ in range(steps):
        gradient = 2 * w  # of w²
        mean_gradient = 0.95 * mean_gradient + 0.05 * gradient**2
        step = -gradient * np.sqrt(mean_step + 1e-7) / np.sqrt(mean_gradient + 1e-7)
        mean_step = 0.95 * mean_step + 0.05 * step**2
        w += learning_rate * step
        path.append(w)
    return path


paths = pd.DataFrame({f"w at rate {rate:g}": adadelta(rate, steps=1000) for rate in (1.0, 0.001)})
paths.index = pd.RangeIndex(1, len(paths) + 1, name="step")
paths.loc[[1, 50, 250, 500, 750, 1000]].round(3)

# %% [markdown]
# With a rate of 1, the first step is 0.0014 long, and $w$ has covered only 7 % of the way after 50 steps. After 1,000 it has
# arrived. With 0.001 it has hardly left.
#
# It is the same with `net_1`. After 12 epochs on 4,000 digits, in batches of 128, it gets 32 % of the test pictures right
# with 0.001, and 96 % with 1.0. So we write `keras.optimizers.Adadelta(learning_rate=1.0)`.

# %% [markdown]
# <div class="course-task">
#
# **Task 5 (8 points).** Choose `batch_size` and `epochs` for `net_1`: two whole numbers. Then run the training cell, look
# at the curves, and run the check. You may come back and try others: each training starts from scratch.
#
# Example of the form: `batch_size = 3600` (all training pictures in one batch, which is not a good choice).
# Stuck? `tests.hint('train_net_1', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "train_net_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
batch_size = None  # your number
epochs = None  # your number
### BEGIN SOLUTION
batch_size = 128
epochs = 8
### END SOLUTION

# %% [markdown]
# `validation_split=0.1` sets a tenth of the training pictures aside. The net is measured on them after each epoch, but
# never learns from them. The test pictures stay untouched until the end.
#
# You can watch the training. The button below the curves stops it early and keeps what was learned, and so does Jupyter's
# own stop button (■).

# %% nbgrader={"grade": false, "grade_id": "fit_net_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
history_1 = score_1 = None
if (
    tools.filled("task 2", x_train, x_test, of=(train_images, test_images), shape=(28, 28, 1))
    and tools.filled("task 3", y_train, y_test, of=(train_labels, test_labels), shape=(10,))
    and tools.filled("task 4", model_1)
    and tools.filled("task 5", batch_size, epochs)
):
    keras.utils.set_random_seed(SEED)
    model_1 = net_1(x_train.shape[1:], NUMBER_CLASSES)  # a new net: each run of this cell starts anew
    model_1.compile(
        optimizer=keras.optimizers.Adadelta(learning_rate=1.0),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    history_1 = model_1.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_split=0.1,
        verbose=0,
        callbacks=[tools.progress()],
    )

# %% [markdown]
# `fit` returns a history, which holds a list for each curve. pandas makes a table of it, with a row for each epoch, and plots
# it. On a logarithmic axis, you can tell small losses apart.

# %%
if tools.trained("net_1", history_1) and history_1.history:
    table_1 = pd.DataFrame(history_1.history)
    table_1.index = pd.RangeIndex(1, len(table_1) + 1, name="epoch")
    display(table_1.round(3))
    axis = table_1.plot(
        y=["loss", "val_loss"], style=["-o", "--s"], logy=True, ylabel="loss", figsize=(6, 3)
    )
    lowest = table_1["val_loss"].idxmin()
    about = f"Both losses of the table by epoch; val_loss is lowest after epoch {lowest}."
    tools.show(axis.figure, about)

# %% [markdown]
# **How to read the curves.** As long as both losses fall, the net learns something that holds for new pictures too.
# If the training loss goes on falling while the validation loss rises, the net is **overfitting**. Look at the loss
# rather than at the accuracy: it shows this earlier.
#
# And the test? `evaluate` gives loss and accuracy for pictures that the net has never seen.

# %% nbgrader={"grade": false, "grade_id": "evaluate_net_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
if tools.trained("net_1", history_1):
    score_1 = model_1.evaluate(x_test, y_test, verbose=0)
    print(f"net_1 on the test pictures: loss {score_1[0]:.3f}, accuracy {score_1[1]:.1%}")

# %% nbgrader={"grade": true, "grade_id": "check_train_net_1", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
tests.test_train("train_net_1", globals())

# %% [markdown]
# With all 60,000 pictures, nets like this one get 99.0 to 99.2 % after 12 epochs.
#
# ### Where does it err?
#
# The **confusion matrix** counts how often digit *i* was read as digit *j*. Right answers are on the diagonal.
# **Which two digits will your net mix up most?** Guess, then choose a cell and look at the pictures. Would you have read
# them all?

# %%
if tools.trained("net_1", history_1):
    play.show_errors({"net_1": model_1}, x_test, test_labels)

# %% [markdown]
# ### Look inside
#
# These are the filters and the feature maps of *your* net. Choose a digit, a layer, a map and one of its units.
#
# - The frame on the picture is the unit's **receptive field**: all the pixels that it depends on. How large is it after
#   the second convolution, with two windows of 3, one on top of the other?
# - For the **occlusion map**, one patch of the picture after the other is covered, and the net reads the rest (Zeiler and
#   Fergus, 2014). Where the probability of the right class drops most, there is what the net relied on.

# %%
if tools.trained("net_1", history_1):
    play.look_inside(model_1, x_test, test_labels)

# %% [markdown]
# **In short**
# - Batch size and epochs are chosen, weights are learned.
# - Adadelta starts slowly and was made for a learning rate of 1; Keras' default is 0.001.
# - If the validation loss rises while the training loss falls, the net is overfitting.

# %% [markdown]
# ## 9 · Pooling or strides?
#
# `net_1` first computes 24 × 24 positions, and then pooling drops three quarters of the numbers. A convolution with
# **stride 2** computes only every second position, in both directions. How large are its maps? Use the formula.

# %%
print("side with stride 2, no pooling:", tools.feature_map_size(26, kernel=3, stride=2))
print("side with stride 1 and pooling:", tools.feature_map_size(26, kernel=3) // 2)

# %% [markdown]
# The same 12 × 12! So pooling can be left out, and the number of weights stays the same. Is such a net as good?
#
# Springenberg and others asked this in "Striving for Simplicity: The All Convolutional Net" (2015). The paper is often quoted
# with "pooling is not needed". Its table 3 says more. Three base nets, A, B and C, learned CIFAR-10. Each has two pooling
# layers, and each was changed in three ways:
#
# | error in % | A | B | C | layers |
# |---|---|---|---|---|
# | base net, with max-pooling | 12.47 | 10.20 | 9.74 | |
# | pooling left out; the convolution before it has stride 2 (Strided-CNN) | 13.46 | 10.98 | 10.19 | |
# | pooling kept, *one more* convolution before each (ConvPool-CNN) | 10.21 | 9.33 | 9.31 | 2 more |
# | each pooling replaced by *one more* convolution, with stride 2 (All-CNN) | 10.30 | 9.10 | 9.08 | 2 more |
#
# What do you conclude? Leaving pooling out made each net *worse*. All-CNN is better than the base net, but it has two
# layers more. ConvPool-CNN has these layers as well, and keeps pooling. Against All-CNN, it is better on A, by 0.09 points,
# and worse on B and C, by 0.23. So the gain comes from the additional layers. In nets of the same size, pooling makes hardly
# any difference.
#
# In nets that *generate* pictures, strides are usual. DCGAN, for example, has no pooling (Radford and others, 2016). The part
# of it that judges pictures makes its maps smaller by strided convolutions. The part that draws them makes its maps larger by
# transposed ones. So these steps are learned, too.

# %% [markdown]
# <div class="course-task">
#
# **Task 6 (12 points).** Write `net_2(sample_shape, nb_classes)`: like `net_1`, but without pooling, and the second
# convolution has stride 2. Everything else stays the same: 32 and 64 kernels of 3 × 3, `valid`, ReLU, 128 units, softmax.
#
# Example: `net_2((28, 28, 1), 10)` has 1,199,882 weights and biases too. Stuck? `tests.hint('net_2', 1)`
#
# </div>

# %% [markdown]
# Predict again, before the net itself tells you. Which lines differ from those of `net_1`?

# %%
play.predict_shapes("net_2")

# %% nbgrader={"grade": false, "grade_id": "net_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def net_2(sample_shape, nb_classes):
    """Two convolutions, the second with stride 2, and two dense layers; no pooling."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.Input(shape=sample_shape),
            keras.layers.Conv2D(32, kernel_size=3, strides=1, padding="valid", activation="relu"),
            keras.layers.Conv2D(64, kernel_size=3, strides=2, padding="valid", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(nb_classes, activation="softmax"),
        ]
    )
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_net_2", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
tests.test_net_2(net_2)

# %% nbgrader={"grade": false, "grade_id": "make_model_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
model_2 = net_2((28, 28, 1), NUMBER_CLASSES)
if tools.filled("task 6", model_2):
    model_2.summary()

# %% [markdown]
# ![Diagram of net_2, from left to right. Picture: 28 × 28 × 1. Conv2D with 3 × 3 kernels, stride 1: 26 × 26 × 32, 320 weights. Conv2D with 3 × 3 kernels, stride 2: 12 × 12 × 64, 18,496 weights. Flatten: 9,216 numbers. Dense: 128 units, 1,179,776 weights. Dense: 10 units, 1,290 weights. In all 1,199,882 weights and biases, as many as net_1, without pooling.](figures/net_2.webp)
#
# **Which of the two will be faster, and by how much?** The second convolution now has a quarter of the positions.
# And which will be better? Write your guess down before you train.

# %% [markdown]
# <div class="course-task">
#
# **Task 7 (8 points).** Choose `batch_size` and `epochs` again, now for `net_2`. For a fair comparison, choose what you
# chose for `net_1`. Stuck? `tests.hint('train_net_2', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "train_net_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
batch_size = None  # your number
epochs = None  # your number
### BEGIN SOLUTION
batch_size = 128
epochs = 8
### END SOLUTION

# %% nbgrader={"grade": false, "grade_id": "fit_net_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
history_2 = score_2 = None
if (
    tools.filled("task 2", x_train, x_test, of=(train_images, test_images), shape=(28, 28, 1))
    and tools.filled("task 3", y_train, y_test, of=(train_labels, test_labels), shape=(10,))
    and tools.filled("task 6", model_2)
    and tools.filled("task 7", batch_size, epochs)
):
    keras.utils.set_random_seed(SEED)
    model_2 = net_2(x_train.shape[1:], NUMBER_CLASSES)
    model_2.compile(
        optimizer=keras.optimizers.Adadelta(learning_rate=1.0),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    history_2 = model_2.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_split=0.1,
        verbose=0,
        callbacks=[tools.progress()],
    )
    score_2 = model_2.evaluate(x_test, y_test, verbose=0)
    print(f"net_2 on the test pictures: loss {score_2[0]:.3f}, accuracy {score_2[1]:.1%}")

# %% nbgrader={"grade": true, "grade_id": "check_train_net_2", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
tests.test_train("train_net_2", globals())

# %% [markdown]
# Here are both histories side by side.

# %%
if tools.trained("net_1", history_1) and tools.trained("net_2", history_2) and history_2.history:
    histories = {"net_1": pd.DataFrame(history_1.history), "net_2": pd.DataFrame(history_2.history)}
    table = pd.concat(histories, axis=1)
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    display(table.round(3))

# %% [markdown]
# ### Is the difference real?
#
# Both nets have read the *same* test digits, so compare them digit by digit, in **pairs**. A digit that both read, or that
# neither reads, says nothing about which net is better. What counts are the digits that only one of them reads.
#
# If the nets were equally good, each of these digits would fall to one net or the other like a tossed coin. With $m$ of
# them, the two numbers would rarely lie more than about $2\sqrt{m}$ apart (McNemar, 1947). The next cell counts exactly.

# %%
both_trained = tools.trained("net_1", score_1) and tools.trained("net_2", score_2)
if both_trained and not tools.grading():  # there, both are hardly trained
    right_1 = model_1.predict(x_test, verbose=0).argmax(axis=1) == test_labels
    right_2 = model_2.predict(x_test, verbose=0).argmax(axis=1) == test_labels
    print(f"read by both nets: {(right_1 & right_2).sum()}, by neither: {(~right_1 & ~right_2).sum()}")
    only_1, only_2 = tools.only_one_right(right_1, right_2)
    print(f"read by net_1 only: {only_1}, by net_2 only: {only_2}")
    apart, chance = abs(only_1 - only_2), tools.chance_in_pairs(only_1, only_2)
    print(f"These lie {apart} apart; by chance, up to {chance} in 19 of 20 cases.")
    verdict = "larger than chance explains" if apart > chance else "no larger than chance"
    print(f"The difference is {verdict}.")

# %% [markdown]
# ### Eight throws of the dice
#
# That was about the choice of digits. Training depends on chance too: from other starting weights, each of your nets would
# have become a different net. So both were trained eight times in quick mode, each time from other starting weights.
#
# The bands hold all eight runs, the lines are the medians, and your own runs are drawn over them. Take any run of `net_1` and
# any of `net_2`: **in how many of these 64 pairs will `net_1` be ahead?**

# %%
play.compare_nets({"net_1": history_1, "net_2": history_2})

# %% [markdown]
# ### What does pooling buy?
#
# People say that pooling makes a net tolerant of small shifts. You can measure it. **If a digit moves to the right, pixel by
# pixel, which net will lose it first?** Write your guess down, then move the slider.

# %%
if tools.trained("net_1", history_1) and tools.trained("net_2", history_2):
    play.shift_test({"net_1": model_1, "net_2": model_2}, x_test, test_labels)

# %% [markdown]
# ### Draw your own digit
#
# MNIST's makers scaled each digit to fit into 20 × 20 pixels, and placed its centre of mass in the middle of the 28 × 28. Your
# nets have never seen anything else. What will they make of a small digit in a corner? Draw one, by mouse, finger or
# keyboard, and compare: your digit as it is, and your digit prepared as MNIST was.

# %%
if tools.trained("net_1", history_1) and tools.trained("net_2", history_2):
    play.draw_digit({"net_1": model_1, "net_2": model_2})

# %% [markdown]
# **In short**
# - A stride of 2 makes maps as small as pooling does, with less work.
# - In Springenberg's table, leaving pooling out costs accuracy; additional layers gain some, with or without pooling.
# - One small difference proves nothing: compare in pairs, and measure again with other seeds and with shifts.

# %% [markdown]
# You have finished the digits. This cell looks at your answers as they are now.

# %%
play.where_am_i(tests, globals())

# %% [markdown]
# ## 10 · Colour pictures: CIFAR-10
#
# CIFAR-10 has 60,000 colour photographs of 32 × 32 pixels in ten classes. Krizhevsky, Nair and Hinton collected them in
# Toronto from a set of 80 million tiny pictures, which had been found on the web (Krizhevsky, 2009). The set is named after
# the Canadian Institute for Advanced Research. 50,000 are for training and 10,000 for testing, exactly 1,000 of each class.
#
# The label is a number. Here is a dictionary from numbers to names:

# %%
cifar_classes = dict(enumerate(tools.CIFAR_CLASSES))
cifar_classes

# %% [markdown]
# Be the net yourself: which of the ten classes is each picture? **Write down your twenty answers,** then run the next cell.
#
# ![Twenty real colour photographs of 32 × 32 pixels from CIFAR-10, in four rows of five, numbered from 1 to 20 and without their classes, which the next cell tells.](figures/cifar_classes.webp)

# %%
names = [cifar_classes[label] for label in photograph_labels.ravel()]
for row in range(0, 20, 5):
    print("  ".join(f"{number + 1:2} {names[number]:10}" for number in range(row, row + 5)))

# %% [markdown]
# How many did you get right? Now load the set as you did before. Where it can't be downloaded, `tools.load` draws simple
# pictures of ten kinds instead, and says so. The tasks stay the same.

# %% nbgrader={"grade": false, "grade_id": "load_cifar", "locked": true, "schema_version": 3, "solution": false, "task": false}
(cifar_train_images, cifar_train_labels), (cifar_test_images, cifar_test_labels) = tools.load(
    keras.datasets.cifar10, quick=QUICK
)

# %%
for name in ("cifar_train_images", "cifar_train_labels", "cifar_test_images", "cifar_test_labels"):
    print(f"{name:19} shape {globals()[name].shape!s:18} {globals()[name].dtype}")

# %%
tools.show_classes(cifar_train_images, cifar_train_labels)

# %% [markdown]
# Look at the shapes again: what is new about the labels? They are a column, (n, 1), and not a row of numbers, (n,).
# A one-hot encoding can then end up with one axis too many, and nobody notices before training.

# %% [markdown]
# <div class="course-task">
#
# **Task 8 (4 points).** Make `cifar_y_train` and `cifar_y_test`: the one-hot labels of `cifar_train_labels` and
# `cifar_test_labels`, of shape (n, 10).
#
# Example: the labels `[[6], [9]]` become two rows with the 1 in column 6 and in column 9. Your code has to work for any
# number of labels: grading always has as many as quick mode.
# Stuck? `tests.hint('cifar_labels', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "cifar_labels", "locked": false, "schema_version": 3, "solution": true, "task": false}
cifar_y_train = None  # your array, (n, 10)
cifar_y_test = None  # your array, (n, 10)
### BEGIN SOLUTION
cifar_y_train = one_hot(cifar_train_labels.ravel(), NUMBER_CLASSES)
cifar_y_test = one_hot(cifar_test_labels.ravel(), NUMBER_CLASSES)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cifar_labels", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
tests.test_cifar_labels(globals())

# %% [markdown]
# <div class="course-task">
#
# **Task 9 (4 points).** Make `cifar_x_train` and `cifar_x_test`: the pictures of `cifar_train_images` and
# `cifar_test_images` with pixels from 0 to 1, in the same shape. Do they need another axis?
#
# Example: a pixel `[0, 51, 255]` becomes `[0. , 0.2, 1. ]`. Your code has to work for any number of pictures: grading
# always has as many as quick mode. Stuck? `tests.hint('cifar_images', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "cifar_images", "locked": false, "schema_version": 3, "solution": true, "task": false}
cifar_x_train = None  # your array, (n, 32, 32, 3)
cifar_x_test = None  # your array, (n, 32, 32, 3)
### BEGIN SOLUTION
cifar_x_train = normalise_images(cifar_train_images)
cifar_x_test = normalise_images(cifar_test_images)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cifar_images", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
tests.test_cifar_images(globals())

# %% [markdown]
# **In short**
# - CIFAR-10's pictures have 32 × 32 pixels, three channels and ten classes.
# - Its labels have the shape (n, 1) and are flattened first.
# - The functions of tasks 1 and 3 can be used again, because they don't depend on MNIST.

# %% [markdown]
# ## 11 · Your own model
#
# From here on there is less help. Everything you need has been in this notebook before.

# %% [markdown]
# <div class="course-task">
#
# **Task 10 (8 points).** Make `cifar_model`: `net_1` or `net_2` for the pictures of CIFAR-10, compiled with
#
# - the optimiser Adadelta (with `learning_rate=1.0`), Adagrad or Adam,
# - categorical cross-entropy as the loss,
# - the accuracy as a metric.
#
# Example of the form: `cifar_model = net_2(…, …)`, then `cifar_model.compile(…)`. Stuck? `tests.hint('cifar_model', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "cifar_model", "locked": false, "schema_version": 3, "solution": true, "task": false}
cifar_model = None  # your model, compiled
### BEGIN SOLUTION
keras.utils.set_random_seed(SEED)
cifar_model = net_2((32, 32, 3), NUMBER_CLASSES)
cifar_model.compile(
    optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"]
)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cifar_model", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
tests.test_cifar_model(globals())

# %% [markdown]
# <div class="course-task">
#
# **Task 11 (10 points).** Write the whole training cell.
#
# - `cifar_history`: what `fit` returns for 30 epochs in batches of 128, with `validation_split=0.2`.
# - `cifar_figure`: a Matplotlib figure with two axes, both labelled. One shows the loss by epoch, the other the accuracy,
#   each for training and for validation. (`cifar_history.history` holds the numbers.)
# - `cifar_score`: loss and accuracy on the test pictures, from `evaluate`.
#
# Grading always has as many pictures as quick mode, so don't write their number into your code. Good to know: `verbose=0,
# callbacks=[tools.progress()]` lets you watch the training. A second `fit` goes on with the weights of the first; to start
# from scratch, run your cell of task 10 again. Stuck? `tests.hint('cifar_training', 1)`
#
# </div>

# %% nbgrader={"grade": false, "grade_id": "cifar_training", "locked": false, "schema_version": 3, "solution": true, "task": false}
cifar_history = None  # from fit
cifar_figure = None  # the figure with the curves
cifar_score = None  # [loss, accuracy] on the test pictures
### BEGIN SOLUTION
cifar_history = cifar_model.fit(
    cifar_x_train,
    cifar_y_train,
    batch_size=128,
    epochs=30,
    validation_split=0.2,
    verbose=0,
    callbacks=[tools.progress()],
)
curves = cifar_history.history
cifar_figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
    numbers = range(1, len(curves[name]) + 1)
    axis.plot(numbers, curves[name], "-o", markersize=3, label="training")
    axis.plot(numbers, curves[f"val_{name}"], "--s", markersize=3, label="validation")
    axis.set(xlabel="epoch", ylabel=name)
    axis.legend()
plt.show()
cifar_score = cifar_model.evaluate(cifar_x_test, cifar_y_test, verbose=0)
### END SOLUTION

# %%
if tools.filled("task 11", cifar_score):
    print(f"{len(cifar_x_test):,} test pictures: loss {cifar_score[0]:.3f}, accuracy {cifar_score[1]:.1%}")

# %% nbgrader={"grade": true, "grade_id": "check_cifar_training", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
tests.test_cifar_training(globals())

# %% [markdown]
# ## 12 · Think about it
#
# <div class="course-task">
#
# **Task 12 (10 points, read by a person).** Answer in a few sentences each, with the numbers and curves of *your* runs.
#
# 1. Which net did better on the digits, `net_1` or `net_2`? Is the difference larger than chance explains?
# 2. Which optimiser did you choose for the colour pictures? If you tried others: which did better?
# 3. Do you see overfitting, on the digits or on the colour pictures? From which epoch on, and how can you tell?
# 4. What would help? Name two measures and say why each should work.
#
# </div>

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
# **A model answer** (quick mode; your numbers differ)
#
# 1. In my runs `net_1` read 96.4 % of the 1,000 test digits correctly and `net_2` 95.2 %. 16 digits are read by `net_1` only
#    and 4 by `net_2` only: 12 apart, where chance in the choice of digits explains about 8. Chance in training remains. Over
#    the eight seeds of section 9, `net_1` is ahead in 60 of 64 pairs, by 0.6 points in the median. So `net_1` does better, and
#    by less than my two runs say. But all runs read the same 1,000 digits and learned from few, and `net_2` needs less than
#    half the time. To find out more I would repeat it with all pictures.
# 2. I chose Adam with `net_2`, and it got 84 % of the (drawn) test pictures right. In the first steps Adam was ahead of
#    Adadelta, which starts slowly, and Adagrad with its default rate had hardly begun. One run each does not settle which is
#    best.
# 3. On the colour pictures, yes. The training accuracy reaches 100 %, the validation accuracy stays near 85 %. From about
#    epoch 10 on, the validation loss no longer falls, while the training loss goes on falling. On the digits
#    the validation loss is lowest after epoch 7, and I stopped after 8.
# 4. More pictures, or moved and mirrored copies of them: the net then meets each picture in many forms and can't learn
#    it by heart. Dropout: no unit can rely on a single other one. Stopping where the validation loss is lowest keeps
#    the weights from before the overfitting. Fewer weights in the dense layer leave less room for learning by heart.

# %% [markdown]
# ## If you have time: a net of your own
#
# Write `net_3` with more than two convolutions, with dropout and with batch normalisation. There are no points for it;
# the check tells you what it sees.
#
# - `keras.layers.Dropout(0.25)` sets a quarter of the numbers to 0 in training, at random (Srivastava and others, 2014).
# - `keras.layers.BatchNormalization()` gives each channel of a batch the mean 0 and the standard deviation 1. Then the net can
#   learn another mean and standard deviation (Ioffe and Szegedy, 2015).
#
# Stuck? `tests.hint('net_3', 1)`

# %% nbgrader={"grade": false, "grade_id": "net_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def net_3(sample_shape, nb_classes):
    """A net of your own: more convolutions, dropout, batch normalisation."""
    ### BEGIN SOLUTION
    layers = [keras.Input(shape=sample_shape)]
    for filters in (16, 32, 64):
        layers += [
            keras.layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("relu"),
        ]
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dropout(0.25),
        keras.layers.Dense(nb_classes, activation="softmax"),
    ]
    return keras.Sequential(layers)
    ### END SOLUTION


# %%
tests.test_net_3(net_3)

# %% [markdown]
# Now train it on the digits and compare. It learns from the same pictures as `net_1` and `net_2` did, with Adam and five
# epochs. **Will it read more test digits than they do, and does it have more weights?**
#
# For new pictures, batch normalisation uses a mean and a standard deviation that it collects over some hundred steps. So
# the validation curve may look poor in the first epochs, while the training curve is good already.

# %%
keras.utils.set_random_seed(SEED)
model_3 = net_3((28, 28, 1), NUMBER_CLASSES)
if (
    tools.filled("the net of your own", model_3)
    and tools.filled("task 2", x_train, x_test, of=(train_images, test_images), shape=(28, 28, 1))
    and tools.filled("task 3", y_train, y_test, of=(train_labels, test_labels), shape=(10,))
    and not tools.grading()  # it gives no points, so nobody waits for it there
):
    model_3.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model_3.fit(
        x_train,
        y_train,
        batch_size=32,
        epochs=5,
        validation_split=0.1,
        verbose=0,
        callbacks=[tools.progress()],
    )
    score_3 = model_3.evaluate(x_test, y_test, verbose=0)
    nets = {"net_1": (model_1, score_1), "net_2": (model_2, score_2), "net_3": (model_3, score_3)}
    for name, (each, score) in nets.items():
        if score is not None:
            print(f"{name}: loss {score[0]:.3f}, accuracy {score[1]:.1%}, {each.count_params():,} weights")

# %% [markdown]
# One run of each net proves little (section 9). But the way on is the same for every net: change one thing at a time.
# Leave out the dropout, or the batch normalisation. Which of the two did more for the validation curve?

# %% [markdown]
# ## Where am I?
#
# Run this cell as often as you like. It checks your answers again each time.

# %%
play.where_am_i(tests, globals())

# %% [markdown]
# ## The terms
#
# | term | what it means | section |
# |---|---|---|
# | average pooling, max-pooling | one number for each block of a map: its mean or its largest | 6 |
# | batch size | pictures that the net sees before each change of its weights | 8 |
# | bias | a number that a unit adds to its sum; a convolution has one per kernel | 4 |
# | categorical cross-entropy | the loss $-\ln p$, where $p$ is the probability that the right class got | 3 |
# | channel | one of the grids of numbers that a picture or a layer's output consists of: red, green, blue, or a feature map | 1, 4 |
# | confusion matrix | counts how often class *i* was taken for class *j* | 8 |
# | convolution, cross-correlation | slide a kernel, multiply, add up; with and without the flip | 4 |
# | epoch | one pass over all training pictures | 8 |
# | equivariance | when the picture moves, the answer moves along | 4 |
# | feature map | the results of one kernel at all positions | 4 |
# | hyperparameter | a number that we choose and that is not learned | 8 |
# | invariance | when the picture moves, the answer stays the same | 4, 6 |
# | kernel, filter | the weights of the sliding window | 4 |
# | one-hot encoding | a label as a row with a single 1 | 3 |
# | overfitting | the training loss goes on falling while the validation loss rises | 8 |
# | padding | rings of zeros around the picture; `valid` has none, `same` gives $\lceil n/s \rceil$ positions | 5 |
# | receptive field | the pixels of the picture that a unit depends on | 8 |
# | ReLU | $\max(0, x)$ | 7 |
# | softmax | turns numbers into probabilities, which add up to 1 | 3 |
# | stride | how many pixels the window moves at a time | 5 |
# | unit, neuron | what computes one number of a layer: a weighted sum, a bias, an activation | 7 |
# | validation | measuring, while training, on pictures that the net does not learn from | 8 |

# %% [markdown]
# ## Where to read on
#
# To watch: [Convolutional Neural Networks | Deep Learning Animated](https://www.youtube.com/watch?v=8NbXFoVk1mo), a short
# video with captions, on YouTube.
#
# - V. Dumoulin and F. Visin (2016): *A guide to convolution arithmetic for deep learning*,
#   [arXiv:1603.07285](https://arxiv.org/abs/1603.07285). All sizes, with drawings.
# - I. Goodfellow, Y. Bengio and A. Courville (2016): *Deep Learning*, chapter 9, at
#   [deeplearningbook.org](https://www.deeplearningbook.org/contents/convnets.html).
# - A. Zhang and others: *Dive into Deep Learning*, chapters
#   [7](https://d2l.ai/chapter_convolutional-neural-networks/index.html) and
#   [8](https://d2l.ai/chapter_convolutional-modern/index.html), at [d2l.ai](https://d2l.ai). Free, with code to run.
# - Z. Wang and others (2020): *CNN Explainer*, at
#   [poloclub.github.io/cnn-explainer](https://poloclub.github.io/cnn-explainer/). A small net in the browser, with everything
#   that it computes.
# - Keras: [keras.io](https://keras.io). The pages on
#   [Conv2D](https://keras.io/api/layers/convolution_layers/convolution2d/),
#   [MaxPooling2D](https://keras.io/api/layers/pooling_layers/max_pooling2d/) and
#   [Adadelta](https://keras.io/api/optimizers/adadelta/).
#
# **Sources of this notebook**
#
# - Q. McNemar (1947): Note on the sampling error of the difference between correlated proportions or percentages,
#   [doi:10.1007/BF02295996](https://doi.org/10.1007/BF02295996).
# - Y. LeCun and others (1998): Gradient-based learning applied to document recognition,
#   [doi:10.1109/5.726791](https://doi.org/10.1109/5.726791).
# - A. Krizhevsky (2009): Learning multiple layers of features from tiny images,
#   [cs.toronto.edu/~kriz/cifar.html](https://www.cs.toronto.edu/~kriz/cifar.html).
# - A. Krizhevsky, I. Sutskever and G. Hinton (2012): ImageNet classification with deep convolutional neural networks,
#   [doi:10.1145/3065386](https://doi.org/10.1145/3065386).
# - M. Zeiler (2012): ADADELTA, an adaptive learning rate method, [arXiv:1212.5701](https://arxiv.org/abs/1212.5701).
# - M. Zeiler and R. Fergus (2014): Visualizing and understanding convolutional networks,
#   [arXiv:1311.2901](https://arxiv.org/abs/1311.2901).
# - N. Srivastava and others (2014): Dropout: a simple way to prevent neural networks from overfitting,
#   [jmlr.org/papers/v15/srivastava14a.html](https://jmlr.org/papers/v15/srivastava14a.html).
# - J. T. Springenberg and others (2015): Striving for simplicity: the all convolutional net,
#   [arXiv:1412.6806](https://arxiv.org/abs/1412.6806).
# - K. Simonyan and A. Zisserman (2015): Very deep convolutional networks for large-scale image recognition,
#   [arXiv:1409.1556](https://arxiv.org/abs/1409.1556).
# - S. Ioffe and C. Szegedy (2015): Batch normalization: accelerating deep network training by reducing internal covariate
#   shift, [arXiv:1502.03167](https://arxiv.org/abs/1502.03167).
# - A. Radford, L. Metz and S. Chintala (2016): Unsupervised representation learning with deep convolutional generative
#   adversarial networks, [arXiv:1511.06434](https://arxiv.org/abs/1511.06434).
