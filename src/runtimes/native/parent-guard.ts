/**
 * Ends our processes when the gateway itself is killed and can do nothing any more: a shell of a few hundred kilobytes
 * waits at the other end of a pipe, and a pipe ends with its writer however that dies.
 */
import { type ChildProcess, spawn } from 'node:child_process';

export interface ParentGuard {
  /** From now on the process group dies with the gateway. */
  add(group: number): void;
  /** The group is gone; its number may be somebody else's soon. */
  remove(group: number): void;
  /** Lets the watcher go, which ends what is still guarded. */
  close(): void;
}

const WATCHER = `
guarded=' '
while read -r verb group; do
  case $verb in
    add) guarded="$guarded$group " ;;
    remove) case $guarded in *" $group "*) guarded="\${guarded%% $group *} \${guarded#* $group }" ;; esac ;;
  esac
done
set -- $guarded
[ $# -eq 0 ] && exit 0
for group do kill -s TERM -- "-$group"; done
sleep 2
for group do kill -s KILL -- "-$group"; done
`;

/** Starts no watcher before the first process needs one. Does nothing on Windows, where the ledger has to do. */
export function createParentGuard(): ParentGuard {
  let watcher: ChildProcess | undefined;
  const tell = (line: string) => watcher?.stdin?.write(`${line}\n`);
  return {
    add(group) {
      if (process.platform === 'win32') return;
      watcher ??= startWatcher();
      tell(`add ${group}`);
    },
    remove: (group) => tell(`remove ${group}`),
    close() {
      watcher?.stdin?.end();
      watcher = undefined;
    },
  };
}

/** In a session of its own, so that a Ctrl-C in the terminal does not end the watcher first; never keeps us alive. */
function startWatcher(): ChildProcess {
  const watcher = spawn('/bin/sh', ['-c', WATCHER, 'tooldex-guard'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
  });
  watcher.on('error', () => undefined);
  watcher.stdin.on('error', () => undefined);
  watcher.unref();
  if ('unref' in watcher.stdin && typeof watcher.stdin.unref === 'function') watcher.stdin.unref();
  return watcher;
}
