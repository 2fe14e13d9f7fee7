"""Keys tell those who listen that one of them has changed; a change of tier is a change of every key."""

from django.db import migrations

FORWARD = """
-- Heard by every stream process when the transaction commits, beside its own look every other second.
CREATE FUNCTION keys_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('keys_changed', '');
    RETURN NULL;
END $$;

CREATE TRIGGER keys_changed AFTER UPDATE OR DELETE ON access_apikey
    FOR EACH STATEMENT EXECUTE FUNCTION keys_changed();
"""
BACKWARD = """
DROP TRIGGER keys_changed ON access_apikey;
DROP FUNCTION keys_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0004_lives")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
