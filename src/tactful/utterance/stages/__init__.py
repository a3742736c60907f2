"""The stages of synthesis, one file each."""
