"""A log whose rows cannot be changed."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION outbox_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'outbox event % is written: events are added, never changed', OLD.sequence
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER outbox_append_only BEFORE UPDATE ON outbox_outboxevent
    FOR EACH ROW EXECUTE FUNCTION outbox_is_append_only();
"""
BACKWARD = """
DROP TRIGGER outbox_append_only ON outbox_outboxevent;
DROP FUNCTION outbox_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
