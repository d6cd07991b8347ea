/** The note in an installation's folder that says what is in it, so that a later start asks nobody else. */
import { access, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../errors.ts';
import { isObject } from '../../stdx/json.ts';
import { type PackageRequest, requestHash } from './package-request.ts';

/** How a program of a package is started; `file` is relative to the installation's folder. */
export interface Bin {
  readonly kind: 'node' | 'python' | 'executable';
  readonly file: string;
  /** For the interpreter, before the file. */
  readonly flags: readonly string[];
}

export interface Manifest {
  readonly format: 1;
  readonly ecosystem: PackageRequest['ecosystem'];
  /** Specifiers as they were asked for. */
  readonly asked: readonly string[];
  readonly name: string;
  readonly version: string;
  /** Subresource integrity of the main package, where the installer tells it. */
  readonly integrity?: string;
  /** ISO 8601. */
  readonly installedAt: string;
  readonly bins: Readonly<Record<string, Bin>>;
}

export interface Installation {
  readonly folder: string;
  readonly manifest: Manifest;
}

export interface InstalledCommand {
  /** Absolute. */
  readonly command: string;
  /** What comes before the server's own arguments. */
  readonly args: readonly string[];
  readonly version: string;
  /** Where all of it is. Absolute. */
  readonly folder: string;
}

const MANIFEST = 'tooldex-install.json';
const RETIRED = 'tooldex-replaced.json';

/** The installation that answers this request, if it is there and whole. `root` is the ecosystem's folder. */
export async function findInstallation(root: string, request: PackageRequest): Promise<Installation | undefined> {
  for (const folder of await foldersOf(root, request)) {
    const manifest = await readManifest(folder);
    if (manifest) return { folder, manifest };
  }
  return undefined;
}

/** Whatever stands in a place for this request, whole or not. */
export async function foldersOf(root: string, request: PackageRequest): Promise<string[]> {
  const ending = `-${requestHash(request)}`;
  const names = await readdir(root).catch(() => []);
  return names.filter((name) => name.endsWith(ending) && !name.startsWith('.')).map((name) => join(root, name));
}

/** From now on it is not found; its files stay. */
export async function retireInstallation(folder: string): Promise<void> {
  await rename(join(folder, MANIFEST), join(folder, RETIRED));
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The name of the folder, such as `@scope+name@1.2.3-0123456789ab`. */
export function folderName({ name, version }: Pick<Manifest, 'name' | 'version'>, request: PackageRequest): string {
  return `${`${name}@${version}`.replaceAll('/', '+').replace(/[^\w@.+-]/g, '_')}-${requestHash(request)}`;
}

/** The command line that starts the program that was asked for. Throws INSTALL_FAILED if the package has no such program. */
export function commandOf({ folder, manifest }: Installation, request: PackageRequest): InstalledCommand {
  const bin = manifest.bins[chooseBin(manifest, request)];
  if (!bin) throw noSuchBin(manifest, request);
  const file = join(folder, bin.file);
  const { version } = manifest;
  if (bin.kind === 'executable') return { command: file, args: [...bin.flags], version, folder };
  const interpreter = bin.kind === 'node' ? process.execPath : venvPython(folder);
  return { command: interpreter, args: [...bin.flags, file], version, folder };
}

export function venvPython(folder: string): string {
  return process.platform === 'win32'
    ? join(folder, 'venv', 'Scripts', 'python.exe')
    : join(folder, 'venv', 'bin', 'python');
}

/** As npm and uv choose: the one asked for, or the only one, or the one that is called like the package. */
function chooseBin({ bins, name }: Manifest, request: PackageRequest): string {
  if (request.bin !== undefined && Object.hasOwn(bins, request.bin)) return request.bin;
  const names = Object.keys(bins);
  const mayGuess = request.bin === undefined || request.ecosystem === 'pypi';
  const [only] = names;
  if (mayGuess && names.length === 1 && only !== undefined) return only;
  return request.bin ?? name.replace(/^@[^/]*\//, '');
}

function noSuchBin({ bins, name, version }: Manifest, request: PackageRequest): GatewayError {
  const names = Object.keys(bins);
  const asked =
    request.bin === undefined ? 'no program that can be told to be the server' : `no program ${request.bin}`;
  const flag = request.ecosystem === 'npm' ? `npx -p ${name} PROGRAM` : `uvx --from ${name} PROGRAM`;
  return new GatewayError('INSTALL_FAILED', `${name}@${version} has ${asked}`, {
    hint:
      names.length > 0
        ? `It has: ${names.slice(0, 8).join(', ')}. Name one of them: ${flag}.`
        : 'It is a library, not a server: look for the name of its server package.',
    data: { bins: names },
  });
}

/** Undefined for a folder that was written by another version or that lost its programs. */
async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8'));
    if (!isManifest(manifest)) return undefined;
    await Promise.all(Object.values(manifest.bins).map(({ file }) => access(join(folder, file))));
    return manifest;
  } catch {
    return undefined;
  }
}

function isManifest(value: unknown): value is Manifest {
  return isObject(value) && value.format === 1 && isObject(value.bins) && typeof value.version === 'string';
}
