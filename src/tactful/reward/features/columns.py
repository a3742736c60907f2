"""The columns of the feature tables, in their order, and what each is called in a sentence.

Noun phrases: a head may find a column to speak for acceptance or against it, and the sentence must hold both ways.
"""

from __future__ import annotations

SCENE_WORDS = {
    "last_tells": "how much the last event tells",
    "last_new": "how much in the last event is new",
    "last_repeats": "how far the last event repeats an earlier one",
    "search_near": "how recent the last search is",
    "last_searches": "whether the user is searching right now",
    "last_asks": "whether the last event holds a question",
    "last_vague": "whether it stays open what the user is doing",
    "last_runs": "whether the user is running something",
    "last_trouble": "whether something has just gone wrong",
    "last_chats": "whether the user is talking to another assistant",
    "last_copies": "whether the user is copying or pasting",
    "last_returns": "whether the user has just gone back to something",
    "pause": "the pause before the last event against the user's usual pace",
    "pause_long": "a pause much longer than usual, or none",
    "acceptance_so_far": "how many earlier proposals the user accepted",
    "proposed_lately": "how short ago the last proposal was shown",
}
"""Columns of the scene: what was seen, whatever is proposed."""

_HELP = {
    "gives": "giving something ready",
    "condenses": "summarising",
    "compares": "comparing",
    "explains": "explaining or translating",
    "teaches": "teaching",
    "examples": "showing an example",
    "finds": "finding something",
    "refers": "pointing to material",
    "mends": "mending what is wrong",
    "checks": "checking or improving",
    "makes": "writing or making something",
    "arranges": "arranging or keeping something",
    "operates": "operating an application",
    "carries_on": "telling the user to carry on",
    "assists": "unspecified help",
    "suggests": "suggesting",
    "hedges": "asking whether it is wanted",
    "vague": "saying little that is definite",
}

PROPOSAL_WORDS = {
    "aims_last": "how far the proposal is about what has just happened",
    "aims_last_over_all": "how far the proposal is about what has just happened rather than the session as a whole",
    "aims_last_over_roots": "how far the proposal stays with what has just happened",
    "aims_last_over_earlier": "how far the proposal is about what has just happened rather than something earlier",
    "aims_last_of_best": "whether what has just happened is what the proposal is closest to",
    "aims_session": "how far the proposal is about the session as a whole",
    "aims_new": "how new the thing is that the proposal is about",
    "last_covered": "how much of the last event the proposal takes up",
    "aims_fresh": "how far the proposal is about something that has just come up",
    "copies_event": "how far the proposal only repeats an event",
} | {f"help_{kind}": f"the kind of help ({what}, or not)" for kind, what in _HELP.items()}
"""Columns of the proposal; a row of a proposal holds those of the scene first."""
