"""Webhooks, which are not open yet: their paths know key, method and tier, and have nothing behind them."""

from collections.abc import Sequence
from typing import NoReturn

from rest_framework.request import Request

from apps.accounts.tiers import GROWTH
from apps.api.v1.base import ApiView, NotFound


class NotOpen(ApiView):
    """`methods`: those that the path will take."""

    schema = None  # described when it can be used
    methods: Sequence[str] = ()

    @property
    def allowed_methods(self) -> list[str]:
        return [*self.methods, "OPTIONS"]

    def get(self, request: Request, **_place: str) -> NoReturn:
        raise NotFound("This is not open yet; /docs/changelog will say when it is.")

    post = patch = delete = head = get


class Webhooks(NotOpen):
    minimum_tier = GROWTH
