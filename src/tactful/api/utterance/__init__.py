"""The user's next message in Python, a file a verb: data to train on, predictions and their measure."""
