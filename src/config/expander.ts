/** Expands the references of a document and collects what that brings up: secrets and problems, each with its path. */
import type { KeyPath, Problem } from './problems.ts';
import { expandReferences, type ReferenceScope } from './references.ts';
import type { WrittenForm } from './written-forms.ts';

/** Text for people; a `${` in it is not a reference. */
const PLAIN_KEYS = new Set<string | number>(['description', '$schema']);

/** Names of variables and headers whose literal values are secrets too. */
export const SECRET_NAME =
  /token|secret|passw|credential|authorization|cookie|api[-_]?key|private[-_]?key|access[-_]?key/i;

export class Expander {
  readonly problems: Problem[] = [];
  readonly #onlyRegular: boolean | undefined;
  readonly #secrets: { readonly path: KeyPath; readonly value: string }[] = [];

  constructor({ onlyRegular }: Pick<ReferenceScope, 'onlyRegular'> = {}) {
    this.#onlyRegular = onlyRegular;
  }

  /** The same value with every text in it expanded. */
  expand<Value>(value: Value, path: KeyPath, scope: ReferenceScope): Value {
    return this.#expand(value, path, scope) as Value;
  }

  /** Holds what a reference brought against what might have been written in its place. */
  hold(value: string | undefined, { pattern, remedy }: WrittenForm, path: KeyPath): void {
    if (value === undefined || pattern.test(value)) return;
    const place = path.join('\n');
    if (this.problems.some((problem) => problem.path.join('\n') === place)) return;
    this.problems.push({
      path,
      at: 'value',
      message: `"${nameOf(path)}": what this refers to will not do — ${remedy}`,
    });
  }

  /** Everything that must not be printed. */
  secrets(): string[] {
    return this.#secrets.map(({ value }) => value);
  }

  /** Whether a reference to a secret stands at this path or below it. */
  hasSecretAt(path: KeyPath): boolean {
    return this.#secrets.some((secret) => path.every((segment, index) => secret.path[index] === segment));
  }

  /** Remembers literal values under names such as `API_TOKEN`. */
  noteLiterals(values: Readonly<Record<string, string>>, path: KeyPath): void {
    for (const [name, value] of Object.entries(values)) {
      if (!SECRET_NAME.test(name)) continue;
      const scheme = /^(?:bearer|basic|token) +(.+)$/i.exec(value);
      this.#secrets.push({ path: [...path, name], value: scheme?.[1] ?? value });
    }
  }

  #expand(value: unknown, path: KeyPath, scope: ReferenceScope): unknown {
    if (typeof value === 'string') return this.#expandText(value, path, scope);
    if (Array.isArray(value)) return value.map((item, index) => this.#expand(item, [...path, index], scope));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) => [
      key,
      PLAIN_KEYS.has(key) ? item : this.#expand(item, [...path, key], scope),
    ]);
    return Object.fromEntries(entries);
  }

  #expandText(text: string, path: KeyPath, scope: ReferenceScope): string {
    const { value, secrets, problems } = expandReferences(text, { ...scope, onlyRegular: this.#onlyRegular });
    for (const secret of secrets) this.#secrets.push({ path, value: secret });
    for (const problem of problems) this.problems.push({ path, at: 'value', message: `"${nameOf(path)}": ${problem}` });
    return value;
  }
}

const nameOf = (path: KeyPath) => path.findLast((segment) => typeof segment === 'string');
