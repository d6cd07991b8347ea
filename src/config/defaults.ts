/** What holds where the file says nothing: one table for the code, the schema and the documentation. */

export const DEFAULTS = {
  host: '127.0.0.1',
  port: 8080,
  searchLimit: 5,
  /** About 1 % of a small context window, and room for two or three full schemas. */
  searchTokensMax: 1000,
  collectionPrefix: 'tooldex',
  /** The encoder reads so many within a minute of one core. */
  encoderMaxTools: 8_000,
  /** A config of an agent's own is code execution, so somebody must have wanted that. */
  addServers: 'catalog',
  catalogRefresh: '1h',
  /** A small server takes 50 MB, so that this many fill the memory of a good machine. */
  maxInstances: 256,
  maxStarts: 4,
  auditSize: '50MB',
  auditKeep: 5,
  auditParams: true,
  /** They name servers and tools, so somebody must have wanted them. */
  metrics: false,
  logFormat: 'text',
  bodySize: '32MiB',
  sessionTimeout: '30m',
  requestTimeout: '60s',
  failedLogins: '60/min',
  groupsClaim: 'groups',
  clockSkew: '60s',
  mode: 'daemon',
  changes: 'allow',
  /** What one user's server remembers is no other's business. */
  scope: 'principal',
  idleTimeout: '5m',
  /** As long as MCP clients wait for one request. */
  startTimeout: '60s',
  connectTimeout: '10s',
  /** Longer than the 100 s at which proxies cut silent connections, so that the server's own answer comes first. */
  callTimeout: '3m',
  callTotalTimeout: '30m',
  concurrency: 16,
  /** A line as long as this is served within seconds by most servers, and takes little memory. */
  queue: 100,
  poolMin: 0,
  /** What common agents take of one result: 25,000 tokens. */
  resultSize: '100KB',
  network: 'none',
  memory: '512MiB',
  cpus: 1,
  pids: 128,
} as const;
