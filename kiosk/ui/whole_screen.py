"""How large the screen is, before there is a window on it.

Without a window manager, as on a terminal's display, a window that only asks for the whole screen stays 800 × 600 while
Kivy takes it for the whole: it must be opened at the right size.
"""

import ctypes


def screen_size() -> tuple[int, int] | None:
    """Width and height of the X display's screen in pixels; None where there is no X display to ask."""
    try:
        xlib = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    xlib.XOpenDisplay.restype = ctypes.c_void_p
    for function in (xlib.XDefaultScreen, xlib.XCloseDisplay):
        function.argtypes = [ctypes.c_void_p]
    for function in (xlib.XDisplayWidth, xlib.XDisplayHeight):
        function.argtypes = [ctypes.c_void_p, ctypes.c_int]
    display = xlib.XOpenDisplay(None)
    if not display:
        return None
    try:
        screen = xlib.XDefaultScreen(display)
        return xlib.XDisplayWidth(display, screen), xlib.XDisplayHeight(display, screen)
    finally:
        xlib.XCloseDisplay(display)
