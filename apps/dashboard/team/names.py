"""A first name for an organisation, from the address of the person who makes it."""

EVERYBODYS = frozenset(
    [
        "163", "aol", "fastmail", "gmail", "gmx", "googlemail", "hey", "hotmail", "icloud", "live", "mail", "mailbox",
        "me", "msn", "outlook", "pm", "posteo", "proton", "protonmail", "qq", "tuta", "tutanota", "web", "yahoo",
        "yandex", "ymail", "zoho",
    ]
)  # fmt: skip
SECOND_LEVEL = frozenset(["ac", "co", "com", "edu", "gov", "net", "org"])  # as in example.co.uk


def suggested_name(email: str) -> str:
    """`Acme` for jane@acme.com; `jane's team` where the domain is anybody's; empty for no address."""
    local, _, domain = email.rpartition("@")
    labels = domain.lower().split(".")
    if len(labels) >= 3 and labels[-2] in SECOND_LEVEL:
        labels.pop()
    name = labels[-2] if len(labels) >= 2 else ""
    if name and name not in EVERYBODYS:
        return name.capitalize()
    return f"{local}'s team" if local else ""
