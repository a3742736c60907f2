"""People at work, offers of help, and what came of them: scenes, episodes, training sets."""
