"""Every setting: its type, its default and one line of use.

Each is read from the environment with the prefix MATCHMAKER_, so
``MATCHMAKER_DATABASE_URL`` sets ``database_url``.
"""

import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .posting.terms import Terms
from .webhooks import hosts
from .work.periods import Periods

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MATCHMAKER_", extra="ignore")

    instance_dir: Path = Field(
        default=ROOT / "instance",
        description="Folder for the database, encoder, snapshots and secret key.",
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL; empty: SQLite in the instance folder.",
    )
    redis_url: str = Field(
        default="",
        description="Redis for the job queue and rate limits; empty: SQLite, memory.",
    )
    secret_key: str = Field(
        default="",
        description="Signs sessions, seals what hooks are kept with; empty: made once, "
        "kept in the instance folder.",
    )
    embedding_model: str = Field(
        default="",
        description="Folder or hub name of a sentence-transformers model; "
        "empty: `encoder` in the instance folder.",
    )
    embedding_query_prompt: str | None = Field(
        default=None, description="Text before a query; unset: what the model says."
    )
    embedding_passage_prompt: str | None = Field(
        default=None, description="Text before a passage; unset: what the model says."
    )
    port: int = Field(default=8000, description="Port the web server listens on.")
    host: str = Field(default="127.0.0.1", description="Address it listens on.")
    web_workers: int = Field(default=2, description="gunicorn worker processes.")
    web_threads: int = Field(default=4, description="Threads in each of them.")
    secure_cookies: bool = Field(
        default=False, description="Send cookies over HTTPS only; set in production."
    )
    behind_proxy: bool = Field(
        default=False, description="Trust X-Forwarded-* from one proxy in front."
    )
    sign_in_rate: str = Field(
        default="20 per minute", description="Sign-in attempts from one address."
    )
    session_days: int = Field(
        default=14, description="A sign-in not used for so long ends."
    )
    require_two_step: bool = Field(
        default=False,
        description="Staff and admin must set up the second step of signing in.",
    )
    search_rate: str = Field(
        default="240 per minute", description="Searches from one address."
    )
    export_rate: str = Field(
        default="20 per minute", description="Lists exported from one address."
    )
    api_rate: str = Field(
        default="600 per minute", description="Requests of programs under one token."
    )
    attachment_megabytes: int = Field(
        default=20, ge=1, le=500, description="Largest file that may be attached."
    )
    call_window_days: int = Field(
        default=30, ge=1, description="Shortest window of a call that is not hinted at."
    )
    call_question_days: int = Field(
        default=7, ge=0, description="Days before its end that a call's questions end."
    )
    import_megabytes: int = Field(
        default=50, ge=1, le=500, description="Largest workbook that may be imported."
    )
    import_rows: int = Field(
        default=200_000, ge=1, description="Most rows one imported file may have."
    )
    import_keep_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Days after which an imported file and its error sheet go.",
    )
    need_valid_days: int = Field(
        default=365, ge=1, description="Days after which a need without deadline ends."
    )
    achievement_valid_days: int = Field(
        default=730, ge=1, description="Days after which an achievement ends."
    )
    bids_key_file: Path | None = Field(
        default=None,
        description="The master key of sealed bids, kept apart from database and "
        "backups; unset: `bids.key` in the instance folder.",
    )
    claim_minutes: int = Field(
        default=15, description="How long a pair on the review desk stays claimed."
    )
    digest_hour: int = Field(
        default=8,
        ge=0,
        le=23,
        description="Hour of the day, in the city, at which digests go out.",
    )
    suggestions_per_record: int = Field(
        default=5, description="Most suggestions of a kind written for one record."
    )

    reminder_working_days: int = Field(
        default=5,
        ge=0,
        le=60,
        description="Working days until people are reminded of what waits; 0: never.",
    )
    introduction_task_days: int = Field(
        default=10,
        ge=1,
        le=250,
        description="Working days without a step until talks are a task of the staff.",
    )
    expiry_notice_days: int = Field(
        default=14,
        ge=0,
        le=365,
        description="How many days before the end something counts as about to end.",
    )

    panel_size: int = Field(
        default=3, ge=1, le=15, description="How many experts judge each bid."
    )
    review_days: int = Field(
        default=10,
        ge=1,
        le=60,
        description="Working days proposed for experts to judge the bids of a call.",
    )
    notice_days: int = Field(
        default=5,
        ge=1,
        le=60,
        description="Working days a result is open to objections.",
    )

    webhook_hosts: str = Field(
        default="oapi.dingtalk.com,qyapi.weixin.qq.com",
        description="Hosts, by commas, that messages may go to without further ado; "
        "the administrator adds others on a page.",
    )
    webhook_keep_days: int = Field(
        default=90,
        ge=1,
        le=3650,
        description="Days after which the log of a message is deleted.",
    )

    public_url: str = Field(
        default="",
        description="Address of the site in mails; empty: http://HOST:PORT.",
    )
    smtp_host: str = Field(
        default="", description="Mail server; empty: mails stay in the outbox."
    )
    smtp_port: int = Field(default=587, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection is secured."
    )
    smtp_user: str = Field(default="", description="Name to log in with, if any.")
    smtp_password: SecretStr = Field(
        default=SecretStr(""), description="Password to log in with."
    )
    mail_from: str = Field(
        default="noreply@localhost", description="Sender's address of every mail."
    )
    open_outbox: bool = Field(
        default=False,
        description="Demonstration only: without a mail server, whoever waits for "
        "a mail reads it in the browser.",
    )

    @field_validator("webhook_hosts")
    @classmethod
    def _names_hosts(cls, value: str) -> str:
        """What is no host is told at the start, not at the first message."""
        try:
            hosts.rules(value, ())
        except hosts.Refused as error:
            raise ValueError(str(error)) from error
        return value

    @property
    def terms(self) -> Terms:
        """How long what was published stays open."""
        return Terms(self.need_valid_days, self.achievement_valid_days)

    @property
    def periods(self) -> Periods:
        """After how many days something waits too long."""
        return Periods(
            self.terms,
            notice_days=self.expiry_notice_days,
            reminder_days=self.reminder_working_days,
            overdue_days=self.introduction_task_days,
            panel_size=self.panel_size,
        )

    @property
    def base_url(self) -> str:
        """The address links in mails begin with."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def shows_outbox(self) -> bool:
        """Whether people read in the browser what no server would bring them."""
        return self.open_outbox and not self.smtp_host

    @property
    def outbox_dir(self) -> Path:
        """Where mails lie as files while there is no server."""
        return self.instance_dir / "outbox"

    @property
    def url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.instance_dir}/matchmaker.db"

    @property
    def model(self) -> str:
        """The encoder in force."""
        return self.embedding_model or str(self.instance_dir / "encoder")

    @property
    def snapshot_dir(self) -> Path:
        return self.instance_dir / "snapshots"

    @property
    def attachment_dir(self) -> Path:
        return self.instance_dir / "attachments"

    @property
    def attachment_bytes(self) -> int:
        """The largest attachment, in bytes."""
        return self.attachment_megabytes * 1_000_000

    @property
    def bids_key(self) -> Path:
        """Where the master key of sealed bids lies."""
        return self.bids_key_file or self.instance_dir / "bids.key"

    @property
    def import_dir(self) -> Path:
        """Where the rows of imports lie while they are worked on."""
        return self.instance_dir / "imports"

    @property
    def import_bytes(self) -> int:
        """The largest workbook, in bytes."""
        return self.import_megabytes * 1_000_000

    def key(self) -> str:
        """The session key; made on first use so that no default key exists."""
        if self.secret_key:
            return self.secret_key
        path = self.instance_dir / "secret_key"
        if not path.exists():
            self.instance_dir.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(f".{secrets.token_hex(4)}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_hex(32))
            try:
                path.hardlink_to(fresh)
            except FileExistsError:
                pass  # another process was first; its key is the key
            finally:
                fresh.unlink()
        return path.read_text().strip()
