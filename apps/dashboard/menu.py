"""The dashboard's menu: the name of each page, its URL's name, and what one must be allowed to do to open it."""

from apps.accounts.roles import Deed

MENU = [
    ("API keys", "keys", Deed.LOOK),
    ("Webhooks", "webhooks", Deed.LOOK),
    ("Picks", "picks", Deed.LOOK),
    ("Track record", "record", Deed.LOOK),
    ("Plan", "plan", Deed.LOOK),
    ("Team", "team", Deed.LOOK),
    ("Audit log", "audit", Deed.AUDIT),
]
