"""What answers a technician at the screen, over the same functions as the commands."""

from kiosk.technician.desk.desk import Desk
from kiosk.technician.desk.visit import Visit

__all__ = ["Desk", "Visit"]
