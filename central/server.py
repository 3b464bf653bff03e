"""The centre served over HTTPS, by one process or several."""

import functools
import logging
import socket
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from central.app import create_app
from central.settings import Settings


def server_config(settings: Settings, app: Any) -> uvicorn.Config:
    """How the centre is served: HTTPS, no access log (its lines would name sessions)."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ssl_certfile=str(settings.tls_certificate),
        ssl_keyfile=str(settings.tls_key),
        access_log=False,
        log_level="info",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )


def serve(settings: Settings, workers: int) -> None:
    """Serve until a signal ends it.

    :param workers: processes; with 1 it is this one.
    """
    if workers < 2:
        uvicorn.Server(server_config(settings, _logging_app(settings))).run()
        return
    config = server_config(settings, functools.partial(_logging_app, settings))
    config.factory, config.workers = True, workers
    listener = config.bind_socket()
    # Its connections inherit this. asyncio spares only sockets that name TCP Nagle's delay (44 ms an answer).
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Multiprocess(config, [listener]).run()


def _logging_app(settings: Settings) -> FastAPI:
    """The application; each process makes it, and its log, for itself."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return create_app(settings)
