"""Whatever a person may do on a page, a program may do, but for what is listed here."""

from matchmaker import matrix
from matchmaker.api.registry import operations

# Why an address has no operation.
ONLY_FOR_PEOPLE = {
    "signing in and what proves who one is": (
        "accounts.sign_in",
        "accounts.sign_out",
        "accounts.code",
        "accounts.forgot",
        "accounts.forgot_sent",
        "accounts.reset_password",
        "accounts.sessions",
        "accounts.end_session",
        "accounts.end_other_sessions",
        "accounts.two_step",
        "accounts.two_step_start",
        "accounts.two_step_confirm",
        "accounts.two_step_codes",
        "accounts.two_step_off",
        "accounts.profile",
        "accounts.data",
        "accounts.export",
        "accounts.erase",
        "registrations.register",
        "registrations.sent",
        "registrations.confirmed",
        "tokens.index",
        "tokens.revoke",
    ),
    "the description of the operations themselves": ("api.describe", "api.docs"),
    "the state of the server, which has an address for that": ("home.health",),
}


def by_hand() -> set[str]:
    return {page for pages in ONLY_FOR_PEOPLE.values() for page in pages}


def test_every_page_has_its_operation():
    served = {page.partition("/")[0] for one in operations() for page in one.pages}
    missing = []
    for address, line in matrix.routes.items():
        page = address.partition("/")[0]
        if line.action == matrix.BY_SECRET or page in by_hand() or page in served:
            continue
        missing.append(f"{page:36} {line.action}")
    assert not missing, "\n" + "\n".join(missing)


def test_every_operation_stands_for_pages_there_are():
    pages = {address.partition("/")[0] for address in matrix.routes}
    named = {page.partition("/")[0] for one in operations() for page in one.pages}
    assert named <= pages
    assert not named & by_hand()


def test_what_is_only_for_people_is_there():
    assert by_hand() <= {address.partition("/")[0] for address in matrix.routes}
