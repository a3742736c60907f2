"""`tactful reader`: the verbs, in the order of the work."""

from tactful.cli.reader.calibrate import calibrate
from tactful.cli.reader.evaluate import evaluate
from tactful.cli.reader.read import read
from tactful.cli.reader.train import train
from tactful.cli.splice import noun_of

noun = noun_of(
    "Read requests, reactions and offers; train and measure readers on your labels.",
    read,
    train,
    calibrate,
    evaluate,
)
