"""What the students of a sample class write as their discussion (task 12): right answers, and weak ones.

To each of the four questions there are some answers, from thorough to wrong; a discussion is one to each.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

ANSWERS: tuple[tuple[str, ...], ...] = (
    (  # which net did better, and is that more than chance?
        "`net_1` got 96.4 % of the test digits and `net_2` 95.1 %. They disagree on 27 digits, and 20 "
        "of those go to `net_1`; by chance I would expect about 5 more or less than half, so I believe "
        "that it is ahead. It also takes twice as long.",
        "With the seeds that I tried, `net_1` was ahead each time, but never by the same amount: 0.4, "
        "1.5 and 0.9 points. Three runs are few. I would not bet on the size of the difference, only on "
        "its sign.",
        "They are equal for me (95.8 and 95.6 %). Two digits in a thousand can be luck, so the pooling "
        "does not seem to matter here, and the strides save a lot of multiplications.",
        "net_1 is better because pooling keeps the important features and throws the noise away.",
        "net_1 has the higher accuracy.",
    ),
    (  # which optimiser?
        "Adam for the colour pictures: 83 % on the test set. Adagrad had not even left 60 % by the last "
        "epoch; its default step is small, and it gets smaller. A larger learning rate might have saved "
        "it.",
        "I took Adadelta with a learning rate of 1. It needs a few epochs to wake up and then ends "
        "where Adam ends. Since both differ by less than two runs of the same one, I can't name a "
        "winner.",
        "Only Adam, because the notebook's training cell takes long on my laptop. So I can't compare.",
        "Adadelta is the best since it adapts the learning rate by itself and so always finds the minimum.",
        "I used adam",
    ),
    (  # overfitting?
        "Clearly on the colour pictures: after epoch 9 the validation loss climbs although the training "
        "loss is still on its way to zero. The digits show it as well, later and weakly: from epoch 10 "
        "the gap between the curves widens, and the accuracy on the test digits does not suffer.",
        "Yes, from about the twelfth epoch. What tells it is the validation loss, which turns; the "
        "validation accuracy looks flat and would not have warned me.",
        "There is a gap between both curves from the first epochs, 99 against 84 % at the end, so the "
        "net has learned its training pictures by heart to some degree.",
        "No overfitting: the training accuracy goes up all the time and reaches 1.0.",
        "yes a bit at the end",
    ),
    (  # what would help?
        "First mirrored and shifted copies: a ship stays a ship, and no picture comes twice in the same "
        "form, so there is less to memorise. Second dropout before the dense layer, which holds nearly "
        "all of the weights: no unit can lean on one other.",
        "Stop early, at the lowest validation loss, since what comes later is only memory. And use all "
        "50,000 pictures: noise that differs from picture to picture cancels out when there are more of "
        "them.",
        "Weight decay keeps the weights small, so the function stays smooth. A dense layer of 64 units "
        "would halve the number of parameters and with it the room to store single pictures.",
        "More epochs and a bigger net, then the validation accuracy will catch up with the training "
        "accuracy.",
        "Dropout and more data.",
    ),
)


def discussion(choice: Sequence[int]) -> str:
    """The text with these answers, one number a question."""
    chosen = zip(ANSWERS, choice, strict=True)
    return "\n".join(f"{number}. {answers[each]}" for number, (answers, each) in enumerate(chosen, start=1))


def drawn(rng: random.Random) -> str:
    """A discussion at random."""
    return discussion([rng.randrange(len(answers)) for answers in ANSWERS])
