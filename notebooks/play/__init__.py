"""The things to play with in the notebook "Convolutional networks", in the order in which it meets them.

Each is a function that shows one thing and returns nothing. Each lives in a module of its own, which says
what one can do with it; `base` has what they share.
"""
