"""Device drivers, usable without the kiosk."""
