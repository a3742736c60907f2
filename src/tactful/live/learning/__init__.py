"""Each user's patience: what is believed of it, how it is updated, and how a choice is drawn from it."""

from tactful.live.learning.choosing import Chosen, Guards, choose
from tactful.live.learning.patience import (
    Belief,
    Population,
    learned,
    learned_offer,
    offer_belief,
    personal,
    question_belief,
)
from tactful.live.learning.pooling import pooled

__all__ = [
    "Belief",
    "Chosen",
    "Guards",
    "Population",
    "choose",
    "learned",
    "learned_offer",
    "offer_belief",
    "personal",
    "pooled",
    "question_belief",
]
