"""What the admin shows of more than one app: customers with their usage, what waits for people, how everything does."""

from apps.dashboard.admin.organizations import OrganizationWithUsageAdmin

__all__ = ["OrganizationWithUsageAdmin"]
