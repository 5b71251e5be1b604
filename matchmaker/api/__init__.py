"""The public interface for programs, `/api/v1`.

Each feature declares its operations in its `api.py`; this package reads requests,
writes answers and refusals, and describes all of it as OpenAPI. An operation names
the page it stands for, so the permission matrix decides about both alike.
"""
