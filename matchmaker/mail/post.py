"""How a letter leaves: through a mail server, or into the folder of the instance."""

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.errors import MessageDefect
from email.message import EmailMessage
from email.policy import SMTP

from jinja2 import TemplateError

from models import Mail
from models.states import MailState

from ..config import Settings
from .letters import message

TIMEOUT = 20


class Refused(Exception):
    """This letter will not be taken, now or later; others may be."""


class Unreachable(Exception):
    """Nothing can be sent at the moment."""


class Folder:
    """Keeps each letter as a file: for a demonstration, or until there is a server."""

    done = MailState.FILED

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def take(self, mail: Mail) -> None:
        """Write the letter whole or not at all."""
        made = _message(mail, self.settings)
        written = made.as_bytes(policy=SMTP.clone(utf8=not mail.recipient.isascii()))
        folder = self.settings.outbox_dir
        path = folder / f"{mail.id:06}-{mail.kind}.eml"
        fresh = path.with_suffix(f".{os.getpid()}")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh.write_bytes(written)
            fresh.replace(path)
        except OSError as error:
            raise Unreachable(_short(error)) from error


class Server:
    """Hands letters to the mail server over one connection."""

    done = MailState.SENT

    def __init__(self, settings: Settings, connection: smtplib.SMTP) -> None:
        self.settings, self.connection = settings, connection

    def take(self, mail: Mail) -> None:
        made = _message(mail, self.settings)
        try:
            self.connection.send_message(made)
        except smtplib.SMTPNotSupportedError as error:
            raise Refused("the mail server takes no such address") from error
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _answer(code, words) from error
        except smtplib.SMTPResponseException as error:
            raise _answer(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(_short(error)) from error


def _message(mail: Mail, settings: Settings) -> EmailMessage:
    try:
        return message(mail, settings)
    except (ValueError, MessageDefect) as error:
        raise Refused("the address cannot be written") from error
    except TemplateError as error:
        # A fact is missing: our own fault, and no reason to hold up the others.
        raise Refused(_short(error)) from error


def _answer(code: int, words: bytes | str) -> Exception:
    """What the server says for good (5xx) or for now (4xx)."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    line = f"{code} {text}"[:300]
    return Refused(line) if 500 <= code < 600 else Unreachable(line)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


@contextmanager
def opened(settings: Settings) -> Iterator[Folder | Server]:
    """Where letters go; raises `Unreachable` when the server does not answer."""
    if not settings.smtp_host:
        yield Folder(settings)
        return
    try:
        connection = _connect(settings)
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable(_short(error)) from error
    try:
        yield Server(settings, connection)
    finally:
        try:
            connection.quit()
        except (smtplib.SMTPException, OSError):
            connection.close()


def _connect(settings: Settings) -> smtplib.SMTP:
    place = settings.smtp_host, settings.smtp_port
    if settings.smtp_security == "tls":
        context = ssl.create_default_context()
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            *place, timeout=TIMEOUT, context=context
        )
    else:
        connection = smtplib.SMTP(*place, timeout=TIMEOUT)
    try:
        if settings.smtp_security == "starttls":
            connection.starttls(context=ssl.create_default_context())
        if settings.smtp_user:
            password = settings.smtp_password.get_secret_value()
            connection.login(settings.smtp_user, password)
    except BaseException:
        connection.close()
        raise
    return connection
