"""`tactful policy`: train, ask and explain a policy. One file a verb."""
