/** Which program stands for `chroma` where nobody names one. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { IndexError } from '../index-error.ts';

/** Installed by uvx when there is no `chroma`; the version that the tests run with. */
export const CHROMA_VERSION = '1.5.9';

/** npm's own `chroma`, which npm puts on the PATH of whatever it runs, comes last: it needs glibc 2.38. */
export function findChroma(path: string): readonly string[] {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  const isNpms = (folder: string) => folder.includes('node_modules');
  const find = (program: string, among: readonly string[]) =>
    among.map((folder) => join(folder, program)).find(isProgram);
  const chroma = find(
    'chroma',
    folders.filter((folder) => !isNpms(folder)),
  );
  if (chroma) return [chroma];
  const uvx = find('uvx', folders);
  if (uvx) return [uvx, '--from', `chromadb==${CHROMA_VERSION}`, 'chroma'];
  const npms = find('chroma', folders.filter(isNpms));
  if (npms) return [npms];
  throw new IndexError('missing', 'Neither chroma nor uvx is on the PATH, so no Chroma server can be started', {
    hint: `Run: pip install chromadb==${CHROMA_VERSION} (or install uv), or give the address of a Chroma server.`,
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
