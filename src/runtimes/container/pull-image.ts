/** Makes sure that an image is there, with what a reader wants to know while it comes and when it does not. */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { GatewayError } from '../../errors.ts';
import type { PrepareProgress } from '../runtime.ts';

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
}

export interface Pull {
  readonly docker: Docker;
  readonly server: string;
  /** With tag or digest. */
  readonly image: string;
  readonly auth: RegistryAuth | undefined;
  readonly report: PrepareProgress;
  /** Breaks it off; what was fetched so far stays with the engine. */
  readonly signal: AbortSignal;
}

export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

/** Throws INSTALL_FAILED: no such image, no access, registry out of reach, disk full. */
export async function pullImage({ docker, server, image, auth, report, signal }: Pull): Promise<void> {
  report(`pulling ${image}`);
  try {
    const stream = (await docker.pull(image, {
      abortSignal: signal,
      ...(auth ? { authconfig: { ...auth, serveraddress: hostOf(image) } } : {}),
    })) as Readable;
    const stop = () => stream.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await follow(stream, image, report);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : pullFailure(server, image, error);
  }
}

interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** Engines compare it with nothing; it is what credentials helpers would file them under. */
function hostOf(image: string): string {
  const [first = ''] = image.split('/');
  return image.includes('/') && /[.:]|^localhost$/.test(first) ? first : 'https://index.docker.io/v1/';
}

async function follow(stream: Readable, image: string, report: PrepareProgress): Promise<void> {
  const layers = new Map<string, PullEvent>();
  let said = '';
  for await (const event of jsonLines(stream)) {
    if (event.error) throw new Error(event.error);
    if (event.id && event.id !== image.split(':').at(-1)) layers.set(event.id, event);
    const message = describeLayers(image, layers);
    if (message !== said) report(message);
    said = message;
  }
}

async function* jsonLines(stream: Readable): AsyncGenerator<PullEvent> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as PullEvent;
  }
  if (rest.trim() !== '') yield JSON.parse(rest) as PullEvent;
}

function describeLayers(image: string, layers: ReadonlyMap<string, PullEvent>): string {
  const all = [...layers.values()];
  const ready = all.filter(({ status }) => status === 'Pull complete' || status === 'Already exists').length;
  const megabytes =
    all.reduce((sum, { status, progressDetail }) => {
      return sum + (status === 'Downloading' ? (progressDetail?.current ?? 0) : 0);
    }, 0) / 1e6;
  const loading = megabytes >= 1 ? `, ${Math.round(megabytes)} MB under way` : '';
  return all.length === 0 ? `pulling ${image}` : `pulling ${image}: ${ready} of ${all.length} layers${loading}`;
}

const CAUSES: ReadonlyArray<readonly [sign: RegExp, what: string, hint: string]> = [
  [
    /toomanyrequests|rate limit/i,
    'the registry allows no more pulls for now',
    'Wait, or give credentials of an account there ("registry_auth").',
  ],
  [
    /unauthorized|authentication required|no basic auth credentials|denied: /i,
    'the registry refuses access, or has no such image',
    'Check the name of the image, and give credentials ("registry_auth") if its registry is private.',
  ],
  [
    /manifest unknown|not found|pull access denied|does not exist|no such image/i,
    'there is no such image',
    'Check the name of the image and its tag.',
  ],
  [/no matching manifest/i, 'the image is not made for this machine', 'Ask for an image of this architecture.'],
  [/no space left/i, 'the disk of the engine is full', 'Make room (docker system prune).'],
  [
    /dial tcp|lookup |no such host|timeout|connection refused|network is unreachable|TLS handshake|EOF|proxyconnect|connection reset|deadline exceeded/i,
    'the registry cannot be reached',
    'Check the network and the proxy settings of the container engine, or load the image by hand (docker load).',
  ],
];

export function pullFailure(server: string, image: string, error: unknown): GatewayError {
  const said = error instanceof Error ? error.message : String(error);
  const [, what, hint] = CAUSES.find(([sign]) => sign.test(said)) ?? [
    undefined,
    'the engine could not pull it',
    `Try the same by hand: docker pull ${image}`,
  ];
  return new GatewayError('INSTALL_FAILED', `${server}: cannot get the image ${image}: ${what}\n  ${said}`, {
    hint,
    cause: error,
  });
}

/** The HTTP status of an error that the engine answered; undefined for one of the connection. */
export function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}
