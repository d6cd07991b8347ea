/**
 * Ends our processes when the gateway itself is killed and can do nothing any more: a shell of a few hundred kilobytes
 * waits at the other end of a pipe, and a pipe ends with its writer however that dies.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { INSTANCE_VARIABLE } from './kill-ladder.ts';

export interface ParentGuard {
  /**
   * A mark for the environment of a process that is about to be started, unlike any other. From now on what carries it dies
   * with the gateway, even if that is killed before it could say `add`.
   */
  newMark(): string;
  /** From now on the process group dies with the gateway. */
  add(group: number): void;
  /** The group is gone; its number may be somebody else's soon. */
  remove(group: number): void;
  /** Lets the watcher go, which ends what is still guarded. */
  close(): void;
}

/**
 * Looks for marked processes until it has found none five times: between a look and a kill one may have started another, and
 * one that was just forked does not carry its mark yet, on a busy machine for a while.
 */
const WATCHER = `
mark=$1
guarded=' '
left=
while read -r verb group; do
  case $verb in
    add) guarded="$guarded$group " ;;
    close) left=yes ;;
    remove) case $guarded in *" $group "*) guarded="\${guarded%% $group *} \${guarded#* $group }" ;; esac ;;
  esac
done
set -- $guarded
[ $# -eq 0 ] && [ $left ] && exit 0
for group do kill -s TERM -- "-$group"; done
sleep 2
for group do kill -s KILL -- "-$group"; done
quiet=0
passes=0
while [ $quiet -lt 5 ] && [ $passes -lt 60 ]; do
  quiet=$((quiet + 1))
  passes=$((passes + 1))
  for file in $(grep -ls -- "${INSTANCE_VARIABLE}=$mark" /proc/[0-9]*/environ); do
    quiet=0
    pid=\${file#/proc/}
    kill -s KILL -- "\${pid%/environ}"
  done
  sleep 1
done
`;

/** A watcher that ended sooner than this would not do better the next time. */
const WATCHER_LIFE_MS_MIN = 1_000;

/** Starts no watcher before the first process needs one, and another one when somebody ends it. Does nothing on Windows, where the ledger has to do. */
export function createParentGuard(): ParentGuard {
  const mark = randomUUID();
  const groups = new Set<number>();
  let watcher: ChildProcess | undefined;
  const tell = (line: string) => watcher?.stdin?.write(`${line}\n`);
  const watch = () => {
    if (process.platform === 'win32' || watcher) return;
    const started = startWatcher(mark);
    const startedMs = performance.now();
    const ended = () => {
      if (watcher !== started) return;
      watcher = undefined;
      if (performance.now() - startedMs > WATCHER_LIFE_MS_MIN) watch();
    };
    started.once('exit', ended);
    // It could not be started; the next process asks for another one.
    started.on('error', ended);
    watcher = started;
    for (const group of groups) tell(`add ${group}`);
  };
  return {
    newMark() {
      watch();
      return `${mark}.${randomUUID()}`;
    },
    add(group) {
      watch();
      groups.add(group);
      tell(`add ${group}`);
    },
    remove(group) {
      groups.delete(group);
      tell(`remove ${group}`);
    },
    close() {
      tell('close');
      watcher?.stdin?.end();
      watcher = undefined;
    },
  };
}

/** In a session of its own, so that a Ctrl-C in the terminal does not end the watcher first; never keeps us alive. */
function startWatcher(mark: string): ChildProcess {
  const watcher: ChildProcess = spawn('/bin/sh', ['-c', WATCHER, 'tooldex-guard', mark], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
  });
  watcher.unref();
  const { stdin } = watcher;
  // There is none where no file can be opened any more.
  stdin?.on('error', () => undefined);
  if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  return watcher;
}
