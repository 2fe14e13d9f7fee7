"""Code as HTML: classes for the style sheet, no style of its own. Knows no Django."""

from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import BashLexer, HttpLexer, JavascriptLexer, JsonLexer, PythonLexer, TextLexer

LEXERS = {
    "events": TextLexer,
    "http": HttpLexer,
    "json": JsonLexer,
    "mjs": JavascriptLexer,
    "py": PythonLexer,
    "sh": BashLexer,
    "status": TextLexer,
    "txt": TextLexer,
}


def coloured(text: str, *, suffix: str, mark: str = "") -> str:
    """Escaped HTML with a <span> per token; `mark`, where it occurs within one token, stands in a <mark>.

    KeyError for a suffix that no lexer is known for.
    """
    html = str(highlight(text.strip("\n"), LEXERS[suffix](), HtmlFormatter(nowrap=True))).rstrip("\n")
    return html.replace(escape(mark), f"<mark>{escape(mark)}</mark>") if mark else html
