"""The lexical partner of the evaluations: field-weighted BM25 (Robertson 2004), name 3, server 2, the rest 1, one length norm, k1 1.2, b .75."""
from collections import Counter

import numpy as np
from scipy import sparse

from documents import Document
from words import stem, words

K1, B = 1.2, 0.75
STOP = {
    stem(word)
    for word in (
        "a an the of to in on for and or is are was be been with from by at as it its this that these those my your our their i me we you he she "
        "they them can could would should will shall do does did have has had please help need want give tell let any some into about using via if "
        "so not no what which who when where there here just also than then"
    ).split()
}


def fields(tool: Document) -> tuple[tuple[int, str], ...]:
    """Weighted texts of a tool."""
    return (
        (3, tool.name), (2, tool.server), (1, tool.server_description), (1, tool.description), (1, " ".join(name for name, _ in tool.parameters)),
    )


class Bm25:
    """Scores of all tools for a request."""

    def __init__(self, tools: list[Document]) -> None:
        self.terms: dict[str, int] = {}
        rows, columns, counts = [], [], []
        for row, tool in enumerate(tools):
            bag: Counter = Counter()
            for weight, text in fields(tool):
                for word in words(text):
                    bag[stem(word)] += weight
            for term, count in bag.items():
                rows.append(row)
                columns.append(self.terms.setdefault(term, len(self.terms)))
                counts.append(count)
        matrix = sparse.csr_matrix((np.array(counts, np.float32), (rows, columns)), shape=(len(tools), len(self.terms)))
        length = np.asarray(matrix.sum(1)).ravel()
        norm = 1 / (1 - B + B * length / length.mean())
        matrix = sparse.diags(norm) @ matrix
        matrix.data = matrix.data * (K1 + 1) / (matrix.data + K1)
        frequency = np.asarray((matrix > 0).sum(0)).ravel()
        idf = np.log(1 + (len(tools) - frequency + 0.5) / (frequency + 0.5))
        self.weights = (matrix @ sparse.diags(idf)).T.tocsr()

    def scores(self, request: str) -> np.ndarray:
        """One score a tool."""
        known = {self.terms[term] for term in map(stem, words(request)) if term in self.terms and term not in STOP}
        return np.asarray(self.weights[sorted(known)].sum(0)).ravel()
