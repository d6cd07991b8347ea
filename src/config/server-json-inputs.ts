/** Inputs of a server.json (https://static.modelcontextprotocol.io/schemas, "Input"): each to a value, a reference, or what is missing. */
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { variableName } from './secret-values.ts';
import { type Fields, list, text } from './server-json-dialects.ts';

/** Several values are for an argument that may be repeated. */
export type InputValues = Readonly<Record<string, string | readonly string[]>>;

export type InputKind = 'environment variable' | 'header' | 'argument' | 'part of the address';

/** What somebody has to give before a server can run. */
export interface MissingInput {
  readonly name: string;
  readonly kind: InputKind;
  readonly isSecret: boolean;
  /** As the server's author put it; may be empty. */
  readonly description: string;
}

export interface InputOptions {
  readonly values: InputValues;
  readonly unset?: 'refer' | 'collect';
}

/** Stands where a value is missing, in an entry that nobody runs. */
const UNSET = 'unset';

export class InputReader {
  readonly notes: string[] = [];
  readonly missing: MissingInput[] = [];
  readonly #values: InputValues;
  readonly #refers: boolean;
  readonly #asked = new Set<string>();

  constructor({ values, unset = 'refer' }: InputOptions) {
    this.#values = values;
    this.#refers = unset === 'refer';
  }

  /** Names of values that nothing has asked for so far. */
  unused(): string[] {
    return Object.keys(this.#values).filter((name) => !this.#asked.has(name));
  }

  /** Environment variables or headers. */
  named(inputs: unknown, kind: 'environment variable' | 'header'): Record<string, string> {
    const entries = list(inputs).flatMap((input): [string, string][] => {
      const name = text(input.name);
      if (name === '') return [];
      const [value] = this.#given(input, { name, kind });
      if (value !== undefined) return [[name, value]];
      if (input.isRequired !== true) {
        this.notes.push(`the optional ${name} was left out`);
        return [];
      }
      const variable = kind === 'header' ? `MCP_${name}` : name;
      return [[name, this.#reference(input, { name, kind, variable })]];
    });
    return Object.fromEntries(entries);
  }

  arguments(inputs: unknown): string[] {
    return list(inputs).flatMap((input) => this.#argument(input));
  }

  /** A text with `{name}` in it. */
  filled(template: string, variables: unknown, kind: InputKind): string {
    return template.replace(/(?<!\$)\{([\w-]+)\}/g, (whole, name: string) => {
      const input = isObject(variables) && isObject(variables[name]) ? variables[name] : undefined;
      if (input === undefined && this.#values[name] === undefined) return whole;
      const [value] = this.#given(input ?? {}, { name, kind });
      if (value !== undefined) return value;
      const required = { isRequired: true, ...input };
      return required.isRequired === true ? this.#reference(required, { name, kind, variable: name }) : '';
    });
  }

  #argument(input: Fields): string[] {
    const flag = input.type === 'named' ? text(input.name) : '';
    const name = flag.replace(/^-+|=$/g, '') || text(input.valueHint) || text(input.name);
    const given = this.#given(input, { name, kind: 'argument' });
    if (flag !== '' && input.format === 'boolean') return switched(flag, given[0], input);
    if (given.length > 0) return given.flatMap((value) => withFlag(flag, value));
    if (input.isRequired !== true) {
      if (flag || name) this.notes.push(`the optional argument ${flag || name} was left out`);
      return [];
    }
    const isSwitch = flag !== '' && input.format === undefined && input.valueHint === undefined;
    if (isSwitch && input.isSecret !== true && input.description === undefined) return [flag];
    return withFlag(flag, this.#argumentLater(input, name));
  }

  /** Arguments are words of a command line: a secret one can be looked up later, any other has to be known. */
  #argumentLater(input: Fields, name: string): string {
    if (input.isSecret === true) return this.#reference(input, { name, kind: 'argument', variable: name });
    this.#miss(input, { name, kind: 'argument' });
    return UNSET;
  }

  /** What was given, or else what the file says; none, one, or several for what may be repeated. */
  #given(input: Fields, { name, kind }: Named): string[] {
    this.#asked.add(name);
    const given = this.#values[name];
    if (given !== undefined) {
      const all = typeof given === 'string' ? [given] : given;
      if (all.length > 1 && input.isRepeated !== true) throw wrongValue(name, 'takes one value');
      for (const value of all) requireChoice(input, name, value);
      return [...all];
    }
    if (typeof input.value === 'string') return [this.filled(input.value, input.variables, kind)];
    return input.isSecret === true || input.default === undefined ? [] : [String(input.default)];
  }

  #reference(input: Fields, { name, kind, variable }: Named & { readonly variable: string }): string {
    if (this.#refers) return `\${env:${variableName(variable)}}`;
    this.#miss(input, { name, kind });
    return UNSET;
  }

  #miss(input: Fields, { name, kind }: Named): void {
    if (this.missing.some((each) => each.name === name)) return;
    const choices = Array.isArray(input.choices) ? ` (one of ${input.choices.join(', ')})` : '';
    const description = `${text(input.description)}${choices}`.trim();
    this.missing.push({ name, kind, isSecret: input.isSecret === true, description });
  }
}

interface Named {
  readonly name: string;
  readonly kind: InputKind;
}

const withFlag = (flag: string, value: string) =>
  flag === '' ? [value] : flag.endsWith('=') ? [`${flag}${value}`] : [flag, value];

/** A switch stands there or not; what says neither is left out unless the file requires it. */
function switched(flag: string, value: string | undefined, { isRequired }: Fields): string[] {
  const isOn = value === undefined ? isRequired === true : /^(true|1|yes|on)$/i.test(value);
  return isOn ? [flag] : [];
}

function requireChoice({ choices }: Fields, name: string, value: string): void {
  if (!Array.isArray(choices) || choices.map(String).includes(value)) return;
  throw wrongValue(name, `is one of ${choices.join(', ')}`);
}

function wrongValue(name: string, rule: string): GatewayError {
  return new GatewayError('USAGE', `"${name}" ${rule}`, { hint: `give it with --set ${name}=...` });
}

/** Says of all at once what has to be given. */
export function lacks(missing: readonly MissingInput[]): GatewayError {
  const each = missing.map(
    ({ name, description }) => `"${name}" needs a value${description ? `: ${description}` : ''}`,
  );
  return new GatewayError('USAGE', each.join('; '), {
    hint: `give ${missing.map(({ name }) => `--set ${name}=...`).join(' ')}`,
  });
}
