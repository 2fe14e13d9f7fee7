"""Times in the admin: 24 hours, to the second, and always said to be UTC."""

DATETIME_FORMAT = r"j M Y H:i:s \U\T\C"
SHORT_DATETIME_FORMAT = r"j M H:i \U\T\C"
DATE_FORMAT = "j M Y"
