/** The configuration as the rest of Tooldex gets it: defaults filled in, units converted, paths absolute, references expanded. */
import type { CatalogConfig } from './catalog-config.ts';
import type { ProfileConfig } from './profile-config.ts';
import type { RemoteAccessConfig } from './remote-config.ts';
import type { AddingRight } from './rules-schema.ts';
import type { MissingInput } from './server-json-inputs.ts';
import type { GivenNames, ToolFilter } from './tools-config.ts';

export interface Config {
  /** The file, and the absolute patterns of those that it includes. */
  readonly source: { readonly file: string; readonly include: readonly string[] };
  readonly listen: { readonly host: string; readonly port: number };
  readonly access: AccessConfig;
  readonly limits: LimitsConfig;
  readonly bounds: DoorBounds;
  /** Everything durable: catalog, index, installed servers. Absolute. */
  readonly dataDir: string;
  /** Folder above every server's `workspace`. Absolute; not necessarily there yet. */
  readonly workspaceRoot: string;
  /** Where a `command` that is a relative path is looked up. Absolute. */
  readonly toolsRoot: string;
  readonly search: SearchConfig;
  /** Undefined: no line is written. */
  readonly audit: AuditConfig | undefined;
  readonly metrics: boolean;
  readonly log: LogConfig;
  /** What agents may add; `approval`: what a caller brings is kept until an admin has said yes. */
  readonly addServers: AddingRight;
  /** Servers that agents may add by name besides those of the file; undefined: none. */
  readonly catalog: CatalogConfig | undefined;
  /** Instances at the same time, of all servers and callers. */
  readonly maxInstances: number;
  readonly maxStarts: number;
  /** Secret that logins at remote servers are encrypted with; undefined means a key file. */
  readonly tokenSecret: string | undefined;
  /** As the file has them under `defaults`, for servers that come later. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** By name, in the order of the file; disabled ones too. */
  readonly servers: ReadonlyMap<string, ServerConfig>;
  /** Virtual servers by name, in the order of the file; never the name of a server. */
  readonly profiles: ReadonlyMap<string, ProfileConfig>;
  /** What is allowed but probably not meant; each names its server and key. */
  readonly warnings: readonly string[];
  /** Replaces every secret value of this configuration in `text` by `***`. */
  readonly redact: (text: string) => string;
}

/** So many in so long; all of them may come at once. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/** Of each principal, and of each address. Undefined is no limit. */
export interface LimitsConfig {
  readonly rate: Rate | undefined;
  readonly concurrency: number | undefined;
  readonly failedLogins: Rate;
}

/** What the HTTP door takes from anybody. */
export interface DoorBounds {
  readonly bodyBytesMax: number;
  /** Until a request has arrived, not until it is answered. */
  readonly requestTimeoutMs: number;
  /** After which a client that neither listens nor asks is taken to be gone. */
  readonly sessionTimeoutMs: number;
}

/** Who may reach the HTTP door, and under which names. */
export interface AccessConfig {
  /** What clients call the gateway; without a path. */
  readonly publicUrl: URL | undefined;
  /** Further names in Host, in lower case and without ports. */
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Addresses and networks whose forwarded headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Undefined: nobody is asked, so only this machine may come in. */
  readonly auth: AuthConfig | undefined;
  /** Undefined: whoever may come in sees everything. */
  readonly rules: AccessRules | undefined;
}

export interface AccessRules {
  /** Patterns of principals, by group. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly rules: readonly AccessRule[];
}

/** All patterns are globs; those of tools may begin with a server and a colon. */
export interface AccessRule {
  /** Principals, `group:<name>` or `*`. */
  readonly for: readonly string[];
  readonly servers: readonly string[] | undefined;
  readonly tools: readonly string[] | undefined;
  readonly deny: readonly string[];
  readonly profiles: readonly string[];
  readonly admin: boolean;
  readonly add: AddingRight | undefined;
}

export interface AuthConfig {
  readonly apiKeys: boolean;
  readonly jwt: readonly JwtConfig[];
  readonly cloudflareAccess: { readonly teamDomain: string; readonly audiences: readonly string[] } | undefined;
}

export interface JwtConfig {
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Undefined: the issuer's discovery document says it. */
  readonly jwksUrl: string | undefined;
  readonly groupsClaim: string;
  readonly skewMs: number;
}

export interface LogConfig {
  readonly format: 'text' | 'json';
  /** Undefined: as the command thinks best. */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | undefined;
}

export interface AuditConfig {
  /** Absolute. */
  readonly file: string;
  readonly fileBytesMax: number;
  /** Renamed files besides the one that is written. */
  readonly keep: number;
  readonly params: boolean;
}

export interface SearchConfig {
  /** Hits of a search that asks for no number. */
  readonly limit: number;
  /** Length of an answer to a search that asks for none. */
  readonly tokensMax: number;
  readonly embedder: EmbedderConfig;
  readonly store: StoreConfig;
}

export type EmbedderConfig =
  /** Our two models: the static one at first, the encoder when it has read all tools. */
  | {
      readonly kind: 'builtin';
      /** Among more tools than these the encoder is not used; 0 is never. */
      readonly encoderMaxTools: number;
    }
  | { readonly kind: 'static' }
  | {
      readonly kind: 'transformers';
      /** Absolute folder or id on the hub; undefined is the model that Tooldex ships. */
      readonly model: string | undefined;
      readonly revision?: string | undefined;
      readonly dtype?: string | undefined;
      readonly offline: boolean;
      readonly hub?: string | undefined;
      readonly hubToken: string | undefined;
    }
  | {
      readonly kind: 'openai';
      readonly url: string;
      readonly model: string;
      readonly apiKey: string | undefined;
      readonly dimensions?: number | undefined;
      readonly headers: Readonly<Record<string, string>>;
    };

export type StoreConfig =
  | { readonly kind: 'embedded' }
  | {
      readonly kind: 'chroma';
      /** Undefined: Tooldex runs one itself. */
      readonly url: string | undefined;
      readonly tenant: string | undefined;
      readonly database: string | undefined;
      readonly apiKey: string | undefined;
      readonly headers: Readonly<Record<string, string>>;
      readonly collectionPrefix: string;
    };

export type ServerConfig = NativeServerConfig | ContainerServerConfig | RemoteServerConfig;

/** launcher: an instance for each call. daemon: one instance, kept until it was idle for `idleTimeoutMs`. */
export type ServerMode = 'launcher' | 'daemon';

/** Who shares an instance: all calls of a principal, of everybody, or of one client session. */
export type ServerScope = 'principal' | 'shared' | 'session';

interface CommonServerConfig {
  /** Letters, digits, `-`, `_` and `.`; never a colon. */
  readonly name: string;
  readonly description: string | undefined;
  /** For people to see; whatever chooses by them is resolved already. */
  readonly tags: readonly string[];
  /** A disabled server is known, but neither indexed, found nor started; its references are not expanded. */
  readonly enabled: boolean;
  /** What has to be given before it can run; absent where nothing is missing. */
  readonly missing?: readonly MissingInput[];
  readonly mode: ServerMode;
  /** Whether tools that change wait for an admin's approval. */
  readonly changes: 'allow' | 'quarantine';
  readonly scope: ServerScope;
  readonly idleTimeoutMs: number;
  /** From launch to initialized, installing not counted. */
  readonly startTimeoutMs: number;
  /** A call that is silent for so long, without even progress, is given up. */
  readonly callTimeoutMs: number;
  /** The longest a call may take, whatever progress it reports. */
  readonly callTotalTimeoutMs: number;
  /** Calls of an instance at the same time; more of them wait. */
  readonly concurrency: number;
  /** How many calls may wait; one more is refused. */
  readonly queueMax: number;
  /** Daemons for the same callers: kept up, and at most. `max` is at least 1 and at least `min`. */
  readonly pool: { readonly min: number; readonly max: number };
  /** Calls to the server, and to each of its tools, of all callers together. Undefined is no limit. */
  readonly rate: Rate | undefined;
  readonly toolRate: Rate | undefined;
  /** Longest result as JSON that reaches the agent in one piece. */
  readonly resultBytesMax: number;
  readonly tools: ToolFilter & GivenNames;
  /** The server's own folder, absolute; whoever starts it makes it. Containers see it at the same path. */
  readonly workspaceDir: string | undefined;
  /** Whether each principal has a folder of its own in it. */
  readonly workspacePer: 'server' | 'principal';
  /** Names or globs of arguments that are paths besides those that schemas show to be; with `!` in front, of such that are none. */
  readonly pathRules: readonly string[];
}

export interface NativeServerConfig extends CommonServerConfig {
  readonly runtime: 'native';
  /** A bare name to be found on PATH (`npx` and `uvx` among them), or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
  readonly processLimits: ProcessLimits;
  readonly sandbox: 'none' | 'bubblewrap';
  /** `name` or `uid`, each with `:group` or not; undefined is the gateway's own user. */
  readonly user: string | undefined;
  /** Whether npm packages may run scripts of their own while they are installed. */
  readonly installScripts: boolean;
}

/** Bounds of each process of a native server, but for `processes`, which counts those of the whole user. */
export interface ProcessLimits {
  readonly memoryBytes?: number;
  readonly processes?: number;
  readonly files?: number;
  readonly cpuSeconds?: number;
}

/** What endangers the machine and is refused unless the entry names it. */
export type Danger = 'privileged' | 'host_network' | 'engine_socket' | 'host_paths';

export interface ContainerServerConfig extends CommonServerConfig {
  readonly runtime: 'container';
  readonly image: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `none`, `bridge` or the name of an existing network. */
  readonly network: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly pidsMax: number;
  /** `uid`, `uid:gid` or names the image knows; undefined leaves it to the image. */
  readonly user: string | undefined;
  /** The workspace is among them. */
  readonly mounts: readonly Mount[];
  /** Where what is mounted has to be, unless `host_paths` are allowed. */
  readonly workspaceRoot: string;
  /** Undefined leaves it to the engine. */
  readonly runtimeClass: string | undefined;
  readonly isPrivileged: boolean;
  readonly allowDangerous: readonly Danger[];
  readonly registryAuth: { readonly username: string; readonly password: string } | undefined;
}

/** A folder or file of this machine in a container; both paths absolute. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface RemoteServerConfig extends CommonServerConfig, RemoteAccessConfig {
  readonly runtime: 'remote';
  readonly url: URL;
  readonly transport: 'auto' | 'streamable-http' | 'sse';
  readonly headers: Readonly<Record<string, string>>;
}
