"""What an operator types, and what the commands answer."""

import shutil

import pytest
from sqlalchemy import delete, func, select

from matchmaker import create_app
from matchmaker.config import Settings
from models import Embedding, IndexChange, Need, OutboxTask, Suggestion, transaction
from models import migrate as migrations
from models.outbox import TaskKind

from ..demo.test_service import write


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *args, **options: runner.invoke(args=list(args), **options)


@pytest.fixture
def bare(tmp_path):
    """`flask` of a new machine: no tables, no encoder."""

    def invoke(*args, **settings):
        given = {
            "instance_dir": tmp_path / "instance",
            "database_url": f"sqlite:///{tmp_path}/bare.db",
            "redis_url": "",
            "secret_key": "test",
            "embedding_model": "",
        }
        app = create_app(Settings(**given | settings))
        try:
            return app.test_cli_runner().invoke(args=list(args))
        finally:
            app.extensions["db_engine"].dispose()

    return invoke


def count(session, table):
    session.rollback()
    return session.scalar(select(func.count()).select_from(table))


# -- index -----------------------------------------------------------------------


def test_an_index_in_step_is_said_to_be(run, make, indexed):
    make.need()
    indexed()
    done = run("index", "check")
    assert done.exit_code == 0, done.output
    assert done.output == (
        "missing 0, stale 0, extra 0, without vectors 0\nno difference\n"
    )


def test_what_waits_for_the_worker_is_a_difference(run, make):
    make.need()
    make.achievement()
    done = run("index", "check")
    assert done.exit_code == 1
    assert done.output == "missing 0, stale 0, extra 0, without vectors 2\n"


def test_records_that_differ_are_queued_and_then_put_right(run, make, indexed, session):
    need_id = make.need().id
    make.need()
    indexed()
    with transaction(session):
        session.execute(delete(Embedding).where(Embedding.record_id == need_id))
        session.add(IndexChange(record_type="need", record_id=need_id, at=make.now))
    done = run("index", "check", "--repair")
    assert done.exit_code == 0, done.output
    assert "without vectors 1" in done.output
    assert "queued 1" in done.output

    session.rollback()
    [task] = session.scalars(select(OutboxTask))
    assert (task.kind, task.record_id) == (TaskKind.ENCODE, need_id)
    with transaction(session):
        session.get_one(OutboxTask, task.id).retry_at = make.now
    indexed()
    assert run("index", "check").exit_code == 0


def test_nothing_is_queued_where_nothing_differs(run, make, indexed, session):
    make.need()
    indexed()
    done = run("index", "check", "--repair")
    assert done.exit_code == 0
    assert "queued" not in done.output
    assert count(session, OutboxTask) == 0


def test_a_rebuilt_index_is_saved_where_the_next_start_finds_it(
    app, run, make, indexed
):
    make.need()
    make.achievement()
    indexed()
    done = run("index", "rebuild")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("2 records in ")
    folders = list(app.config["SETTINGS"].snapshot_dir.iterdir())
    assert len(folders) == 1
    assert folders[0].name in done.output


def test_the_status_says_what_is_held_and_what_waits(run, make, indexed):
    make.need()
    indexed()
    make.achievement()
    done = run("index", "status")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()

    assert "encoder  hashing-64, 64 dimensions" in lines
    assert sum("records" in line for line in lines) == 6
    assert any(line.split()[:3] == ["need", "staff", "1"] for line in lines)
    assert any(line.split()[:3] == ["achievement", "everyone", "0"] for line in lines)
    assert "waiting  1 to encode" in lines
    assert lines[-1].startswith("stored   ")


def test_no_password_of_the_database_is_printed(bare):
    url = "postgresql+psycopg://someone:open-sesame@127.0.0.1:1/none"
    done = bare("db", "status", database_url=url)
    assert done.exit_code == 1
    assert "open-sesame" not in done.output


# -- db --------------------------------------------------------------------------


def test_tables_that_are_up_to_date_are_said_to_be(run):
    done = run("db", "status")
    assert (done.exit_code, done.output) == (0, "up to date\n")


def test_a_new_database_is_brought_up_to_date(bare):
    before = bare("db", "status")
    assert before.exit_code == 1
    assert "db upgrade" in before.output

    done = bare("db", "upgrade")
    assert done.exit_code == 0, done.output
    assert migrations.heads()[0] in done.output
    assert bare("db", "upgrade").exit_code == 0
    assert bare("db", "status").output == "up to date\n"


def test_going_back_is_asked_about_first(bare):
    bare("db", "upgrade")
    done = bare("db", "downgrade", "base")
    assert done.exit_code == 1
    assert bare("db", "status").exit_code == 0


# -- demo ------------------------------------------------------------------------


def test_the_demonstration_is_loaded_matched_and_removed(run, session, tmp_path, make):
    folder = str(write(tmp_path / "sample"))
    done = run("demo", "load", "--folder", folder)
    assert done.exit_code == 0, done.output
    assert "需求 1 条" in done.output
    written = count(session, Suggestion)
    assert written > 0
    assert f"匹配建议 {written} 条" in done.output
    assert count(session, OutboxTask) == 0
    assert run("index", "check").exit_code == 0

    again = run("demo", "load", "--folder", folder)
    assert again.exit_code == 0
    assert "需求 0 条" in again.output
    assert count(session, Suggestion) == written

    gone = run("demo", "remove")
    assert gone.exit_code == 0, gone.output
    assert "5 条" in gone.output
    assert count(session, Need) == count(session, Suggestion) == 0
    assert run("index", "check").exit_code == 0


def test_a_bad_sample_is_refused_in_a_sentence(run, session, tmp_path):
    folder = str(write(tmp_path / "sample", calls=["{oops"]))
    done = run("demo", "load", "--folder", folder)
    assert done.exit_code == 1
    assert "calls.jsonl, line 1" in done.output
    assert count(session, Need) == 0


def test_the_accounts_are_printed(run):
    done = run("demo", "accounts")
    assert done.exit_code == 0
    assert "@demo.example" in done.output


# -- What is not there -----------------------------------------------------------

NEEDS_ENCODER = [
    ("index", "check"),
    ("index", "status"),
    ("index", "rebuild"),
    ("worker",),
]


@pytest.mark.parametrize("command", NEEDS_ENCODER, ids=" ".join)
def test_a_missing_encoder_is_said_with_the_command_that_makes_it(bare, command):
    bare("db", "upgrade")
    done = bare(*command)
    assert done.exit_code == 1
    assert "make encoder" in done.output
    assert done.output.startswith("Error: ")
    assert "Traceback" not in done.output
    assert isinstance(done.exception, SystemExit)


def test_a_missing_encoder_is_said_before_anything_is_measured(bare, tmp_path):
    folder = write(tmp_path / "sample")
    done = bare("evaluate", "--data", str(folder))
    assert done.exit_code == 1
    assert "make encoder" in done.output


def test_an_encoder_folder_that_holds_no_model_is_said(bare, tmp_path):
    (tmp_path / "model").mkdir()
    bare("db", "upgrade")
    done = bare("index", "status", embedding_model=str(tmp_path / "model"))
    assert done.exit_code == 1
    assert str(tmp_path / "model") in done.output
    assert isinstance(done.exception, SystemExit)


@pytest.mark.parametrize(
    "command", [("index", "check"), ("index", "status"), ("demo", "load")], ids=" ".join
)
def test_missing_tables_are_said_with_the_command_that_makes_them(bare, command):
    done = bare(*command, embedding_model="hashing")
    assert done.exit_code == 1
    assert "db upgrade" in done.output
    assert isinstance(done.exception, SystemExit)


def test_a_corrupt_snapshot_is_no_obstacle(app, run, make, indexed):
    make.need()
    indexed()
    run("index", "rebuild")
    folder = app.config["SETTINGS"].snapshot_dir
    for generation in folder.iterdir():
        (generation / "meta.json").write_text("{")
    from matchmaker.search import live

    live.init_app(app)
    assert run("index", "check").exit_code == 0
    shutil.rmtree(folder)
