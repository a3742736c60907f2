"""From the rows of one conversation to its turns: messages in any shape, ask tools, ratings, logs of calls, trees of versions."""
