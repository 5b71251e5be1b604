"""How long a search takes through HTTP, what a worker weighs, and beside it rivals.

    python -m benchmarks.search [--requests 120] [--seconds 60]

Over the instance the settings name (default: the project's), which must hold the
demonstration data. Starts gunicorn, asks every query once so that no cache answers,
then the same again on the same connection, and stops gunicorn. The rivals run in
this process, without HTTP, permissions, fusion or pages: bm25s over the same terms,
and sentence-transformers' own ``encode`` before an exact FAISS index.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from index.text import terms
from matchmaker.config import Settings
from models import Achievement, Embedding, OutboxTask, create_db_engine
from models.outbox import Part, RecordType

from . import processes
from .processes import ROOT, Memory

SAMPLE = ROOT / "data" / "sample"
PAGES = ("/search", "/achievements")
CLIENTS = (1, 4)
K = 20
UNLIMITED = {"MATCHMAKER_SEARCH_RATE": "1000000 per minute"}


@dataclass
class Run:
    """The seconds each request took, and the seconds they took together."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the requests was answered."""
        return float(np.percentile(self.took, share)) * 1000 if self.took else np.nan

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds if self.seconds else np.nan

    def row(self, *names: object) -> str:
        figures = (f"{self.percentile(50):.1f}", f"{self.percentile(95):.1f}")
        cells = (*names, len(self.took), *figures, f"{self.rate:.1f}")
        return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    options = _options()
    settings = Settings()
    texts, vectors = _stored(settings)
    queries = list(_queries())
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start\n")
    first = _through_http(settings, iter(queries), options)
    _rivals(settings, texts, vectors, queries[-options.requests :], first)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=120, help="in each row")
    parser.add_argument("--seconds", type=float, default=60, help="most for each row")
    return parser.parse_args()


def _stored(settings: Settings) -> tuple[list[str], np.ndarray]:
    """The achievements' texts and the vectors of the whole of each."""
    engine = create_db_engine(settings.url)
    with Session(engine) as session:
        rows = session.execute(
            select(Embedding.text, Embedding.vector)
            .join(Achievement, Achievement.id == Embedding.record_id)
            .where(
                Embedding.record_type == RecordType.ACHIEVEMENT,
                Embedding.part == Part.WHOLE,
            )
            .order_by(Achievement.id)
        ).all()
        if not rows:
            raise SystemExit("no records; first run `flask --app wsgi setup`")
        if session.scalar(select(OutboxTask.id).limit(1)):
            print("note: the outbox is not empty, so some records may be missing\n")
    engine.dispose()
    vectors = [np.frombuffer(vector, "<f2").astype(np.float32) for _, vector in rows]
    return [text for text, _ in rows], np.array(vectors)


def _queries() -> Iterator[str]:
    """Titles and sentences of everyday speech, each once, in a mixed order."""
    texts: dict[str, None] = {}
    for name, key in (("needs", "title"), ("everyday-*", "text")):
        for path in sorted(SAMPLE.glob(f"*/{name}.jsonl")):
            for line in path.read_text("utf-8").splitlines():
                texts[json.loads(line)[key]] = None
    mixed = np.random.default_rng(7).permutation(list(texts))
    yield from mixed.tolist()


def _through_http(
    settings: Settings, queries: Iterator[str], options: argparse.Namespace
) -> Run:
    """Measure the server; returns the first asking of the list page by one client."""
    port = processes.free_port()
    # A client that waits for the others between two askings keeps its connection.
    keep = ("--keep-alive", "75")
    server = processes.gunicorn(port, UNLIMITED, settings.instance_dir, *keep)
    with processes.ended(server):
        start = processes.wait_for_page(port, server)
        _wait_for_workers(server, settings.web_workers)
        print(f"gunicorn: {start:.1f} s to the first page\n")
        fresh = _memory(server)
        print("| page | clients | asked | n | p50 ms | p95 ms | per second |")
        print("|---|---|---|---|---|---|---|")
        found = Run()
        for page in PAGES:
            for clients in CLIENTS:
                asked = [next(queries) for _ in range(options.requests)]
                cold, warm = _ask(port, page, clients, asked, options.seconds)
                print(cold.row(page, clients, "first time"))
                print(warm.row(page, clients, "again"), flush=True)
                found = cold if clients == 1 else found
        _print_memory(fresh, _memory(server))
    return found


def _wait_for_workers(server: processes.Running, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(server.workers()) < count and time.monotonic() < deadline:
        time.sleep(0.1)


def _ask(
    port: int, page: str, clients: int, queries: Sequence[str], seconds: float
) -> tuple[Run, Run]:
    """Both askings of the queries, shared out over clients with a connection each."""
    shares = [queries[number::clients] for number in range(clients)]
    connections = [HTTPConnection("127.0.0.1", port, timeout=60) for _ in shares]
    runs = []
    for _ in range(2):
        run, started = Run(), time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            jobs = [
                pool.submit(_client, connection, page, share, started + seconds)
                for connection, share in zip(connections, shares, strict=True)
            ]
            run.took = [took for job in jobs for took in job.result()]
        run.seconds = time.perf_counter() - started
        runs.append(run)
    for connection in connections:
        connection.close()
    return runs[0], runs[1]


def _client(
    connection: HTTPConnection, page: str, queries: Sequence[str], until: float
) -> list[float]:
    took = []
    for query in queries:
        if time.perf_counter() > until:
            break
        started = time.perf_counter()
        connection.request("GET", f"{page}?q={quote(query)}")
        response = connection.getresponse()
        response.read()
        took.append(time.perf_counter() - started)
        if response.status != 200:
            raise RuntimeError(f"{page} answered {response.status} to {query!r}")
    return took


def _memory(server: processes.Running) -> dict[int, Memory]:
    return {pid: processes.memory(pid) for pid in (server.pid, *server.workers())}


def _print_memory(fresh: dict[int, Memory], used: dict[int, Memory]) -> None:
    print("\n| process | when | RSS MiB | PSS MiB | USS MiB |")
    print("|---|---|---|---|---|")
    for number, pid in enumerate(used):
        name = f"worker {number}" if number else "master"
        for when, found in (("fresh", fresh), ("after the searches", used)):
            if memory := found.get(pid):
                figures = f"{memory.rss:.0f} | {memory.pss:.0f} | {memory.uss:.0f}"
                print(f"| {name} | {when} | {figures} |")


def _rivals(
    settings: Settings,
    texts: list[str],
    vectors: np.ndarray,
    queries: Sequence[str],
    ours: Run,
) -> None:
    print("\n| rival, in process | n | p50 ms | p95 ms | per second | ours / its p50 |")
    print("|---|---|---|---|---|---|")
    makers: dict[str, Callable[[], Callable[[str], Any]]] = {
        f"bm25s over {len(texts)} texts": lambda: _bm25s(texts),
        "sentence-transformers encode + FAISS flat": lambda: _plain(settings, vectors),
    }
    for name, make in makers.items():
        search = make()
        search(queries[0])
        run, started = Run(), time.perf_counter()
        for query in queries:
            begun = time.perf_counter()
            search(query)
            run.took.append(time.perf_counter() - begun)
        run.seconds = time.perf_counter() - started
        ratio = ours.percentile(50) / run.percentile(50)
        print(f"{run.row(name)} {ratio:.2f} |", flush=True)
    print("\n«ours» is the list page of achievements, one client, first time, HTTP.")


def _bm25s(texts: list[str]) -> Callable[[str], Any]:
    import bm25s

    index = bm25s.BM25()
    index.index([terms(text) for text in texts], show_progress=False)
    return lambda query: index.retrieve([terms(query)], k=K, show_progress=False)


def _plain(settings: Settings, vectors: np.ndarray) -> Callable[[str], Any]:
    import faiss
    from sentence_transformers import SentenceTransformer

    folder = Path(settings.model)
    model = SentenceTransformer(
        settings.model, device="cpu", local_files_only=folder.is_dir()
    )
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    prompt = model.prompts.get("query", "")

    def search(query: str) -> Any:
        vector = model.encode(
            [query], prompt=prompt, normalize_embeddings=True, show_progress_bar=False
        )
        return index.search(vector, K)

    return search


if __name__ == "__main__":
    main()
