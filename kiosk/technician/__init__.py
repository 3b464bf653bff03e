"""What a technician is told and may do, the same by command line and on the screen."""
