"""The review queue and its neighbours in the admin. Every change goes through the services."""

from apps.picks.admin.queue import PickAdmin
from apps.picks.admin.records import AutoPublishAdmin, DailyRecordAdmin

__all__ = ["AutoPublishAdmin", "DailyRecordAdmin", "PickAdmin"]
