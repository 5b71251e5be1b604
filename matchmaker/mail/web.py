"""The outbox for staff, and in a demonstration for whoever waits for a mail."""

from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Mail, utcnow
from models.states import MailState

from .. import policies
from ..accounts.current import signed_in
from ..config import Settings
from ..db import db
from ..schema import page_number
from . import letters, service

bp = Blueprint("mail", __name__)
KEPT = 20


def settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


@bp.app_context_processor
def _outbox() -> dict[str, Any]:
    """Whether this browser waits for a mail that it can read here."""
    return {"shows_outbox": settings().shows_outbox}


def await_mail(mail: Mail | None) -> None:
    """Note, after the commit, that this browser caused the mail."""
    if mail is not None and settings().shows_outbox:
        session["mails"] = [*session.get("mails", []), mail.id][-KEPT:]


@bp.get("/mail")
@login_required
def outbox() -> ResponseReturnValue:
    state = request.args.get("state", "")
    found = service.outbox(db.session, signed_in(), page_number(request.args), state)
    return render_template(
        "mail/outbox.html",
        outbox=found,
        state=state,
        states=list(MailState),
        has_server=bool(settings().smtp_host),
        folder=settings().outbox_dir.name,
        subject=lambda mail: letters.letter(mail, settings()).subject,
        now=utcnow(),
    )


@bp.get("/mail/<int:mail_id>")
@login_required
def show(mail_id: int) -> ResponseReturnValue:
    mail = service.find(db.session, signed_in(), mail_id)
    # Whoever opens the link of a reset acts as its recipient.
    readable = (
        not mail.has_secret
        or policies.may(signed_in(), "mail.read_secret")
        or settings().shows_outbox
    )
    return render_template(
        "mail/show.html",
        mail=mail,
        letter=letters.letter(mail, settings()) if readable else None,
    )


@bp.post("/mail/<int:mail_id>/retry")
@login_required
def retry(mail_id: int) -> ResponseReturnValue:
    service.retry(db.session, signed_in(), mail_id, now=utcnow())
    flash("已重新排队，稍后发送。", "success")
    return redirect(url_for(".show", mail_id=mail_id), 303)


@bp.get("/mail/mine")
def mine() -> ResponseReturnValue:
    if not settings().shows_outbox:
        abort(404)
    mails = service.some(db.session, session.get("mails", []))
    found = [(mail, letters.letter(mail, settings())) for mail in mails]
    return render_template("mail/mine.html", mails=found)
