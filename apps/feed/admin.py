"""The feed in the admin: fixtures, anchor rows that did not join, aliases, results, and how each poll is doing."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.core.admin import GuardedAdmin, ReadOnlyAdmin, ReadOnlyRows
from apps.core.errors import AppError
from apps.feed.anchors.joining import NEAR
from apps.feed.models import AnchorRow, Fixture, KickoffChange, Origin, Poll, Result, TeamAlias
from apps.feed.names import fold
from apps.feed.services import enter_kickoff, joinable_fixtures, make_alias

FIRM = ("feed", "import")  # who says when a fixture begins so that no reviewer may overrule it
LABELS = {Origin.SANDBOX: "Sandbox data", Origin.IMPORT: "Imported", Origin.LIVE: "Live feed"}


def data_label(fixture: Fixture) -> str:
    """Where a fixture's data comes from, in words; `Sandbox data` wherever it is invented or replayed."""
    return LABELS[Origin(fixture.origin)]


class SandboxLabelled(GuardedAdmin):
    """A list that says above itself when any row on the page is sandbox data."""

    def is_sandbox(self, row: Any) -> bool:
        """Whether one row shows a fixture of the sandbox."""
        raise NotImplementedError

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = str(self.opts.verbose_name_plural).capitalize()
        response = super().changelist_view(request, {"title": title, **(extra_context or {})})
        context = getattr(response, "context_data", None) or {}
        if "cl" in context:
            context["sandbox"] = any(map(self.is_sandbox, context["cl"].result_list))
        return response


class KickoffForm(forms.ModelForm):
    kickoff_at = forms.DateTimeField(
        label="Kick-off (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Only where the feed itself does not show it; every change is kept.",
    )

    class Meta:
        model = Fixture
        fields = ["kickoff_at"]


class KickoffChanges(ReadOnlyRows):
    model = KickoffChange
    fields = ["observed_at", "old", "new", "source"]
    readonly_fields = ["observed_at", "old", "new", "source"]


@admin.register(Fixture)
class FixtureAdmin(SandboxLabelled):
    form = KickoffForm
    inlines = [KickoffChanges]
    list_display = ["name", "sport", "league", "kickoff", "kickoff_source", "in_play", "last_seen_at", "data"]
    list_filter = ["origin", "in_play", ("kickoff_at", admin.EmptyFieldListFilter), "sport"]
    search_fields = ["name", "home_team", "away_team", "league", "internal_id", "bfi"]
    search_help_text = "Search by team, league or upstream id"
    ordering = ["-last_seen_at", "-id"]
    show_full_result_count = False
    readonly_fields = [
        "data", "name", "sport", "league", "home_team", "away_team", "kickoff_source", "started_at", "in_play",
        "tournament", "internal_id", "bfi", "merged_into", "first_seen_at", "last_seen_at", "odds_read_at",
        "odds_due_at", "result_due_at", "result_asks",
    ]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["data", "name", "sport", "league", "home_team", "away_team"]}),
        ("Start", {"fields": ["kickoff_at", "kickoff_source", "started_at", "in_play"]}),
        ("Upstream", {"fields": ["internal_id", "bfi", "tournament", "merged_into", "first_seen_at", "last_seen_at"]}),
        ("What is asked next", {"fields": ["odds_read_at", "odds_due_at", "result_due_at", "result_asks"]}),
    ]

    def is_sandbox(self, row: Fixture) -> bool:
        return row.origin == Origin.SANDBOX

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Kick-off (UTC)", ordering="kickoff_at")
    def kickoff(self, fixture: Fixture) -> str:
        return f"{fixture.kickoff_at:%d %b %Y %H:%M}" if fixture.kickoff_at else "unknown – enter it"

    @admin.display(description="Data", ordering="origin")
    def data(self, fixture: Fixture) -> str:
        return data_label(fixture)

    def get_readonly_fields(self, request: HttpRequest, obj: Fixture | None = None) -> list[str]:
        known = obj is not None and obj.kickoff_source in FIRM
        return [*self.readonly_fields, "kickoff_at"] if known else list(self.readonly_fields)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = super().changeform_view(request, *args, **kwargs)
        except AppError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.path)
        context = getattr(response, "context_data", None) or {}
        if context.get("original"):
            context["sandbox"] = self.is_sandbox(context["original"])
        return response

    def save_model(self, request: HttpRequest, obj: Fixture, form: Any, change: bool) -> None:
        """Enter the kick-off; nothing else of a fixture can be written here."""
        entered = form.cleaned_data.get("kickoff_at", obj.kickoff_at)  # no field any more once the feed knows it
        enter_kickoff(fixture_id=obj.pk, kickoff_at=entered, now=timezone.now())


class JoinedFilter(admin.SimpleListFilter):
    """Rows that found no fixture, unless others are asked for."""

    title = "joined"
    parameter_name = "joined"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Not joined"), ("yes", "Joined"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[AnchorRow]") -> "QuerySet[AnchorRow]":
        if self.value() == "all":
            return queryset
        return queryset.filter(fixture__isnull=self.value() != "yes")

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for name, label in self.lookup_choices:
            yield {
                "selected": name == (self.value() or "no"),
                "query_string": changelist.get_query_string({self.parameter_name: name}),
                "display": label,
            }


@admin.register(AnchorRow)
class AnchorRowAdmin(SandboxLabelled, ReadOnlyAdmin):
    list_display = ["event", "sport", "starts", "source", "last_seen_at"]
    list_filter = [JoinedFilter, "source", "sport"]
    list_select_related = ["fixture"]
    empty_state = "Every row of the anchor is joined to a fixture, or none fits these filters."
    list_per_page = 25  # each row looks for the fixtures it might be
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["home_team", "away_team"]
    ordering = ["-last_seen_at", "id"]

    def get_urls(self) -> list[URLPattern]:
        join = self.admin_site.admin_view(self.join_view)
        return [path("<int:row_id>/join/<int:fixture_id>/", join, name="feed_anchorrow_join"), *super().get_urls()]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The last column holds buttons for those who may make an alias, and names alone for others."""
        may_join = self.may_join(request)

        @admin.display(description="Fixture")
        def joins(row: AnchorRow) -> SafeString | str:
            return _joins(row, may_join=may_join)

        return [*self.list_display, joins]

    def may_join(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["feed.change_anchorrow", "feed.add_teamalias"])

    def is_sandbox(self, row: AnchorRow) -> bool:
        """A row that did not join came with the sandbox where sandbox fixtures begin about its time."""
        if row.fixture is not None:
            return row.fixture.origin == Origin.SANDBOX
        if row.commence_at is None:
            return False
        near = (row.commence_at - NEAR, row.commence_at + NEAR)
        return Fixture.objects.filter(sport=row.sport, kickoff_at__range=near, origin=Origin.SANDBOX).exists()

    @admin.display(description="Event as the anchor names it", ordering="home_team")
    def event(self, row: AnchorRow) -> str:
        return str(row)

    @admin.display(description="Start (UTC)", ordering="commence_at")
    def starts(self, row: AnchorRow) -> str:
        return f"{row.commence_at:%d %b %Y %H:%M}" if row.commence_at else "unknown"

    def join_view(self, request: HttpRequest, row_id: int, fixture_id: int) -> HttpResponse:
        """One click: the row joins the fixture, and its spelling is known from then on."""
        if not self.may_join(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            alias = make_alias(row_id=row_id, fixture_id=fixture_id, now=timezone.now())
        except (AnchorRow.DoesNotExist, Fixture.DoesNotExist):
            messages.error(request, "That row or fixture is gone; look at the list again.")
        except AppError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"Joined. From now on, {alias}.")
        return HttpResponseRedirect(reverse("admin:feed_anchorrow_changelist"))


def _joins(row: AnchorRow, *, may_join: bool) -> SafeString | str:
    if row.fixture:
        return f"{row.fixture} ({data_label(row.fixture)})"
    found = joinable_fixtures(row)
    if not found:
        return "no fixture shares a side with it"
    if not may_join:
        return ", ".join(map(str, found))
    # The buttons stand inside the list's own form and take its CSRF token along to another address.
    return format_html_join(
        "",
        '<button class="join" type="submit" formaction="{}">{}<span class="second">{}</span></button>',
        (
            (reverse("admin:feed_anchorrow_join", args=[row.pk, fixture.pk]), f"Join to {fixture}", _when(fixture))
            for fixture in found
        ),
    )


def _when(fixture: Fixture) -> str:
    start = f"{fixture.kickoff_at:%d %b %H:%M} UTC" if fixture.kickoff_at else "kick-off unknown"
    return f"{start} · {data_label(fixture)}"


class TeamAliasForm(forms.ModelForm):
    class Meta:
        model = TeamAlias
        fields = ["sport", "name", "same_as"]
        help_texts = {"name": "Kept folded: lower case, without accents, punctuation and words such as FC."}

    def clean_name(self) -> str:
        return _folded(self.cleaned_data["name"])

    def clean_same_as(self) -> str:
        return _folded(self.cleaned_data["same_as"])


def _folded(name: str) -> str:
    folded = fold(name)
    if not folded:
        raise forms.ValidationError("Nothing of this name is left once common words are taken away.")
    return folded


@admin.register(TeamAlias)
class TeamAliasAdmin(GuardedAdmin):
    form = TeamAliasForm
    list_display = ["name", "same_as", "sport"]
    list_filter = ["sport"]
    search_fields = ["name", "same_as"]
    ordering = ["sport", "name"]


@admin.register(Result)
class ResultAdmin(SandboxLabelled, ReadOnlyAdmin):
    list_display = ["fixture", "said", "tagged", "side", "status", "observed_at", "data"]
    list_filter = ["status", "tagged"]
    list_select_related = ["fixture"]
    search_fields = ["fixture__name", "winner"]
    ordering = ["-observed_at", "-id"]
    show_full_result_count = False

    def is_sandbox(self, row: Result) -> bool:
        return row.fixture.origin == Origin.SANDBOX

    @admin.display(description="Result")
    def said(self, result: Result) -> str:
        return str(result)

    @admin.display(description="Data", ordering="fixture__origin")
    def data(self, result: Result) -> str:
        return data_label(result.fixture)


@admin.register(Poll)
class PollAdmin(ReadOnlyAdmin):
    list_display = ["name", "health", "due_at", "last_ok_at", "records", "skipped", "failures", "last_error"]
    search_fields = ["name"]

    @admin.display(description="Health", ordering="failures")
    def health(self, poll: Poll) -> str:
        return poll_health(poll)


def poll_health(poll: Poll) -> str:
    """How a poll does, in three words."""
    if poll.failures:
        return f"failing, {poll.failures} in a row"
    if poll.last_ok_at is None:
        return "never answered yet"
    return f"works, {poll.skipped} unreadable" if poll.skipped else "works"
