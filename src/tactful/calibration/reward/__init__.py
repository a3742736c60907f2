"""What an episode was worth: R_task − C_interrupt."""
