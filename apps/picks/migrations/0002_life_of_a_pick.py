"""The life of a pick, kept by the database too: which moves there are, and what publishing freezes."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION pick_life() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
        ('admin_review', 'published'), ('admin_review', 'rejected'), ('admin_review', 'expired'),
        ('published', 'settled')
    ) THEN
        RAISE EXCEPTION 'a pick in % cannot become %', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.status <> 'admin_review' AND (
        NEW.odds, NEW.fair_odds, NEW.fair_probability, NEW.edge, NEW.anchor, NEW.method, NEW.side, NEW.market,
        NEW.selection, NEW.evidence, NEW.published_at, NEW.confidence, NEW.book, NEW.anchor_age_seconds, NEW.question,
        NEW.suspicious, NEW.analysis
    ) IS DISTINCT FROM (
        OLD.odds, OLD.fair_odds, OLD.fair_probability, OLD.edge, OLD.anchor, OLD.method, OLD.side, OLD.market,
        OLD.selection, OLD.evidence, OLD.published_at, OLD.confidence, OLD.book, OLD.anchor_age_seconds, OLD.question,
        OLD.suspicious, OLD.analysis
    ) OR (OLD.status <> 'admin_review' AND NEW.line IS DISTINCT FROM OLD.line) THEN
        RAISE EXCEPTION 'the price and evidence of a pick in % are frozen', OLD.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER pick_life BEFORE UPDATE ON picks_pick FOR EACH ROW EXECUTE FUNCTION pick_life();
"""
BACKWARD = "DROP TRIGGER pick_life ON picks_pick; DROP FUNCTION pick_life();"


class Migration(migrations.Migration):
    dependencies = [("picks", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
