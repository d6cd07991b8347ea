// Usage: node .ci/count.mjs REPORTS FAILED_STEPS. Adds up the JSON reports of vitest in a folder, prints one line, and exits
// with 0 only when nothing failed. A test is skipped when no run ran it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, failedSteps] = process.argv.slice(2);
const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
const files = reports.flatMap(({ testResults }) => testResults);
const tests = files.flatMap(({ name, assertionResults }) =>
  assertionResults.map(({ fullName, status }) => ({ id: `${name} ${fullName}`, status })),
);

const passed = tests.filter(({ status }) => status === 'passed');
const failedTests = tests.filter(({ status }) => status === 'failed').length;
/** Files that failed as a whole: they could not be loaded, or left something behind. */
const failedFiles = files.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
).length;
const ran = new Set(tests.filter(({ status }) => status === 'passed' || status === 'failed').map(({ id }) => id));
const skipped = new Set(tests.filter(({ id }) => !ran.has(id)).map(({ id }) => id));

const found = failedTests + failedFiles;
/** A step may fail without a failing test: types, lint, a crash. */
const failed = found > 0 ? found : Number(failedSteps);
console.log(`${passed.length} passed, ${failed} failed, ${skipped.size} skipped`);
process.exitCode = failed === 0 && passed.length > 0 ? 0 : 1;
