"""The log tells those who listen that it has grown."""

from django.db import migrations

FORWARD = """
-- Heard when the transaction commits; told once for each transaction.
CREATE FUNCTION outbox_grew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox_grew', '');
    RETURN NULL;
END $$;

CREATE TRIGGER outbox_grew AFTER INSERT ON outbox_outboxevent
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_grew();
"""
BACKWARD = """
DROP TRIGGER outbox_grew ON outbox_outboxevent;
DROP FUNCTION outbox_grew();
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
