/** Words that somebody wrote for `docker run`, as far as a server's entry says the same. */

export interface DockerArguments {
  readonly env: Readonly<Record<string, string>>;
  /** What an entry says otherwise or not at all, as it was written. */
  readonly leftOut: readonly string[];
}

/** Tooldex does these itself, or they have no meaning here. */
const IDLE = /^(run|-i|-t|-it|-ti|--interactive|--tty|--rm|--init|--rm=true|--interactive=true)$/;

export function dockerArguments(words: readonly string[]): DockerArguments {
  const env: Record<string, string> = {};
  const leftOut: string[] = [];
  for (const word of joined(words)) {
    const [, given] = /^(?:--env[= ]|-e ?)(.*)$/s.exec(word) ?? [];
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(given ?? '') ?? [];
    if (name !== undefined && value !== undefined) env[name] = value;
    // A name alone is what docker is started with, which the file lists as environment variables.
    else if (!IDLE.test(word) && !/^[A-Za-z_]\w*$/.test(given ?? '')) leftOut.push(word);
  }
  return { env, leftOut };
}

/** `-e` and `--env` with the word that they take. */
function joined(words: readonly string[]): string[] {
  const takesNext = (at: number) => words[at] === '-e' || words[at] === '--env';
  return words.flatMap((word, at) => {
    if (takesNext(at - 1)) return [];
    return [takesNext(at) && at + 1 < words.length ? `${word} ${words[at + 1]}` : word];
  });
}
