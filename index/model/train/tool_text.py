"""How a tool and a request become the text that the MiniLM model reads. The TypeScript embedder must do exactly the same."""
import re

from documents import Document

CAMEL = re.compile(r"([a-z0-9])([A-Z])")
ACRONYM = re.compile(r"([A-Z]+)([A-Z][a-z])")
SEPARATORS = re.compile(r"[_\-./:\s]+")
MAX_DESCRIPTION_WORDS, MAX_PARAMETERS, MAX_SERVER_WORDS = 80, 16, 24
MAX_TOKENS = 128


def identifier_words(identifier: str) -> str:
    """`getHTTPPage_v2` -> `get HTTP Page v2`."""
    spaced = ACRONYM.sub(r"\1 \2", CAMEL.sub(r"\1 \2", identifier))
    return SEPARATORS.sub(" ", spaced).strip()


def server_words(server: str) -> str:
    """Only separators are opened: a server called `GitHub` must stay one word."""
    return SEPARATORS.sub(" ", server).strip()


def first_words(text: str, limit: int) -> str:
    """The first words (runs of non-space) joined by one space."""
    return " ".join(text.split()[:limit])


def tool_text(tool: Document, description: str | None = None) -> str:
    """Name, server, description, parameter names, server description, in this order, empty parts left out, joined by ` . `."""
    parts = (
        identifier_words(tool.name),
        server_words(tool.server),
        first_words(tool.description if description is None else description, MAX_DESCRIPTION_WORDS),
        ", ".join(identifier_words(name) for name, _ in tool.parameters[:MAX_PARAMETERS]),
        first_words(tool.server_description, MAX_SERVER_WORDS),
    )
    return " . ".join(part for part in parts if part)
