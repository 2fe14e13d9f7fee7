"""Addresses of the pages about API keys, below their organisation's."""

from django.urls import path

from apps.dashboard.keys import changing, ending, listing, making, one, refusals

urlpatterns = [
    path("api-keys", listing.keys, name="keys"),
    path("api-keys/ended", listing.ended_keys, name="keys_ended"),
    path("api-keys/new", making.new_key, name="key_new"),
    path("api-keys/<uuid:key_id>", one.key_page, name="key"),
    path("api-keys/<uuid:key_id>/first-request", making.first, name="key_first"),
    path("api-keys/<uuid:key_id>/why", refusals.why, name="key_why"),
    path("api-keys/<uuid:key_id>/rename", changing.rename, name="key_rename"),
    path("api-keys/<uuid:key_id>/expiry", changing.expiry, name="key_expiry"),
    path("api-keys/<uuid:key_id>/rotate", making.rotate, name="key_rotate"),
    path("api-keys/<uuid:key_id>/end-old-secrets", ending.end_old, name="key_end_old"),
    path("api-keys/<uuid:key_id>/revoke", ending.revoke, name="key_revoke"),
]
