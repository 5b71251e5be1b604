"""Real processes of the product over an instance folder, and their certain end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")


@dataclass(frozen=True)
class Memory:
    """What a process holds, in MiB.

    rss  every page, shared ones in full
    pss  a page shared by n processes counts one n-th
    uss  pages that nobody else holds
    """

    rss: float
    pss: float
    uss: float


def reported(command: Sequence[str], settings: Mapping[str, str]) -> dict[str, Any]:
    """Run a step in a process of its own; what its last line reports as JSON."""
    done = subprocess.run(
        command,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


class Running:
    """A process and all it starts, in a group of their own."""

    def __init__(
        self, command: Sequence[str], settings: Mapping[str, str], log: Path
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    def workers(self) -> list[int]:
        """The processes it started itself, which for gunicorn are the workers."""
        listing = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return sorted(int(pid) for pid in listing.read_text().split())

    def kill(self) -> None:
        """End the whole group at once, with no chance to tidy up."""
        if self.status is None:
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end; end it if it does not."""
        if self.status is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
        self.kill()

    def wait(self, seconds: float) -> int:
        return self._process.wait(seconds)


def gunicorn(
    port: int, settings: Mapping[str, str], folder: Path, *more: str
) -> Running:
    """The web server as `make serve` starts it; ``more`` are arguments of gunicorn."""
    command = (sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", *more)
    served = dict(settings) | {"MATCHMAKER_PORT": str(port)}
    return Running((*command, "wsgi:app"), served, folder / "web.log")


def worker(settings: Mapping[str, str], folder: Path) -> Running:
    return Running((*FLASK, "worker"), settings, folder / "worker.log")


def flask(settings: Mapping[str, str], *arguments: str) -> str:
    """The output of a command; raises with it if the command fails."""
    done = subprocess.run(
        (*FLASK, *arguments),
        cwd=ROOT,
        env=os.environ | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"flask {' '.join(arguments)}: {done.stdout}")
    return done.stdout


@contextmanager
def ended(*processes: Running) -> Iterator[None]:
    """Whatever happens inside, these processes do not outlive it."""
    try:
        yield
    finally:
        for process in processes:
            process.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_page(port: int, server: Running, seconds: float = START_SECONDS) -> float:
    """Wait for the first answer; returns the seconds that took."""
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        if server.status is not None:
            break
        connection = HTTPConnection("127.0.0.1", port, timeout=seconds)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return time.perf_counter() - started
        except (OSError, HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    raise RuntimeError(f"no page on port {port}: {server.log.read_text()[-2000:]}")


def memory(pid: int) -> Memory:
    kilobytes: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, amount, *_ = line.split()
        kilobytes[name.rstrip(":")] = int(amount)
    own = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return Memory(kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024, own / 1024)


def own_memory(name: str) -> float:
    """A line of the kernel's account of this process, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {name} here")


def idle_memory() -> float:
    """MiB held now; the kernel counts the peak anew from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return own_memory("VmRSS")
