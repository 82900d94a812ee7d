"""A good client of a running service is answered in time, whatever others do to their connections."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from api.server.listening import GRACE_SECONDS
from tests.api.serving import Served, serving

REQUESTS = 150
DEADLINE_SECONDS = 1.0
ENOUGH = 0.9  # of the answers, within the deadline
HALF_OPEN = 1_100
HEAD = b"POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
SMALL = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LARGE = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
Attack = Callable[[tuple[str, int], threading.Event], None]


@pytest.fixture
def served(bundle_folder: Path, tmp_path: Path) -> Iterator[Served]:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    with serving(tmp_path, url, bundle_folder, "--development") as served:
        yield served


def send_endless_head(address: tuple[str, int], stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(OSError), socket.create_connection(address) as client:
            client.sendall(HEAD + b"X-A: ")
            while not stop.is_set():
                client.sendall(b"a" * 1_400)


def send_endless_trailer(address: tuple[str, int], stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(OSError), socket.create_connection(address) as client:
            client.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: ")
            while not stop.is_set():
                client.sendall(b"t" * 1_400)


def send_small_chunks(address: tuple[str, int], stop: threading.Event) -> None:
    head = SMALL.replace(b"GET", b"POST")[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
    while not stop.is_set():
        with suppress(OSError), ExitStack() as opened:
            clients = [opened.enter_context(socket.create_connection(address)) for _ in range(2)]
            for client in clients:
                client.sendall(head)
            while not stop.is_set():
                for client in clients:
                    client.sendall(b"1\r\n \r\n" * 10_000)


def send_slow_bodies(address: tuple[str, int], stop: threading.Event) -> None:
    with ExitStack() as opened:
        clients = [opened.enter_context(socket.create_connection(address)) for _ in range(100)]
        for client in clients:
            client.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        while not stop.wait(0.2):
            for client in clients:
                with suppress(OSError):
                    client.sendall(b" ")


def hold_half_open(address: tuple[str, int], stop: threading.Event) -> None:
    with ExitStack() as opened:
        for _ in range(HALF_OPEN):
            client = opened.enter_context(socket.create_connection(address))
            with suppress(OSError):
                client.sendall(HEAD)
        stop.wait()


def ask_without_reading(address: tuple[str, int], stop: threading.Event) -> None:
    with ExitStack() as opened:
        for _ in range(50):
            client = opened.enter_context(socket.create_connection(address))
            client.settimeout(0.01)
            with suppress(OSError):
                client.sendall(20 * LARGE)
        stop.wait()


@contextmanager
def under_attack(attack: Attack, served: Served) -> Iterator[None]:
    stop = threading.Event()
    url = httpx.URL(served.url)
    thread = threading.Thread(target=attack, args=((url.host, url.port), stop))
    thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "attack",
    [
        send_small_chunks,
        send_endless_head,
        send_endless_trailer,
        send_slow_bodies,
        hold_half_open,
        ask_without_reading,
    ],
)
def test_a_good_client_is_answered_in_time(served: Served, attack: Attack) -> None:
    in_time = 0
    with under_attack(attack, served):
        for number in range(REQUESTS):
            start = time.monotonic()
            with suppress(httpx.TransportError):
                if number % 2:
                    answer = httpx.get(f"{served.url}/healthz", timeout=DEADLINE_SECONDS)
                else:
                    body = {"participant": {}, "k": 3}
                    answer = httpx.post(
                        f"{served.url}/v1/recommendations", json=body, timeout=DEADLINE_SECONDS
                    )
                in_time += answer.is_success and time.monotonic() - start < DEADLINE_SECONDS
    assert in_time >= ENOUGH * REQUESTS


def test_the_service_ends_in_time_whatever_clients_do(served: Served) -> None:
    with ExitStack() as attacks:
        for attack in (send_slow_bodies, hold_half_open, ask_without_reading):
            attacks.enter_context(under_attack(attack, served))
        start = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        served.process.wait(GRACE_SECONDS)
        assert time.monotonic() - start < GRACE_SECONDS - 2
