"""`tactful train`: fine-tune a language model on data of ours. One file a verb."""
