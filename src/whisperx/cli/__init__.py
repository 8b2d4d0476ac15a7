"""The commands; importing this imports nothing else."""
