"""PIN pads: one module for each dialect's driver, one for its words on the wire."""
