"""Requests in Portuguese, Spanish and Chinese, made from a small glossary and the names of tools."""
import random
from collections.abc import Iterator
from dataclasses import dataclass

from documents import Document
from tool_text import identifier_words, tool_text

LANGUAGES = ("pt", "es", "zh")
JOINERS = {"pt": (" ", " de ", " do ", " da "), "es": (" ", " de ", " del "), "zh": ("", "的")}
ENDINGS = {"pt": ("", " para mim", " agora"), "es": ("", " para mí", " ahora"), "zh": ("", "吧", "。")}


@dataclass(frozen=True)
class Glossary:
    """English word -> its translations, in the order of LANGUAGES; verbs, nouns and openings of requests apart."""

    verbs: dict[str, tuple[str, ...]]
    nouns: dict[str, tuple[str, ...]]
    openings: dict[str, tuple[str, ...]]

    @staticmethod
    def read(path: str) -> "Glossary":
        """Reads the tab-separated file: kind, English, then one column a language."""
        tables: dict[str, dict[str, tuple[str, ...]]] = {"v": {}, "n": {}, "c": {}}
        with open(path, encoding="utf8") as lines:
            for line in lines:
                if not line.startswith("#"):
                    kind, english, *others = line.rstrip("\n").split("\t")
                    tables[kind][english] = tuple(others)
        return Glossary(tables["v"], tables["n"], tables["c"])

    def request(self, verb: str, nouns: list[str], language: str, rng: random.Random) -> str:
        """`create`, [`file`] -> `quero criar arquivo` or the like; the modifier follows its noun in Portuguese and Spanish."""
        at = LANGUAGES.index(language)
        order = nouns if language == "zh" else nouns[::-1]
        things = rng.choice(JOINERS[language]).join(self.nouns[noun][at] for noun in order)
        opening = rng.choice([*self.openings.values()])[at] if rng.random() < 0.6 else ""
        words = [opening, self.verbs[verb][at], things]
        text = ("" if language == "zh" else " ").join(word for word in words if word)
        return text + rng.choice(ENDINGS[language])

    def pairs(self, tools: list[Document], rng: random.Random) -> Iterator[tuple[str, str, str, str]]:
        """(source, request, text, group): requests for real tools whose name is a known verb and known nouns; phrases; single words."""
        for tool in tools:
            verb, nouns = self._parse(identifier_words(tool.name).lower().split())
            if verb and nouns:
                for language in LANGUAGES:
                    yield "glossary_tool", self.request(verb, nouns, language, rng), tool_text(tool), tool.group
        for _ in range(12_000):
            verb, nouns = rng.choice([*self.verbs]), rng.sample([*self.nouns], rng.choice((1, 1, 2)))
            yield "glossary_phrase", self.request(verb, nouns, rng.choice(LANGUAGES), rng), f"{verb} {' '.join(nouns)}", ""
        for english, others in [*self.verbs.items(), *self.nouns.items()] * 3:
            yield "glossary_word", rng.choice(others), english, ""

    def _parse(self, words: list[str]) -> tuple[str, list[str]]:
        """Verb and nouns of a tool name; no verb unless every other word is a known noun (one or two of them)."""
        if len(words) not in (2, 3) or words[0] not in self.verbs:
            return "", []
        nouns = [word if word in self.nouns else word.rstrip("s") for word in words[1:]]
        return (words[0], nouns) if all(noun in self.nouns for noun in nouns) else ("", [])
