/** Which distributions were chosen for a Python package, each with the hashes of its files as far as it has any. */

/** Lines of a file of requirements, as pip and uv read it. */
export interface PythonLock {
  /** Exact, with the hashes of all files that may be installed for them. */
  readonly hashed: readonly string[];
  /** What has no file to hash: folders, and repositories at one commit. */
  readonly sources: readonly string[];
}

/** What `uv pip compile --generate-hashes` writes: a requirement for each line, hashes on lines that continue it. */
export function readUvRequirements(text: string): PythonLock {
  const lines = text
    .replace(/\\\r?\n\s*/g, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return split(lines);
}

/** `pip install --report`, https://pip.pypa.io/en/stable/reference/installation-report/ */
export interface PipReport {
  readonly install: readonly PipChoice[];
}

interface PipChoice {
  readonly is_direct?: boolean;
  readonly metadata: { readonly name: string; readonly version: string };
  /** The "direct URL" of the packaging specifications. */
  readonly download_info: {
    readonly url: string;
    readonly subdirectory?: string;
    readonly archive_info?: { readonly hash?: string; readonly hashes?: Readonly<Record<string, string>> };
    readonly vcs_info?: { readonly vcs: string; readonly commit_id: string };
  };
}

export function readPipReport({ install }: PipReport): PythonLock {
  return split(install.map(requirementOf));
}

function requirementOf({ is_direct: isDirect, metadata, download_info: from }: PipChoice): string {
  const { url, archive_info: archive, vcs_info: vcs, subdirectory } = from;
  // pip 22 has the one, later versions have both.
  const hash = archive?.hashes?.sha256 ?? /^sha256=(\w+)$/.exec(archive?.hash ?? '')?.[1];
  const place = vcs ? `${vcs.vcs}+${url}@${vcs.commit_id}` : url;
  const within = subdirectory === undefined ? '' : `#subdirectory=${subdirectory}`;
  const exact = isDirect ? `${metadata.name} @ ${place}${within}` : `${metadata.name}==${metadata.version}`;
  return hash === undefined ? exact : `${exact} --hash=sha256:${hash}`;
}

function split(lines: readonly string[]): PythonLock {
  const isHashed = (line: string) => line.includes('--hash=');
  return { hashed: lines.filter(isHashed), sources: lines.filter((line) => !isHashed(line)) };
}
