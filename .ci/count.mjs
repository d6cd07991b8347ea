// Usage: node .ci/count.mjs REPORTS FAILED_STEPS. Adds up the JSON reports of vitest in a folder, names what failed with its first
// words, prints one line of sums, and exits with 0 only when nothing failed. A test is skipped when no run ran it.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

const LINES_OF_A_FAILURE = 12;

const [folder, failedSteps] = process.argv.slice(2);
const files = readdirSync(folder).flatMap((report) =>
  JSON.parse(readFileSync(join(folder, report), 'utf8')).testResults.map((file) => ({
    ...file,
    name: relative(process.cwd(), file.name),
    run: basename(report, '.json'),
  })),
);
const tests = files.flatMap(({ name, run, assertionResults }) =>
  assertionResults.map(({ fullName, status, failureMessages }) => ({
    id: `${name} > ${fullName}`,
    run,
    status,
    why: failureMessages?.join('\n') ?? '',
  })),
);

const passed = tests.filter(({ status }) => status === 'passed');
const failedTests = tests.filter(({ status }) => status === 'failed');
/** Files that failed as a whole: they could not be loaded, or left something behind. */
const failedFiles = files
  .filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  )
  .map(({ name, run, message }) => ({ id: name, run, why: message ?? '' }));
const ran = new Set(tests.filter(({ status }) => status === 'passed' || status === 'failed').map(({ id }) => id));
const skipped = new Set(tests.filter(({ id }) => !ran.has(id)).map(({ id }) => id));

const found = [...failedTests, ...failedFiles];
for (const { id, run, why } of found) {
  console.log(`failed in the run "${run}": ${id}`);
  for (const line of why.split('\n').slice(0, LINES_OF_A_FAILURE)) console.log(`    ${line}`);
}
/** A step may fail without a failing test: types, lint, a crash. */
const failed = found.length > 0 ? found.length : Number(failedSteps);
console.log(`${passed.length} passed, ${failed} failed, ${skipped.size} skipped`);
process.exitCode = failed === 0 && passed.length > 0 ? 0 : 1;
