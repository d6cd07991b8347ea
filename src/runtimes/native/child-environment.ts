/** What of the gateway's environment a server gets to see: a short list without secrets, and what its own entry sets. */
import { WITHIN_VARIABLE } from '../../config/nesting.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const POSIX = ['HOME', 'PATH', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR', 'USER', 'LOGNAME', 'SHELL', 'TERM'];
const WINDOWS = [
  ...['APPDATA', 'COMSPEC', 'HOMEDRIVE', 'HOMEPATH', 'LOCALAPPDATA', 'PATH', 'PATHEXT', 'PROCESSOR_ARCHITECTURE'],
  ...['PROGRAMFILES', 'SYSTEMDRIVE', 'SYSTEMROOT', 'TEMP', 'TMP', 'USERNAME', 'USERPROFILE', 'WINDIR'],
];
/** Where certificates of a private authority are; without them nothing behind a corporate proxy works. */
const CERTIFICATES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE'];
/** Which gateways it runs within, for a server that is one. */
const OWN = [WITHIN_VARIABLE];
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'];
/** Settings of npm, pip and uv, for the installers only: an index, a cache, a token of a private registry. */
const INSTALLER = /^(npm_config_|pip_|uv_|npm_token$|node_auth_token$|ssh_auth_sock$|xdg_)/i;

/** The environment of a server: the allow-list, then `own`, which wins. Proxy URLs pass only if they hold no password. */
export function childEnvironment(gateway: Environment, own: Environment = {}): Record<string, string> {
  return { ...select(gateway, isForServers), ...select(own, () => true) };
}

/** The environment of npm, pip and uv: as for servers, and what configures those tools. */
export function installerEnvironment(gateway: Environment): Record<string, string> {
  return select(gateway, (name, value) => isForServers(name, value) || isProxy(name) || INSTALLER.test(name));
}

function select(from: Environment, allows: (name: string, value: string) => boolean): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) {
    if (value !== undefined && allows(name, value)) chosen[name] = value;
  }
  return chosen;
}

function isForServers(name: string, value: string): boolean {
  const listed = process.platform === 'win32' ? WINDOWS.includes(name.toUpperCase()) : POSIX.includes(name);
  return (
    listed ||
    name.startsWith('LC_') ||
    CERTIFICATES.includes(name) ||
    OWN.includes(name) ||
    (isProxy(name) && !value.includes('@'))
  );
}

const isProxy = (name: string) => PROXIES.includes(name.toUpperCase());
