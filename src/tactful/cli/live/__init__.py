"""`tactful live`: decisions for a running assistant."""
