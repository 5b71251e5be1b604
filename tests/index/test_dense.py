"""The FAISS side, against answers known by hand and against plain numpy."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.dense import DenseIndex, knn_batch

from .conftest import unit

EAST, NORTH, NORTH_EAST = [1.0, 0.0], [0.0, 1.0], [0.6, 0.8]


def compass() -> DenseIndex:
    index = DenseIndex(2)
    index.add(np.array([10, 20, 30]), np.array([EAST, NORTH, NORTH_EAST]))
    return index


def clustered(count: int, dimension: int = 32, seed: int = 1) -> np.ndarray:
    """Vectors with neighbourhoods, as texts have them; all near one direction."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(60, dimension)) + 1.5
    noise = random.normal(size=(count, dimension))
    return unit(centres[random.integers(0, 60, count)] + 0.6 * noise)


def brute(
    rows: dict[int, np.ndarray], query: np.ndarray, k: int, allowed: set[int] | None
) -> list[int]:
    """The right answer: ids by falling score, then by id."""
    ids = sorted(i for i in rows if allowed is None or i in allowed)
    halves = {i: rows[i].astype(np.float16).astype(np.float32) for i in ids}
    score = {i: float(np.einsum("nd,d->n", halves[i][None], query)[0]) for i in ids}
    return sorted(ids, key=lambda i: (-score[i], i))[:k]


def test_the_closest_comes_first() -> None:
    ids, scores = compass().search(np.array([EAST, NORTH]), 3)
    assert ids.tolist() == [[10, 30, 20], [20, 30, 10]]
    assert scores == pytest.approx(np.array([[1, 0.6, 0], [1, 0.8, 0]]), abs=1e-3)


def test_missing_places_are_marked() -> None:
    ids, scores = compass().search(np.array([EAST]), 5)
    assert ids.tolist() == [[10, 30, 20, -1, -1]]
    assert scores[0, 3:].tolist() == [-np.inf, -np.inf]
    assert scores.dtype == np.float32
    assert ids.dtype == np.int64


def test_an_empty_index_finds_nothing() -> None:
    ids, _ = DenseIndex(2).search(np.array([EAST]), 2)
    assert ids.tolist() == [[-1, -1]]


def test_no_query_gives_no_row() -> None:
    ids, scores = compass().search(np.empty((0, 2)), 3)
    assert ids.shape == scores.shape == (0, 3)


def test_an_id_added_again_is_replaced() -> None:
    index = compass()
    index.add(np.array([10]), np.array([NORTH]))
    assert len(index) == 3
    assert index.search(np.array([EAST]), 1)[0].tolist() == [[30]]


def test_of_an_id_given_twice_the_last_counts() -> None:
    index = DenseIndex(2)
    index.add(np.array([7, 7]), np.array([EAST, NORTH]))
    assert len(index) == 1
    assert index.search(np.array([NORTH]), 1)[1][0, 0] == pytest.approx(1)


def test_what_is_removed_cannot_be_found() -> None:
    index = compass()
    index.remove(np.array([10, 99]))
    assert 10 not in index
    assert 20 in index
    assert index.ids().tolist() == [20, 30]
    assert index.search(np.array([EAST]), 3)[0].tolist() == [[30, 20, -1]]


def test_only_allowed_ids_come_back() -> None:
    index = compass()
    ids, _ = index.search(np.array([EAST]), 2, np.array([20, 30, 99]))
    assert ids.tolist() == [[30, 20]]
    ids, _ = index.search(np.array([EAST]), 2, np.array([], np.int64))
    assert ids.tolist() == [[-1, -1]]


@pytest.mark.parametrize("exact_limit", [10_000, 50])
def test_equal_scores_come_by_id_even_at_the_cut(exact_limit: int) -> None:
    index = DenseIndex(8, exact_limit=exact_limit)
    ids = np.random.default_rng(3).permutation(100)
    index.add(ids, np.repeat(unit(np.ones((1, 8))), 100, axis=0))
    found, _ = index.search(unit(np.ones((1, 8))), 10)
    assert found.tolist() == [list(range(10))]


def test_bad_input_is_refused() -> None:
    index = compass()
    with pytest.raises(ValueError, match="shape"):
        index.search(np.zeros((1, 3)), 1)
    with pytest.raises(ValueError, match="negative"):
        index.add(np.array([-1]), np.array([EAST]))
    with pytest.raises(ValueError, match="2 ids"):
        index.add(np.array([1, 2]), np.array([EAST]))


step = st.one_of(
    st.tuples(st.just("add"), st.lists(st.integers(0, 40), min_size=1, max_size=12)),
    st.tuples(st.just("remove"), st.lists(st.integers(0, 50), max_size=12)),
)


@given(
    steps=st.lists(step, max_size=12),
    k=st.integers(0, 12),
    allowed=st.none() | st.sets(st.integers(0, 50)),
    seed=st.integers(0, 9),
)
@settings(max_examples=150, deadline=None)
def test_it_agrees_with_brute_force(
    steps: list[tuple[str, list[int]]], k: int, allowed: set[int] | None, seed: int
) -> None:
    random = np.random.default_rng(seed)
    # Few distinct vectors, so that many scores are equal.
    pool = unit(random.normal(size=(6, 4)))
    index, rows = DenseIndex(4), {}
    for kind, ids in steps:
        if kind == "add":
            vectors = pool[random.integers(0, 6, len(ids))]
            index.add(np.array(ids), vectors)
            rows.update(zip(ids, vectors, strict=True))
        else:
            index.remove(np.array(ids, np.int64))
            rows = {id_: row for id_, row in rows.items() if id_ not in ids}
    permitted = None if allowed is None else np.array(sorted(allowed), np.int64)
    found, _ = index.search(pool[:2], k, permitted)
    for query, ids in zip(pool[:2], found.tolist(), strict=True):
        expected = brute(rows, query, k, allowed)
        assert ids == expected + [-1] * (k - len(expected))
    assert index.ids().tolist() == sorted(rows)
    assert len(index) == len(rows)


@pytest.fixture(scope="module")
def large() -> tuple[DenseIndex, np.ndarray]:
    """An index past its limit, with some rows replaced and some removed since."""
    vectors = clustered(4_000)
    index = DenseIndex(32, exact_limit=1_500)
    index.add(np.arange(4_000), vectors)
    index.search(vectors[:1], 1)
    index.remove(np.arange(300))
    vectors[300:400] = clustered(100, seed=2)
    index.add(np.arange(300, 400), vectors[300:400])
    return index, vectors


def recall(
    index: DenseIndex, vectors: np.ndarray, first: int, allowed: np.ndarray | None
) -> float:
    hits = []
    rows = dict(enumerate(vectors[first:], first))
    permitted = None if allowed is None else set(allowed.tolist())
    for query in vectors[::80]:
        found = set(index.search(query[None], 20, allowed)[0][0].tolist())
        hits.append(len(found & set(brute(rows, query, 20, permitted))) / 20)
    return float(np.mean(hits))


@pytest.mark.parametrize("every", [None, 2, 40])
def test_a_large_index_finds_nearly_all(
    large: tuple[DenseIndex, np.ndarray], every: int | None
) -> None:
    index, vectors = large
    allowed = None if every is None else np.arange(0, 4_000, every)
    assert recall(index, vectors, 300, allowed) >= 0.95
    assert "fast scan" in index.describe()
    assert "recall@20 0.9" in index.describe() or "recall@20 1." in index.describe()


def test_a_large_index_returns_only_what_is_there_and_allowed(
    large: tuple[DenseIndex, np.ndarray],
) -> None:
    index, vectors = large
    allowed = np.arange(0, 4_000, 2)
    ids, scores = index.search(vectors[::50], 50, allowed)
    assert np.isin(ids, allowed).all()
    assert (ids >= 300).all()
    assert (np.diff(scores, axis=1) <= 0).all()
    ids, _ = index.search(vectors[:1], 5, np.array([], np.int64))
    assert (ids == -1).all()


def test_a_filter_far_from_the_query_still_fills_the_page() -> None:
    """Half of the rows are allowed, and none of their lists is near the query."""
    near, far = clustered(2_000), -clustered(2_000)
    index = DenseIndex(32, exact_limit=1_000)
    index.add(np.arange(4_000), np.vstack([near, far]))
    ids, _ = index.search(near[:20], 20, np.arange(2_000, 4_000))
    assert "fast scan" in index.describe()
    assert (ids >= 2_000).all()
    expected, _ = knn_batch(near[:20], far, 20)
    hits = [
        len(set(ours) & set(theirs))
        for ours, theirs in zip(ids.tolist(), (expected + 2_000).tolist(), strict=True)
    ]
    assert np.mean(hits) / 20 >= 0.9


def test_a_replaced_vector_of_a_large_index_is_found_at_once(
    large: tuple[DenseIndex, np.ndarray],
) -> None:
    index, vectors = large
    ids, scores = index.search(vectors[300:400], 1)
    assert ids[:, 0].tolist() == list(range(300, 400))
    assert scores[:, 0].min() > 0.999


def test_the_same_rows_rank_the_same_in_every_process() -> None:
    vectors = clustered(2_500)
    order = np.random.default_rng(5).permutation(2_500)
    straight, shuffled = (DenseIndex(32, exact_limit=1_000) for _ in range(2))
    straight.add(np.arange(2_500), vectors)
    for part in np.array_split(order, 7):
        shuffled.add(part, vectors[part])
    for ours, theirs in zip(
        straight.search(vectors[:50], 20),
        shuffled.search(vectors[:50], 20),
        strict=True,
    ):
        assert np.array_equal(ours, theirs)


def test_an_index_that_shrinks_is_exact_again() -> None:
    vectors = clustered(2_000)
    index = DenseIndex(32, exact_limit=1_000)
    index.add(np.arange(2_000), vectors)
    assert "fast scan" in index.describe()
    index.remove(np.arange(500, 2_000))
    assert index.describe().startswith("exact")
    assert recall(index, vectors[:500], 0, None) == 1.0


def test_many_additions_are_taken_into_the_coarse_index() -> None:
    vectors = clustered(3_000)
    index = DenseIndex(32, exact_limit=1_000)
    index.add(np.arange(2_000), vectors[:2_000])
    index.search(vectors[:1], 1)
    index.add(np.arange(2_000, 3_000), vectors[2_000:])
    assert "0 of them in the exact part" in index.describe()
    assert len(index) == 3_000


def test_threads_may_search_while_another_adds() -> None:
    vectors = clustered(3_000)
    index = DenseIndex(32)
    index.add(np.arange(1_000), vectors[:1_000])
    wrong: list[int] = []

    def search() -> None:
        for row in range(200):
            found = int(index.search(vectors[row : row + 1], 1)[0][0, 0])
            if found != row:
                wrong.append(found)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for row in range(1_000, 3_000, 20):
        index.add(np.arange(row, row + 20), vectors[row : row + 20])
        index.remove(np.arange(row, row + 10))
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(index) == 2_000


def test_many_queries_are_compared_at_once() -> None:
    vectors, queries = clustered(500), clustered(1_300, seed=8)
    rows, scores = knn_batch(queries, vectors, 5)
    products = queries @ vectors.T
    assert np.array_equal(rows, np.argsort(-products, axis=1, kind="stable")[:, :5])
    assert scores == pytest.approx(np.sort(products, axis=1)[:, ::-1][:, :5], abs=1e-5)


def test_a_batch_over_few_vectors_is_filled_up() -> None:
    rows, scores = knn_batch(np.array([EAST]), np.array([NORTH, EAST]), 3)
    assert rows.tolist() == [[1, 0, -1]]
    assert scores[0, 2] == -np.inf
    assert knn_batch(np.array([EAST]), np.empty((0, 2)), 1)[0].tolist() == [[-1]]
