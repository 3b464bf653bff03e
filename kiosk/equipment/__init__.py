"""What stands on a terminal, put together as ``kiosk.toml`` says. The only room that names concrete devices.

Nothing is opened or asked yet: a device that is missing is found missing by whoever first needs it.
"""
