"""The sandbox that submissions run in: `host` is its outside, `guest` its inside, `protocol` between them."""
