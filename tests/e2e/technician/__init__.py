"""A technician before a terminal in which something is broken: what ``kiosk doctor`` must find, and nothing else."""
