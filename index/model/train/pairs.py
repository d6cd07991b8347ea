"""Builds (request-like text, tool-like text) pairs from every licensed source -> one pickle that both trainings read."""
import argparse
import pickle
import random
import re
import sys
from collections import defaultdict
from dataclasses import replace

from documents import (
    FUNCTION_CORPORA, REQUEST_SPLITS, SERVER_CORPORA, Document, load_botocore, load_corpus, load_google, load_requests, needs, sentences, without_duplicates,
)
from glossary import Glossary
from tool_text import first_words, identifier_words, server_words, tool_text
from wordnet import wordnet_pairs

Pair = tuple[str, str, str]  # request-like text, tool-like text, group: pairs of one group are siblings


class Pairs:
    """Pairs by source; empty sides are dropped."""

    def __init__(self) -> None:
        self.by_source: dict[str, list[Pair]] = defaultdict(list)

    def add(self, source: str, request: str, tool: str, group: str) -> None:
        """Adds one pair unless a side is blank."""
        request, tool = request.strip(), tool.strip()
        if request and tool:
            self.by_source[source].append((request, tool, group))


def thinned(tool: Document, rng: random.Random) -> Document:
    """The tool as a poorer catalog would know it: often without server description, sometimes without parameters or server."""
    return replace(
        tool,
        server="" if rng.random() < 0.15 else tool.server,
        server_description="" if rng.random() < 0.5 else tool.server_description,
        parameters=() if rng.random() < 0.3 else tool.parameters,
    )


def add_views(pairs: Pairs, kind: str, tool: Document, rng: random.Random) -> None:
    """One tool seen from several sides: every pair hides from one side what the other says."""
    poor, group, parts = thinned(tool, rng), tool.group, sentences(tool.description)
    name, rest = identifier_words(tool.name), " ".join(parts[1:])
    server = server_words(tool.server)
    if parts:
        pairs.add(f"{kind}_first", parts[0], tool_text(poor, rest), group)
        pairs.add(f"{kind}_whole", parts[0], tool_text(poor), group)
    pairs.add(f"{kind}_name", f"{server} {name}" if rng.random() < 0.5 else name, first_words(tool.description, 80), group)
    if rest:
        pairs.add(f"{kind}_split", parts[0], f"{name} . {rest}", group)
    if tool.parameters and parts:
        described = " . ".join(f"{identifier_words(key)} {text}" for key, text in tool.parameters)[:400]
        pairs.add(f"{kind}_param", described, f"{name} . {parts[0]}", group)
    if tool.server and tool.server_description:
        pairs.add(f"{kind}_server", tool.server_description[:600], tool_text(replace(tool, server_description="")), group)


def add_requests(pairs: Pairs, data: str, rng: random.Random) -> None:
    """People's requests of the sets whose licence allows it, each with every tool it needs."""
    for name, splits in REQUEST_SPLITS.items():
        tools = {tool.id: tool for tool in load_corpus(data, name)}
        for split in splits or ("",):
            for request in load_requests(data, f"{name}:{split}"):
                for accepted in needs(request):
                    tool = tools.get(rng.choice(accepted))
                    if tool:
                        pairs.add(f"request:{name}", request["query"], tool_text(tool), f"request/{tool.id}")


def build(arguments: argparse.Namespace) -> Pairs:
    """All pairs of all sources."""
    rng, pairs = random.Random(7), Pairs()
    servers = without_duplicates([tool for name in SERVER_CORPORA for tool in load_corpus(arguments.data, name)])
    functions = without_duplicates([tool for name in FUNCTION_CORPORA for tool in load_corpus(arguments.data, name)])
    aws, google = without_duplicates(load_botocore(arguments.botocore)), without_duplicates(load_google(arguments.google))
    for kind, tools in (("tool", servers), ("function", functions), ("aws", aws), ("google", google)):
        print(kind, len(tools), "documents", file=sys.stderr)
        for tool in tools:
            add_views(pairs, kind, tool, rng)
    add_requests(pairs, arguments.data, rng)
    for source, request, tool, group in Glossary.read(arguments.glossary).pairs(servers + functions, rng):
        pairs.add(source, request, tool, group)
    for source, left, right in wordnet_pairs(arguments.wordnet, rng):
        pairs.add(source, left, right, "")
    return pairs


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "botocore", "google", "wordnet", "glossary", "out"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    pairs = build(arguments)
    for source, rows in sorted(pairs.by_source.items()):
        example = re.sub(r"\s+", " ", " <> ".join(rows[len(rows) // 2][:2]))
        print(f"{source:18s} {len(rows):7d}  {example[:160]}", file=sys.stderr)
    with open(arguments.out, "wb") as out:
        pickle.dump(dict(pairs.by_source), out)


if __name__ == "__main__":
    main()
