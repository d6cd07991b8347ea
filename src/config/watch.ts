/** Tells once when the content of configuration files is another one, however an editor or a mount goes about it. */
import { createHash } from 'node:crypto';
import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { CONFIG_BYTES_MAX, readWhole } from './read-whole.ts';

export interface WatchOptions {
  /** The files that count, asked for at each look; one that is not there counts as such. */
  readonly files: () => readonly string[];
  /** Folders in which further files may appear that would count. */
  readonly folders?: () => readonly string[];
  readonly onChange: () => void;
  /** So long nothing may happen before the files are looked at: writing takes several steps. Milliseconds. */
  readonly settleMs?: number;
  /** Files are looked at so often without a sign too, for file systems that give none (network shares, WSL mounts). */
  readonly pollMs?: number;
}

export interface Watch {
  /** The files as they are now are no news: somebody is reading them anyway. */
  noteSeen(): void;
  close(): void;
}

const SETTLE_MS = 150;
const POLL_MS = 5_000;

/** Folders are watched, not files: a rename or a swapped link puts another file under the same name. */
export function watchFiles(options: WatchOptions): Watch {
  const watcher = new FolderWatcher(options);
  watcher.start();
  return watcher;
}

class FolderWatcher implements Watch {
  readonly #options: WatchOptions;
  readonly #watching = new Map<string, FSWatcher>();
  #digest: string;
  #settling: NodeJS.Timeout | undefined;
  #polling: NodeJS.Timeout | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#digest = digestOf(options.files());
  }

  start(): void {
    this.#followFolders();
    this.#polling = setInterval(() => this.#look(), this.#options.pollMs ?? POLL_MS).unref();
    // What changed between the digest and the watch gave no sign.
    this.#onSign();
  }

  noteSeen(): void {
    this.#digest = digestOf(this.#options.files());
  }

  close(): void {
    clearTimeout(this.#settling);
    clearInterval(this.#polling);
    for (const folder of [...this.#watching.keys()]) this.#unwatch(folder);
  }

  readonly #onSign = (): void => {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#look(), this.#options.settleMs ?? SETTLE_MS).unref();
  };

  #look(): void {
    this.#followFolders();
    const digest = digestOf(this.#options.files());
    if (digest === this.#digest) return;
    this.#digest = digest;
    this.#options.onChange();
  }

  /** Where a link leads may be another place after each change. */
  #followFolders(): void {
    const folders = new Set([...(this.#options.folders?.() ?? []), ...this.#options.files().flatMap(foldersOf)]);
    for (const folder of [...this.#watching.keys()]) if (!folders.has(folder)) this.#unwatch(folder);
    for (const folder of folders) if (!this.#watching.has(folder)) this.#watch(folder);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, this.#onSign);
      watcher.on('error', () => this.#unwatch(folder));
      this.#watching.set(folder, watcher);
    } catch {
      // A folder that is not there or cannot be watched is looked into from time to time.
    }
  }

  #unwatch(folder: string): void {
    this.#watching.get(folder)?.close();
    this.#watching.delete(folder);
  }
}

/** The folder of a file, and that of the file which it stands for. */
function foldersOf(file: string): string[] {
  try {
    return [dirname(file), dirname(realpathSync(file))];
  } catch {
    return [dirname(file)];
  }
}

function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) {
    const read = readWhole(file, { bytesMax: CONFIG_BYTES_MAX, onlyRegular: true });
    const content = 'bytes' in read ? read.bytes : Buffer.from(read.problem);
    hash.update(`${file}\0${'bytes' in read}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
