"""How Alembic reaches the database: over the connection that hub.migrate hands it."""

from alembic import context

from hub.tables import metadata


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        compare_type=True,
        compare_server_default=True,
        include_name=lambda name, kind, parents: (
            not (kind == "table" and name is not None and name.startswith("pgqueuer"))
        ),
    )
    with context.begin_transaction():
        context.run_migrations()


run()
