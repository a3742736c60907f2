"""`tactful utterance`: the verbs, in the order of the work."""

from tactful.cli.splice import noun_of
from tactful.cli.utterance.evaluate import evaluate
from tactful.cli.utterance.predict import predict
from tactful.cli.utterance.synthesize import synthesize

noun = noun_of("Predict what the user says next: data and its measure.", synthesize, predict, evaluate)
