import { describe, expect, it } from 'vitest';
import { readPipReport, readUvRequirements } from '../../../src/runtimes/packages/python-lock.ts';

describe('a lock of Python packages', () => {
  it('has what uv chose: continued lines are one, and what has no hash is apart', () => {
    const text = '# by uv\nidna==3.20 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\r\n\n/srv/project\n';
    expect(readUvRequirements(text)).toEqual({
      hashed: ['idna==3.20 --hash=sha256:aa --hash=sha256:bb'],
      sources: ['/srv/project'],
    });
  });

  it('has what pip chose: from an index by version, from elsewhere by address, from a repository by commit', () => {
    const choice = (name: string, from: object, isDirect = true) => ({
      is_direct: isDirect,
      metadata: { name, version: '1.0' },
      download_info: { url: 'https://example.org/x', ...from },
    });
    const install = [
      choice('idna', { archive_info: { hashes: { sha256: 'aa' } } }, false),
      choice('wheel', { archive_info: { hash: 'sha256=bb' } }),
      choice('repo', { vcs_info: { vcs: 'git', commit_id: 'c0ffee' }, subdirectory: 'src' }),
      choice('folder', { url: 'file:///srv/project', dir_info: {} }),
    ];
    expect(readPipReport({ install })).toEqual({
      hashed: ['idna==1.0 --hash=sha256:aa', 'wheel @ https://example.org/x --hash=sha256:bb'],
      sources: ['repo @ git+https://example.org/x@c0ffee#subdirectory=src', 'folder @ file:///srv/project'],
    });
  });
});
