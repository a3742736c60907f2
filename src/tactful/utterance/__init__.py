"""Utterance: a dialogue goes in, preference data for predicting the user's next message comes out."""
