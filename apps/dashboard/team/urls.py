"""Addresses of an organisation's people, plan and audit log; `outside`: of what lies before any organisation."""

from django.urls import path

from apps.dashboard.team import audit, entering, invitations, people, plan, renaming

urlpatterns = [
    path("team", people.team, name="team"),
    path("team/<int:member_id>/role", people.role, name="member_role"),
    path("team/<int:member_id>/remove", people.remove, name="member_remove"),
    path("team/leave", people.leaving, name="leave"),
    path("team/transfer", people.transfer, name="transfer"),
    path("team/rename", renaming.rename, name="rename"),
    path("team/invitations", invitations.invite_to, name="invite"),
    path("team/invitations/<uuid:invitation_id>/withdraw", invitations.withdraw, name="invitation_withdraw"),
    path("plan", plan.plan, name="plan"),
    path("plan/withdraw", plan.withdraw, name="tier_withdraw"),
    path("plan/<slug:tier>", plan.ask, name="tier_ask"),
    path("audit-log", audit.log, name="audit"),
    path("audit-log.csv", audit.export, name="audit_csv"),
]
outside = [
    path("dashboard/new", entering.new, name="new_organization"),
    path("dashboard/join/<uuid:invitation_id>", entering.join, name="join"),
    path("dashboard/invitations/<str:token>", entering.invitation, name="invitation"),
]
