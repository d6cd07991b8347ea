"""Tool documents and requests from licensed sources, all in one shape, so that every later step is blind to where they came from."""
import glob
import gzip
import json
import os
import re
import zipfile
from dataclasses import dataclass, field

# Tool texts that may be trained on (MIT or Apache-2.0). The catalogs of the selection sets are kept out on purpose.
SERVER_CORPORA = ("toucan-smithery", "toucan-smithery-crawled", "toolsdk-registry", "arcade-toolkits", "docker-registry")
FUNCTION_CORPORA = ("bfcl", "seal-tools", "metatool")
# Requests that may be trained on (MIT or Apache-2.0): set -> splits.
REQUEST_SPLITS = {"metatool": ("single-train",), "seal-tools": ("dev", "test-in-domain"), "bfcl": None}
# Never trained on, neither requests nor catalogs: settings are chosen and figures reported on these.
SELECTION_SETS = ("azure-mcp-2025", "mcpproxy-golden", "mcp-zero:task", "mcp-zero:request", "toollinkos", "acebench-en", "toolret-apigen")

TAG = re.compile(r"<[^>]+>")
SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n+")


@dataclass(frozen=True)
class Document:
    """One tool: what a gateway knows about it before anybody calls it."""

    id: str
    source: str
    server: str
    server_description: str
    name: str
    description: str
    parameters: tuple[tuple[str, str], ...] = field(default=())

    @property
    def group(self) -> str:
        """Tools of one server share a group; functions without a server are groups of their own."""
        return f"{self.source}/{self.server}" if self.server else self.id


def sentences(text: str) -> list[str]:
    """Sentences and lines of more than three characters."""
    return [part.strip() for part in SENTENCE_END.split(text or "") if len(part.strip()) > 3]


def plain(html: str | None) -> str:
    """Text of an HTML or Markdown-like API description: no tags, no link targets, single spaces."""
    text = TAG.sub(" ", html or "")
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()


def read_jsonl(path: str) -> list[dict]:
    """Rows of a JSONL file; an absent file has none."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf8") as lines:
        return [json.loads(line) for line in lines]


def _parameters(schema) -> tuple[tuple[str, str], ...]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return ()
    return tuple((name, str(value.get("description") or "")[:300] if isinstance(value, dict) else "") for name, value in properties.items())


def load_corpus(data: str, name: str) -> list[Document]:
    """Every tool of one data set. Sets of bare functions have no server: their one pseudo-server says nothing."""
    keep_server = name in SERVER_CORPORA or name in ("mcp-zero", "mcpproxy-golden", "azure-mcp-2025")
    return [
        Document(
            id=row["id"],
            source=name,
            server=re.sub(r"^.*__", "", row["server"] or "") if keep_server else "",
            server_description=(row.get("serverDescription") or "") if keep_server else "",
            name=row["tool"] or "",
            description=row.get("description") or "",
            parameters=_parameters(row.get("inputSchema")),
        )
        for row in read_jsonl(f"{data}/{name}/corpus.jsonl")
    ]


def load_requests(data: str, spec: str) -> list[dict]:
    """English requests of `set` or `set:split`, in file order."""
    name, _, split = spec.partition(":")
    rows = [row for row in read_jsonl(f"{data}/{name}/queries.jsonl") if row.get("lang", "en") == "en"]
    return [row for row in rows if not split or split in row["split"]]


def needs(request: dict) -> list[list[str]]:
    """The tools a request needs: for each, the ids that are accepted."""
    return request.get("groups") or [[relevant] for relevant in request["relevant"]]


def load_botocore(folder: str) -> list[Document]:
    """Operations of AWS services as tools (the newest API version of each service). `folder` is botocore/data."""
    documents = []
    for service in sorted(glob.glob(f"{folder}/*")):
        files = sorted(glob.glob(f"{service}/*/service-2.json*"))
        if not files:
            continue
        with gzip.open(files[-1]) if files[-1].endswith("gz") else open(files[-1], "rb") as stream:
            model = json.load(stream)
        documents += _aws_operations(os.path.basename(service), model)
    return documents


def _aws_operations(service: str, model: dict) -> list[Document]:
    title, about = model["metadata"].get("serviceFullName", service), plain(model.get("documentation"))[:600]
    documents = []
    for name, operation in model["operations"].items():
        text = plain(operation.get("documentation"))
        members = model["shapes"].get((operation.get("input") or {}).get("shape"), {}).get("members", {})
        if text:
            parameters = tuple((key, plain(value.get("documentation"))[:300]) for key, value in members.items())
            documents.append(Document(f"aws/{service}/{name}", "aws", title, about, name, text[:800], parameters))
    return documents


def load_google(wheel: str) -> list[Document]:
    """Methods of Google's discovery documents, newest stable version of each API. `wheel` is google-api-python-client's."""
    documents = []
    with zipfile.ZipFile(wheel) as archive:
        newest: dict[str, tuple[tuple, str]] = {}
        for path in archive.namelist():
            found = re.search(r"documents/([^/]+)\.v(\d+)([^/]*)\.json$", path)
            if found:
                rank = (found[3] == "", int(found[2]), found[3])
                newest[found[1]] = max(newest.get(found[1], ((False, -1, ""), "")), (rank, path))
        for _, path in sorted(newest.values()):
            api = json.loads(archive.read(path))
            documents += _google_methods(api, api)
    return documents


def _google_methods(api: dict, resource: dict) -> list[Document]:
    documents = []
    for method in resource.get("methods", {}).values():
        name = "_".join(method["id"].split(".")[1:][-3:])
        parameters = tuple((key, plain(value.get("description"))[:300]) for key, value in method.get("parameters", {}).items())
        text = plain(method.get("description"))[:800]
        if text:
            documents.append(Document(f"google/{method['id']}", "google", api.get("title", ""), plain(api.get("description"))[:600], name, text, parameters))
    for child in resource.get("resources", {}).values():
        documents += _google_methods(api, child)
    return documents


def without_duplicates(documents: list[Document]) -> list[Document]:
    """The first of those with the same name and the same first 160 letters and digits of description."""
    kept: dict[tuple[str, str], Document] = {}
    for document in documents:
        letters = re.sub(r"\W+", "", document.description.lower())[:160]
        kept.setdefault((re.sub(r"\W+", "", document.name.lower()), letters), document)
    return list(kept.values())
