"""`db.session`: one database session per request or command."""

from flask import Flask, current_app, g
from sqlalchemy.orm import Session

from models.session import create_db_engine, session_factory


class Database:
    """Opens a session when one is first asked for and closes it at the end."""

    def init_app(self, app: Flask, url: str) -> None:
        engine = create_db_engine(url)
        app.extensions["db_engine"] = engine
        app.extensions["db_sessions"] = session_factory(engine)
        app.teardown_appcontext(self._close)

    @property
    def session(self) -> Session:
        if "db_session" not in g:
            g.db_session = current_app.extensions["db_sessions"]()
        session: Session = g.db_session
        return session

    @staticmethod
    def _close(_error: BaseException | None) -> None:
        session = g.pop("db_session", None)
        if session is not None:
            session.close()


db = Database()
