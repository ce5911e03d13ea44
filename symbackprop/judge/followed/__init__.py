"""Code followed at numbers, statement by statement and in Python's order, by rules of our own: nothing of it is run."""

from symbackprop.judge.followed.statements import Follower
from symbackprop.judge.followed.words import NotFollowed

__all__ = ["Follower", "NotFollowed"]
