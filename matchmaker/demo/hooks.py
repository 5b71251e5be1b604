"""The hooks of demonstration organisations, taken out with them."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import Organisation, Webhook, WebhookDelivery, WebhookOldSecret


def remove(session: Session) -> None:
    """Take out what demonstration organisations had sent to other servers."""
    homes = select(Organisation.id).where(Organisation.is_demo)
    hooks = select(Webhook.id).where(Webhook.organisation_id.in_(homes))
    for model in (WebhookDelivery, WebhookOldSecret):
        session.execute(delete(model).where(model.webhook_id.in_(hooks)))
    session.execute(delete(Webhook).where(Webhook.organisation_id.in_(homes)))
