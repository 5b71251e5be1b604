"""Pages of the nodes and of the mandates."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Node, utcnow
from models.fields import DISTRICTS, FIELDS
from models.states import NodeKind

from .. import policies
from ..accounts.current import signed_in
from ..db import db
from ..errors import Conflict, Invalid
from ..labels import day, label, today
from ..schema import page_number, parse
from ..sheets.web import asked_form, download_table, exports
from . import mandates as mandate_service
from . import service
from .current import own_node
from .duties import duties
from .duties import nodes as every_node
from .export import write_mandates, write_nodes
from .schema import (
    LABELS,
    MandateEnd,
    MandateInput,
    MandateQuery,
    NodeEdit,
    NodeInput,
)

bp = Blueprint("nodes", __name__)

LISTS = ("districts", "fields", "staff")


@bp.app_context_processor
def _own_node() -> dict[str, Any]:
    # Asked only where it is shown: the page of a failed request asks for nothing.
    return {"at_own_node": own_node}


@bp.get("/nodes")
@login_required
def index() -> ResponseReturnValue:
    user = signed_in()
    rows = service.tree(db.session, user)
    return render_template(
        "nodes/list.html",
        rows=rows,
        mine={row.node.id for row in rows if user in row.node.staff},
        may_govern=policies.may(user, "node.govern"),
    )


@bp.post("/nodes/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    form, now = asked_form(), utcnow()
    file = write_nodes(db.session, signed_in(), form, now=now)
    return download_table(file, f"节点-{day(now)}", form)


@bp.get("/nodes/<int:node_id>")
@login_required
def show(node_id: int) -> ResponseReturnValue:
    user = signed_in()
    node = service.find(db.session, user, node_id)
    return render_template(
        "nodes/show.html",
        node=node,
        duties=duties(node),
        waiting=service.waiting(db.session, user, node, page_number(request.args)),
        may_govern=policies.may(user, "node.govern"),
        now=utcnow(),
    )


@bp.route("/nodes/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "node.govern")
    if request.method == "GET":
        return _form({"parent": request.args.get("parent", ""), "position": "0"})
    try:
        node = service.create(
            db.session, user, parse(NodeInput, request.form), now=utcnow()
        )
    except Invalid as invalid:
        return _form(_posted(), errors=invalid.fields)
    flash(f"已新增节点：{node.name}。", "success")
    return redirect(url_for(".show", node_id=node.id), 303)


@bp.route("/nodes/<int:node_id>/edit", methods=["GET", "POST"])
@login_required
def edit(node_id: int) -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "node.govern")
    node = service.find(db.session, user, node_id)
    if request.method == "GET":
        return _form(_values(node), node=node)
    try:
        data = parse(NodeEdit, request.form)
        service.edit(db.session, user, node_id, data, now=utcnow())
    except Invalid as invalid:
        node = service.find(db.session, user, node_id)
        return _form(_posted(), node=node, errors=invalid.fields)
    except Conflict:
        node = service.find(db.session, user, node_id)
        return _form(_posted(), node=node, stale=True)
    flash(f"已保存：{data.name}。", "success")
    return redirect(url_for(".show", node_id=node_id), 303)


@bp.post("/nodes/<int:node_id>/retire")
@login_required
def retire(node_id: int) -> ResponseReturnValue:
    node = service.retire(db.session, signed_in(), node_id, now=utcnow())
    flash(f"已停用：{node.name}。", "success")
    return redirect(url_for(".show", node_id=node_id), 303)


@bp.post("/nodes/<int:node_id>/restore")
@login_required
def restore(node_id: int) -> ResponseReturnValue:
    node = service.restore(db.session, signed_in(), node_id, now=utcnow())
    flash(f"已恢复：{node.name}。", "success")
    return redirect(url_for(".show", node_id=node_id), 303)


def _posted() -> dict[str, Any]:
    lists = {name: request.form.getlist(name) for name in LISTS}
    return request.form.to_dict() | lists


def _values(node: Node) -> dict[str, Any]:
    """The node as its own form would post it."""
    return {
        "kind": node.kind.value,
        "name": node.name,
        "parent": node.parent_id or "",
        "position": node.position,
        "districts": node.districts,
        "fields": node.fields,
        "organisation": node.organisation.name if node.organisation else "",
        "staff": [user.id for user in node.staff],
        "version": node.version,
    }


def _form(
    values: dict[str, Any],
    *,
    node: Node | None = None,
    errors: dict[str, str] | None = None,
    stale: bool = False,
) -> ResponseReturnValue:
    tree = every_node(db.session)
    if node is not None and stale:
        values = values | {"version": node.version}
    below = {each.id for each in tree if node is not None and node in each.ancestors()}
    parents = [
        (each.id, "　" * sum(1 for _ in each.ancestors()) + each.name)
        for each in tree
        if (each.active or (node is not None and each.id == node.parent_id))
        and each is not node
        and each.id not in below
    ]
    is_root = node.kind is NodeKind.PLATFORM if node is not None else not tree
    kinds = [NodeKind.PLATFORM] if is_root else [NodeKind.BRANCH, NodeKind.BODY]
    page = render_template(
        "nodes/edit.html",
        node=node,
        values=values,
        errors=errors or {},
        stale=stale,
        stored=_values(node) if node is not None and stale else {},
        kinds=[(kind.value, label(kind)) for kind in kinds],
        parents=[] if is_root else parents,
        districts=_choices(DISTRICTS, values.get("districts", [])),
        fields=_choices(FIELDS, values.get("fields", [])),
        people=[
            (person.id, f"{person.name}（{person.email}）")
            for person in service.staff_to_choose(db.session)
        ],
        labels_of=LABELS,
    )
    return page, 409 if stale else 422 if errors else 200


def _choices(words: Any, chosen: Any) -> list[tuple[str, str]]:
    """What may be chosen, and what is chosen though it is out of use."""
    return [
        (code, text if words.is_offered(code) else f"{text}（已停用）")
        for code, text in words.items()
        if words.is_offered(code) or code in chosen
    ]


@bp.get("/mandates")
@login_required
def mandates() -> ResponseReturnValue:
    return _mandates(parse(MandateQuery, request.args))


@bp.post("/mandates/export")
@login_required
@exports
def export_mandates() -> ResponseReturnValue:
    query, form, now = parse(MandateQuery, request.form), asked_form(), utcnow()
    file = write_mandates(db.session, signed_in(), query, form, now=now)
    return download_table(file, f"委托-{day(now)}", form)


def _mandates(
    query: MandateQuery,
    *,
    errors: dict[str, str] | None = None,
    failed: int | None = None,
) -> ResponseReturnValue:
    """The list; ``failed`` is the mandate whose form was wrong."""
    user, now = signed_in(), utcnow()
    page = render_template(
        "mandates/list.html",
        found=mandate_service.listed(db.session, user, query, today(now)),
        query=query,
        may_govern=policies.may(user, "mandate.govern"),
        today=today(now),
        values=request.form,
        errors=errors or {},
        failed=failed,
    )
    return page, 422 if errors else 200


@bp.route("/mandates/new", methods=["GET", "POST"])
@login_required
def new_mandate() -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "mandate.govern")
    values: dict[str, Any] = {"from_on": today(utcnow()).isoformat()}
    errors: dict[str, str] = {}
    if request.method == "POST":
        values = request.form.to_dict()
        try:
            data = parse(MandateInput, request.form)
            made = mandate_service.create(db.session, user, data, now=utcnow())
        except Invalid as invalid:
            errors = invalid.fields
        else:
            words = f"{made.manager.name}代表{made.organisation.name}"
            flash(f"已登记：{words}。", "success")
            return redirect(url_for(".mandates"), 303)
    page = render_template(
        "mandates/new.html",
        values=values,
        errors=errors,
        managers=[
            (each.id, f"{each.name}（{each.organisation.name}）")
            for each in mandate_service.managers(db.session)
            if each.organisation is not None
        ],
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


@bp.post("/mandates/<int:mandate_id>/end")
@login_required
def end_mandate(mandate_id: int) -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "mandate.govern")
    mandate_service.find(db.session, user, mandate_id)
    query = parse(MandateQuery, request.args)
    try:
        data = parse(MandateEnd, request.form)
        ended = mandate_service.end(db.session, user, mandate_id, data, now=utcnow())
    except Invalid as invalid:
        return _mandates(query, errors=invalid.fields, failed=mandate_id)
    flash(f"委托到 {ended.until_on} 为止。", "success")
    return redirect(url_for(".mandates", **query.args()), 303)
