/** A Python package index on this machine whose versions can be published while a test runs, and the installers to use it with. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempDir } from './temp-dir.ts';

export interface Wheel {
  readonly name: string;
  readonly version: string;
  /** A module with a function `main`, which the program called like the package runs. */
  readonly source: string;
  readonly requires?: readonly string[];
  /** Further programs, which do the same. */
  readonly programs?: readonly string[];
}

/** A wheel is a zip with a few notes in it; the standard library of Python writes it without any tool of packaging. */
const WRITE_WHEEL = `
import json, sys, zipfile
out, wheel = sys.argv[1], json.loads(sys.argv[2])
module = wheel["name"].replace("-", "_")
info = f"{module}-{wheel['version']}.dist-info/"
requires = "".join(f"Requires-Dist: {each}\\n" for each in wheel.get("requires", []))
programs = [wheel["name"], *wheel.get("programs", [])]
files = {
    module + ".py": wheel["source"],
    info + "METADATA": f"Metadata-Version: 2.1\\nName: {wheel['name']}\\nVersion: {wheel['version']}\\n{requires}",
    info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    info + "entry_points.txt": "[console_scripts]\\n" + "".join(f"{each} = {module}:main\\n" for each in programs),
}
with zipfile.ZipFile(out, "w") as zip:
    for name, text in files.items(): zip.writestr(name, text)
    zip.writestr(info + "RECORD", "".join(f"{name},,\\n" for name in [*files, info + "RECORD"]))
`;

/** Writes a wheel into a temporary folder; answers its path. */
export function writeWheel(wheel: Wheel): string {
  const file = join(tempDir('wheel'), `${wheel.name.replaceAll('-', '_')}-${wheel.version}-py3-none-any.whl`);
  execFileSync('python3', ['-c', WRITE_WHEEL, file, JSON.stringify(wheel)]);
  return file;
}

/** Writes sources from which that wheel is built, by a build system of their own; answers their folder. */
export function writePythonProject(wheel: Wheel): string {
  const folder = tempDir('project');
  const file = `${wheel.name.replaceAll('-', '_')}-${wheel.version}-py3-none-any.whl`;
  const build = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n';
  writeFileSync(join(folder, 'pyproject.toml'), build);
  writeFileSync(join(folder, 'write_wheel.py'), WRITE_WHEEL);
  writeFileSync(
    join(folder, 'backend.py'),
    `import os, subprocess, sys
def build_wheel(folder, config_settings=None, metadata_directory=None):
    file = ${JSON.stringify(file)}
    subprocess.run([sys.executable, "write_wheel.py", os.path.join(folder, file), ${JSON.stringify(JSON.stringify(wheel))}], check=True)
    return file
`,
  );
  return folder;
}

export interface PythonIndex {
  readonly url: string;
  /** Answers the SHA-256 of its file. */
  publish(wheel: Wheel): string;
  /** From now on every file is another one each time that it is fetched, and the index names no hashes. */
  tamper(): void;
  close(): void;
}

/** Closed when the running test ends, if not before. */
export async function pythonIndex(): Promise<PythonIndex> {
  const wheels = new Map<string, Buffer>();
  let isTampering = false;
  let fetched = 0;
  const server = createServer((request, response) => {
    response.setHeader('cache-control', 'no-store');
    const path = decodeURIComponent(request.url ?? '');
    const wheel = wheels.get(/^\/files\/([^/]+)$/.exec(path)?.[1] ?? '');
    // A zip may be followed by anything.
    if (wheel) return void response.end(isTampering ? Buffer.concat([wheel, Buffer.alloc(++fetched)]) : wheel);
    const name = /^\/simple\/([^/]+)\/?$/.exec(path)?.[1]?.replaceAll('-', '_');
    const files = [...wheels].filter(([file]) => file.startsWith(`${name}-`));
    response.statusCode = files.length > 0 ? 200 : 404;
    response.setHeader('content-type', 'text/html');
    const fragment = (data: Buffer) => (isTampering ? '' : `#sha256=${sha256(data)}`);
    const links = files.map(([file, data]) => `<a href="/files/${file}${fragment(data)}">${file}</a>`);
    response.end(`<!DOCTYPE html><html><body>${links.join('<br>')}</body></html>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    publish(wheel) {
      const file = writeWheel(wheel);
      const data = readFileSync(file);
      wheels.set(file.slice(file.lastIndexOf('/') + 1), data);
      return sha256(data);
    },
    tamper() {
      isTampering = true;
    },
    close,
  };
}

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

/** The installers of this machine; prints which are missing. pip needs a Python that can make environments, uv itself. */
export function pythonInstallers(): ('pip' | 'uv')[] {
  const works = (command: string, ...args: string[]) => {
    try {
      return execFileSync(command, args, { encoding: 'utf8' }) !== '';
    } catch {
      process.stderr.write(`skipped: ${command} ${args.join(' ')} does not work here\n`);
      return false;
    }
  };
  if (!works('python3', '-c', 'import venv, ensurepip; print(1)')) return [];
  return works('uv', '--version') ? ['pip', 'uv'] : ['pip'];
}

/** An environment in which Tooldex takes this installer, which knows no cache and no other index than `index`. */
export function withInstaller(installer: 'pip' | 'uv', index: string): Record<string, string> {
  const folder = tempDir('path');
  const where = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8' }).trim();
  // What is on the PATH may be a shim that looks for itself there.
  symlinkSync(where('python3', '-c', 'import sys; print(sys.executable)'), join(folder, 'python3'));
  if (installer === 'uv') symlinkSync(where('sh', '-c', 'command -v uv'), join(folder, 'uv'));
  const cache = tempDir('cache');
  const indexes = { PIP_INDEX_URL: index, UV_DEFAULT_INDEX: index, PIP_CACHE_DIR: cache, UV_CACHE_DIR: cache };
  return { ...indexes, HOME: cache, PATH: [folder, '/usr/bin', '/bin'].join(delimiter) };
}

/** A server over standard input with these tools, for `source` of a wheel. */
export function pythonServer(tools: readonly object[]): string {
  return `
import json, sys
TOOLS = json.loads(${JSON.stringify(JSON.stringify(tools))})
def answer(method, params):
    if method == "initialize":
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "py", "version": "1"}}
    return {"tools": TOOLS} if method == "tools/list" else None
def main():
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message: continue
        result = answer(message["method"], message.get("params"))
        outcome = {"error": {"code": -32601, "message": "unknown"}} if result is None else {"result": result}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **outcome}), flush=True)
`;
}
