/** No image can be built without a registry, so Dockerfile, compose file and unit are held to what the repository has. */
import { existsSync, readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/load-config.ts';

interface Service {
  readonly image?: string;
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[] | Readonly<Record<string, { ipv4_address: string }>>;
  readonly cap_drop?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const compose = parse(readFileSync('docker-compose.yml', 'utf8')) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, { readonly ipam: { readonly config: readonly { ip_range: string }[] } }>>;
};
const services = Object.entries(compose.services);

function addressOf(service: string): string {
  const networks = compose.services[service]?.networks as Readonly<Record<string, { ipv4_address: string }>>;
  return networks.inside?.ipv4_address ?? '';
}

describe('docker-compose.yml', () => {
  it('starts the gateway alone unless a profile is asked for', () => {
    const unasked = services.filter(([, { profiles }]) => !profiles).map(([name]) => name);
    expect(unasked).toEqual(['gateway']);
    expect(new Set(services.flatMap(([, { profiles = [] }]) => profiles))).toEqual(new Set(['chroma', 'edge']));
  });

  it('publishes on loopback only, and gives nobody the socket of the engine', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(readFileSync('docker-compose.yml', 'utf8')).not.toContain('docker.sock');
  });

  it.each(services)('%s mounts what is there, in networks that are declared, from an exact image', (_, service) => {
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      expect(source.startsWith('./') ? existsSync(source) : source in compose.volumes, source).toBe(true);
    }
    const networks = Array.isArray(service.networks) ? service.networks : Object.keys(service.networks ?? {});
    for (const network of networks) expect(compose.networks).toHaveProperty(network);
    expect(service.image).toMatch(/:[\w.-]+$/);
    expect(service.image).not.toMatch(/:latest$/);
  });

  it('mounts a configuration that loads, that asks for keys, and that trusts Caddy and the tunnel and nobody else', async () => {
    const config = await loadConfig({
      file: 'config/container/tooldex.yaml',
      env: { HOME: '/home/node', TOOLDEX_PUBLIC_URL: 'https://tools.example.com' },
    });
    expect(config.warnings).toEqual([]);
    expect(config.access.auth?.apiKeys).toBe(true);
    expect(config.servers.size).toBeGreaterThan(0);
    expect(config.access.trustedProxies).toEqual([addressOf('caddy'), addressOf('cloudflared')]);
    expect(compose.services.gateway?.environment).toHaveProperty('TOOLDEX_PUBLIC_URL');
  });
});

it('gives addresses that are believed to nobody else', () => {
  const [range] = compose.networks.inside?.ipam.config ?? [];
  const free = new BlockList();
  const [address = '', prefix] = range?.ip_range.split('/') ?? [];
  free.addSubnet(address, Number(prefix));
  expect(free.check('172.30.80.200')).toBe(true);
  for (const service of ['caddy', 'cloudflared']) expect(free.check(addressOf(service)), service).toBe(false);
});

describe('Dockerfile', () => {
  const lines = readFileSync('Dockerfile', 'utf8').replaceAll(/\\\n/g, ' ').split('\n');
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
  const instruction = (name: string) => last.filter((line) => line.startsWith(`${name} `));

  it('has several stages, all of exact images', () => {
    const bases = lines.filter((line) => line.startsWith('FROM '));
    expect(bases.length).toBeGreaterThan(1);
    for (const base of bases) expect(base).toMatch(/^FROM \S+:\d\S*( AS \w+)?$/);
  });

  it('runs as a user without rights, and says how it is', () => {
    expect(instruction('USER')).toEqual(['USER node']);
    expect(last.indexOf('USER node')).toBeGreaterThan(last.findLastIndex((line) => line.startsWith('RUN ')));
    expect(instruction('HEALTHCHECK')).toHaveLength(1);
    expect(instruction('HEALTHCHECK')[0]).toContain('/healthz');
  });

  it('copies what is in the repository and not kept out of the build', () => {
    const ignored = readFileSync('.dockerignore', 'utf8').trim().split('\n');
    const copied = instruction('COPY').filter((line) => !line.includes('--from='));
    for (const line of copied) {
      const source = line.split(/\s+/)[1] ?? '';
      expect(existsSync(source), source).toBe(true);
      expect(ignored).not.toContain(source.split('/')[0]);
    }
    for (const needed of ['src', 'index', 'scripts', 'config', 'LICENSE', 'README.md', 'package-lock.json'])
      expect(ignored).not.toContain(needed);
  });
});

it('the systemd unit ends the gateway as it wants to be ended', () => {
  const unit = readFileSync('config/tooldex.service', 'utf8');
  expect(unit).toContain('ExecReload=/bin/kill -HUP $MAINPID');
  expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1])).toBeGreaterThan(15);
  expect(unit).toContain('RestartPreventExitStatus=78');
  expect(unit).toMatch(/^User=(?!root)/m);
});
