"""How many threads the mathematics may use; imports nothing that does any."""

import os
import sys

_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def limit_threads(count: int) -> None:
    """Let torch, BLAS and FAISS use this many threads in this process.

    Call it before any of them is imported, numpy included: what is not loaded yet
    reads the environment when it is, and numpy's BLAS reads it then only. Two web
    processes whose BLAS each spins on both cores take twice as long for a search.
    And a process that has computed with several threads and is then forked leaves
    children that hang for ever, so whatever serves pages runs with one.
    """
    for variable in _VARIABLES:
        os.environ[variable] = str(count)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(count)
    if faiss := sys.modules.get("faiss"):
        faiss.omp_set_num_threads(count)
