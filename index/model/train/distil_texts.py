"""The texts on which the student imitates its teacher: every licensed tool, and what people could ask for it, in one pickle."""
import argparse
import pickle
import random
import re
import sys
from collections import Counter
from dataclasses import dataclass, field

from batches import as_request, two_needs, with_typo
from documents import (
    FUNCTION_CORPORA, REQUEST_SPLITS, SERVER_CORPORA, Document, load_botocore, load_corpus, load_google, load_requests, needs, sentences, without_duplicates,
)
from glossary import Glossary
from pairs import thinned
from static_model import tool_fields
from tool_text import identifier_words, server_words, tool_text
from wordnet import wordnet_pairs

REQUESTS_A_TOOL = {"tool": 3, "function": 2, "aws": 1, "google": 1}
GLOSSES, PHRASES = 40_000, 8_000
HELD_OUT = 1_500  # tools of servers that only measure
CLAUSE_END = re.compile(r"[.;!?]\s+|\n+|,\s+|\s+and then\s+|\s+then\s+|\s+and\s+")


@dataclass
class Texts:
    """Columns of equal length. `target` is the row of the tool a request asks for (-1: none, and for tools their own row)."""

    text: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)  # "tool:…" is a tool's text, everything else a request
    target: list[int] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    held_out: list[bool] = field(default_factory=list)
    fields: list[tuple[str, ...]] = field(default_factory=list)  # of a tool, as the static model reads it; of a request none

    def add(self, kind: str, text: str, target: int = -1) -> int:
        """Appends one text and returns its row; a request inherits group and holding out from its tool."""
        row = len(self.text)
        self.text.append(re.sub(r"\s+", " ", text).strip())
        self.kind.append(kind)
        self.target.append(row if kind.startswith("tool:") else target)
        self.group.append(self.group[target] if target >= 0 else "")
        self.held_out.append(self.held_out[target] if target >= 0 else False)
        self.fields.append(())
        return row

    def add_tool(self, kind: str, tool: Document, held_out: bool) -> int:
        """Appends a tool."""
        row = self.add(f"tool:{kind}", tool_text(tool))
        self.group[row], self.held_out[row], self.fields[row] = tool.group, held_out, tool_fields(tool)
        return row


def keywords(tool: Document, rng: random.Random) -> str:
    """What somebody in a hurry types: the words of the name, some with the server, some with a word lost, some in another order."""
    words = identifier_words(tool.name).lower().split()
    if tool.server and rng.random() < 0.4:
        words = server_words(tool.server).lower().split()[:3] + words
    if len(words) > 2 and rng.random() < 0.3:
        words.pop(rng.randrange(len(words)))
    if rng.random() < 0.2:
        rng.shuffle(words)
    return " ".join(words)


def add_tools(texts: Texts, kind: str, tools: list[Document], rng: random.Random) -> None:
    """Each tool, for servers and functions often a poorer version too, and requests made from its description and its name."""
    held = set(rng.sample(range(len(tools)), HELD_OUT)) if kind == "tool" else set()
    for number, tool in enumerate(tools):
        row, parts = texts.add_tool(kind, tool, number in held), sentences(tool.description)
        chosen = (parts[:2] + parts[:1] * 2)[: REQUESTS_A_TOOL[kind]] if parts else []
        for part in chosen:
            request = as_request(part, rng)
            if rng.random() < 0.1:
                request = two_needs(request, as_request(rng.choice(tools).description, rng), rng)
            texts.add(f"{kind}_request", request, row)
        if kind in ("tool", "function"):
            texts.add(f"{kind}_keywords", keywords(tool, rng), row)
            if rng.random() < 0.5:
                texts.target[texts.add_tool(kind, thinned(tool, rng), number in held)] = row


def add_people(texts: Texts, data: str, rng: random.Random) -> None:
    """People's requests, the same with a typo or words missing, and the clauses of the longer ones."""
    for name, splits in REQUEST_SPLITS.items():
        tools = {tool.id: tool for tool in load_corpus(data, name)}
        rows = {}
        for split in splits or ("",):
            for request in load_requests(data, f"{name}:{split}"):
                accepted = next((tools[ids[0]] for ids in needs(request) if ids[0] in tools), None)
                if accepted is None:
                    continue
                if accepted.id not in rows:
                    rows[accepted.id] = texts.add_tool("function", accepted, False)
                texts.add(f"people:{name}", request["query"], rows[accepted.id])
                worn = " ".join(word for word in request["query"].split() if rng.random() > 0.15)
                texts.add(f"people:{name}", with_typo(worn, rng), rows[accepted.id])
                clauses = [clause for clause in CLAUSE_END.split(request["query"]) if len(clause.split()) > 2]
                if len(clauses) > 1:
                    texts.add("clause", rng.choice(clauses))


def add_languages(texts: Texts, tools: list[Document], glossary: str, rng: random.Random) -> None:
    """Requests in Portuguese, Spanish and Chinese, for tools as far as the glossary goes, and without a tool."""
    row_of = {text: texts.target[row] for row, text in enumerate(texts.text) if texts.kind[row].startswith("tool:")}
    phrases = 0
    for source, request, tool, _ in Glossary.read(glossary).pairs(tools, rng):
        if source == "glossary_tool" and tool in row_of:
            texts.add("glossary", request, row_of[tool])
        elif source != "glossary_tool" and phrases < PHRASES:
            texts.add("phrase", request)
            phrases += 1


def build(options: argparse.Namespace) -> Texts:
    """All texts of all sources."""
    rng, texts = random.Random(11), Texts()
    servers = without_duplicates([tool for name in SERVER_CORPORA for tool in load_corpus(options.data, name)])
    functions = without_duplicates([tool for name in FUNCTION_CORPORA for tool in load_corpus(options.data, name)])
    add_tools(texts, "tool", servers, rng)
    add_tools(texts, "function", functions, rng)
    add_people(texts, options.data, rng)
    add_languages(texts, servers + functions, options.glossary, rng)
    add_tools(texts, "aws", without_duplicates(load_botocore(options.botocore)), rng)
    add_tools(texts, "google", without_duplicates(load_google(options.google)), rng)
    glosses = [text for source, *sides in wordnet_pairs(options.wordnet, rng) if source == "wordnet_gloss" for text in sides]
    for gloss in rng.sample(glosses, min(GLOSSES, len(glosses))):
        texts.add("gloss", gloss)
    return texts


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "botocore", "google", "wordnet", "glossary", "out"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    texts = build(options)
    for kind, count in sorted(Counter(texts.kind).items()):
        print(f"{kind:20s} {count:7d}  {texts.text[len(texts.kind) - 1 - texts.kind[::-1].index(kind)][:110]}", file=sys.stderr)
    with open(options.out, "wb") as out:
        pickle.dump(vars(texts), out)


if __name__ == "__main__":
    main()
