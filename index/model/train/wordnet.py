"""Pairs from WordNet 3.0: words and glosses that mean the same, for the static model, which starts knowing no English."""
import random
from collections.abc import Iterator

PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")
RELATED = {"@", "&", "+"}  # hypernym, similar to, derivationally related


def read_synsets(folder: str) -> dict[tuple[str, str], tuple[list[str], str, list[tuple[str, str]]]]:
    """(offset, part of speech) -> lemmas, gloss, related synsets; `folder` holds data.noun and the like."""
    synsets = {}
    for part in PARTS_OF_SPEECH:
        with open(f"{folder}/data.{part}", encoding="latin1") as lines:
            for line in lines:
                if line.startswith("  "):  # the licence at the head of the file
                    continue
                head, _, gloss = line.partition("|")
                fields = head.split()
                count = int(fields[3], 16)
                lemmas = [fields[4 + 2 * i].replace("_", " ").split("(")[0] for i in range(count)]
                pointers = fields[4 + 2 * count :]
                related = [(pointers[i + 1], pointers[i + 2]) for i in range(1, len(pointers) - 3, 4) if pointers[i] in RELATED]
                synsets[(fields[0], "a" if fields[2] == "s" else fields[2])] = (lemmas, gloss.strip(), related)
    return synsets


def wordnet_pairs(folder: str, rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """(source, text, text): lemma and gloss, lemma and lemma, verb and example, synset and related synset. 6 of 10 proper names are left out."""
    synsets = read_synsets(folder)
    for (_, part), (lemmas, gloss, related) in synsets.items():
        if all(lemma[:1].isupper() for lemma in lemmas) and rng.random() < 0.6:
            continue
        definition, _, example = gloss.partition('; "')
        yield "wordnet_gloss", " ".join(lemmas), definition
        if example and part == "v":
            yield "wordnet_example", lemmas[0], example
        if len(lemmas) > 1:
            yield "wordnet_synonym", *rng.sample(lemmas, 2)
        for key in related[:2]:
            if key in synsets:
                other, other_gloss, _ = synsets[key]
                yield "wordnet_related", f"{lemmas[0]} . {definition}", f"{' '.join(other)} . {other_gloss.split(';')[0]}"
