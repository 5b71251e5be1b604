"""Pages of hooks: those one keeps with their log, and the administrator's."""

import secrets
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Webhook, utcnow
from models.states import DeliveryState, WebhookFormat

from .. import labels, policies
from ..accounts.current import signed_in
from ..config import Settings
from ..db import db
from ..errors import Invalid
from ..schema import page_number, parse
from . import events, governing, hosts, service, telling
from .delivery import MOST_FAILURES, WAITS
from .schema import LABELS, HookEdit, HookInput, HostInput

bp = Blueprint("webhooks", __name__)

FORMATS = [
    (
        WebhookFormat.JSON,
        "推送到本单位自己的系统，附签名，接收方可以核验消息来自平台。",
    ),
    (WebhookFormat.WECOM, "在群设置里添加群机器人，复制它的 Webhook 地址。"),
    (
        WebhookFormat.DINGTALK,
        "在群设置里添加自定义机器人，安全设置选「加签」，复制地址和密钥；"
        "选「自定义关键词」的，关键词填「平台」。",
    ),
]


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


@bp.get("/webhooks")
@login_required
def index() -> ResponseReturnValue:
    user = signed_in()
    return render_template(
        "webhooks/list.html",
        hooks=service.listed(db.session, user),
        home=None if user.is_staff else user.organisation,
        most=service.MOST,
        now=utcnow(),
    )


@bp.route("/webhooks/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    policies.require(signed_in(), "webhook.keep")
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            data = parse(HookInput, request.form)
            made = service.create(
                db.session, signed_in(), _settings(), data, now=utcnow()
            )
        except Invalid as invalid:
            errors = invalid.fields
        else:
            return _made(made)
    values: dict[str, Any] = {"format": WebhookFormat.JSON} | dict(request.form)
    values.setdefault("form_key", secrets.token_urlsafe(16))
    chosen = request.form.getlist("events") if errors else _all_offered()
    return _form(None, values, chosen, errors)


def _all_offered() -> list[str]:
    """Most want everything; what one does not want is sooner unticked."""
    groups = events.offered(platform=signed_in().is_staff).values()
    return [kind for kinds in groups for kind, _ in kinds]


def _made(made: service.Made) -> ResponseReturnValue:
    if made.secret:
        return _secret_page(made)
    flash(f"已建立「{made.hook.name}」，可以发一条测试消息。", "success")
    return redirect(url_for(".show", hook_id=made.hook.id), 303)


def _secret_page(made: service.Made) -> ResponseReturnValue:
    """The secret, this once: it is on no page that could be opened again."""
    return render_template(
        "webhooks/secret.html",
        hook=made.hook,
        secret=made.secret,
        overlap=bool(made.hook.old_secrets),
    )


def _form(
    hook: Webhook | None,
    values: dict[str, Any],
    chosen: list[str],
    errors: dict[str, str],
) -> ResponseReturnValue:
    page = render_template(
        "webhooks/edit.html",
        hook=hook,
        values=values,
        chosen=chosen,
        errors=errors,
        fields=LABELS,
        formats=[(form.value, labels.label(form), hint) for form, hint in FORMATS],
        groups=events.offered(platform=signed_in().is_staff),
    )
    return page, 422 if errors else 200


def _told(hook: Webhook) -> dict[str, list[str]]:
    """What the hook hears of, group by group."""
    groups = events.offered(platform=hook.organisation_id is None)
    told = {
        group: [words for kind, words in kinds if kind in hook.events]
        for group, kinds in groups.items()
    }
    return {group: words for group, words in told.items() if words}


@bp.get("/webhooks/<int:hook_id>")
@login_required
def show(hook_id: int) -> ResponseReturnValue:
    user = signed_in()
    hook = service.find(db.session, user, hook_id)
    found = service.log(db.session, user, hook, page_number(request.args))
    first = next(iter(found.items), None)
    return render_template(
        "webhooks/show.html",
        hook=hook,
        found=found,
        told=_told(hook),
        words=events.WORDS,
        page_of=telling.page_of,
        test=events.TEST,
        # Nothing was tried yet of the newest: in a moment there is more to see.
        pending=first is not None
        and first.state is DeliveryState.WAITING
        and not first.attempts,
        tries=len(WAITS) + 1,
        most_failures=MOST_FAILURES,
        keep_days=_settings().webhook_keep_days,
        now=utcnow(),
    )


@bp.route("/webhooks/<int:hook_id>/edit", methods=["GET", "POST"])
@login_required
def edit(hook_id: int) -> ResponseReturnValue:
    hook = service.find(db.session, signed_in(), hook_id)
    if request.method == "GET":
        values = {"name": hook.name, "version": hook.version}
        return _form(hook, values, hook.events, {})
    try:
        data = parse(HookEdit, request.form)
        service.edit(db.session, signed_in(), _settings(), hook_id, data, now=utcnow())
    except Invalid as invalid:
        chosen = request.form.getlist("events")
        return _form(hook, dict(request.form), chosen, invalid.fields)
    flash("修改已保存。", "success")
    return redirect(url_for(".show", hook_id=hook_id), 303)


@bp.post("/webhooks/<int:hook_id>/test")
@login_required
def test(hook_id: int) -> ResponseReturnValue:
    service.test(db.session, signed_in(), hook_id, now=utcnow())
    flash("测试消息已交给后台发送，结果几秒后出现在下面的记录里。", "success")
    return redirect(url_for(".show", hook_id=hook_id, _anchor="log"), 303)


@bp.post("/webhooks/<int:hook_id>/secret")
@login_required
def rotate(hook_id: int) -> ResponseReturnValue:
    made = service.rotate(db.session, signed_in(), _settings(), hook_id, now=utcnow())
    return _secret_page(made)


@bp.post("/webhooks/<int:hook_id>/on")
@login_required
def turn_on(hook_id: int) -> ResponseReturnValue:
    hook = service.turn_on(db.session, signed_in(), hook_id, now=utcnow())
    flash(f"已启用「{hook.name}」，从现在起的消息会推送。", "success")
    return redirect(url_for(".show", hook_id=hook_id), 303)


@bp.post("/webhooks/<int:hook_id>/off")
@login_required
def turn_off(hook_id: int) -> ResponseReturnValue:
    hook = service.turn_off(db.session, signed_in(), hook_id, now=utcnow())
    flash(f"已停用「{hook.name}」，等待中的消息已取消。", "success")
    return redirect(url_for(".show", hook_id=hook_id), 303)


@bp.post("/webhooks/<int:hook_id>/delete")
@login_required
def delete(hook_id: int) -> ResponseReturnValue:
    service.remove(db.session, signed_in(), hook_id, now=utcnow())
    flash("推送和它的记录已删除。", "success")
    return redirect(url_for(".index"), 303)


@bp.post("/webhooks/messages/<int:message_id>/resend")
@login_required
def resend(message_id: int) -> ResponseReturnValue:
    message = service.resend(db.session, signed_in(), message_id, now=utcnow())
    flash("已安排重新发送，消息编号不变。", "success")
    return redirect(url_for(".show", hook_id=message.webhook_id, _anchor="log"), 303)


@bp.get("/admin/webhooks")
@login_required
def everybodys() -> ResponseReturnValue:
    return _everybodys({})


def _everybodys(errors: dict[str, str]) -> ResponseReturnValue:
    found = governing.overview(db.session, signed_in(), page_number(request.args))
    page = render_template(
        "webhooks/everybodys.html",
        found=found,
        defaults=hosts.rules(_settings().webhook_hosts, ()),
        values=request.form if errors else {},
        errors=errors,
        fields=LABELS,
    )
    return page, 422 if errors else 200


@bp.post("/admin/webhooks/<int:hook_id>/stop")
@login_required
def stop(hook_id: int) -> ResponseReturnValue:
    hook = governing.stop(db.session, signed_in(), hook_id, now=utcnow())
    flash(f"已停用「{hook.name}」，设置它的单位不能自行启用。", "success")
    return redirect(url_for(".everybodys"), 303)


@bp.post("/admin/webhooks/<int:hook_id>/release")
@login_required
def release(hook_id: int) -> ResponseReturnValue:
    hook = governing.release(db.session, signed_in(), hook_id, now=utcnow())
    flash(f"设置「{hook.name}」的单位可以重新启用它了。", "success")
    return redirect(url_for(".everybodys"), 303)


@bp.post("/admin/webhooks/hosts")
@login_required
def allow_host() -> ResponseReturnValue:
    policies.require(signed_in(), "webhook.govern")
    try:
        data = parse(HostInput, request.form)
    except Invalid as invalid:
        return _everybodys(invalid.fields)
    line = governing.allow_host(db.session, signed_in(), data, now=utcnow())
    flash(f"现在可以推送到 {line.pattern}。", "success")
    return redirect(url_for(".everybodys"), 303)


@bp.post("/admin/webhooks/hosts/<int:host_id>/remove")
@login_required
def remove_host(host_id: int) -> ResponseReturnValue:
    pattern = governing.remove_host(db.session, signed_in(), host_id, now=utcnow())
    flash(f"不再推送到 {pattern}。", "success")
    return redirect(url_for(".everybodys"), 303)
