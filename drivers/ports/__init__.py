"""Ports: what the kiosk asks of each kind of device, as typed protocols, value types and one error tree."""
