"""`tactful policy`: train, ask, explain and serve a policy. One file a verb."""
