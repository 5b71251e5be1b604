"""A receiver the platform may post to, and a courier with a clock of its own."""

import pytest

from matchmaker.webhooks.delivery import Courier, Turns

from ..conftest import NOW
from .receiver import listening


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def receiver():
    with listening() as open_one:
        yield open_one


@pytest.fixture
def allowed(make, receiver):
    """The administrator let messages go to the receiver, inside and without TLS."""
    pattern = f"127.0.0.1:{receiver.port}"
    return make.webhook_host(pattern, allows_http=True, allows_private=True)


@pytest.fixture
def courier(app, session, settings, clock):
    """A courier; ``post`` and others may be given."""

    def path_of(endpoint, arguments):
        return app.url_map.bind("localhost").build(endpoint, arguments)

    def made(**given):
        given = {"chance": lambda: 0.5, "turns": Turns()} | given
        return Courier(session, settings, clock=clock, path_of=path_of, **given)

    return made
