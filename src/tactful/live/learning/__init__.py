"""Each user's patience: what is believed of it, how it is updated, and how a choice is drawn from it."""

from tactful.live.learning.choosing import Chosen, Guards, choose
from tactful.live.learning.patience import Population, believed, learned

__all__ = ["Chosen", "Guards", "Population", "believed", "choose", "learned"]
