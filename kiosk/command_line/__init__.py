"""What a technician types: ``kiosk card show`` and its like, over the same ports the screens use."""
