"""`tactful utterance`: predict what the user says next. One file a verb."""
