/** The licences of everything that a bundle contains, as text: most of them ask to be handed on with the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENSE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

/** One section a package, by name; throws when a package says nothing about its licence. */
export function thirdPartyLicenses(metafile, root) {
  const folders = new Set(Object.keys(metafile.inputs).map(packageFolder).filter(Boolean));
  const packages = [...folders].map((folder) => describe(join(root, folder)));
  const byTitle = new Map(packages.map((each) => [each.title, each]));
  const sorted = [...byTitle.values()].sort((a, b) => (a.title < b.title ? -1 : 1));
  const sections = sorted.map(({ title, text }) => `${title}\n${'-'.repeat(title.length)}\n\n${text.trim()}\n`);
  return `Tooldex contains the following packages.\n\n${sections.join('\n\n')}`;
}

/** `node_modules/@scope/name` of a path inside it, the innermost one. */
function packageFolder(path) {
  return /^(?:.*node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

function describe(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file));
  if (!license && files.length === 0) throw new Error(`${name}@${version} has no licence; it must not be bundled`);
  const texts = files
    .filter((file) => existsSync(join(folder, file)))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  return { title: `${name} ${version} (${license ?? 'see below'})`, text: texts.join('\n\n') || `Licence: ${license}` };
}
