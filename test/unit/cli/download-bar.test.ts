import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { downloadBar } from '../../../src/cli/download-bar.ts';
import type { Invocation } from '../../../src/cli/invocation.ts';

function show(isTTY: boolean): string {
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const invocation = { stderr } as unknown as Invocation;
  const bar = downloadBar(invocation);
  for (let loaded = 0; loaded <= 20_000_000; loaded += 1_000_000)
    bar({ file: 'model.onnx', loaded, total: 20_000_000 });
  return String(stderr.read());
}

describe('download bar', () => {
  it('is a line a quarter where nobody can see it move', () => {
    expect(show(false).trim().split('\n')).toEqual([
      'downloading model.onnx [....................] 0 % of 20.0 MB',
      'downloading model.onnx [#####...............] 25 % of 20.0 MB',
      'downloading model.onnx [##########..........] 50 % of 20.0 MB',
      'downloading model.onnx [###############.....] 75 % of 20.0 MB',
      'downloading model.onnx [####################] 100 % of 20.0 MB',
    ]);
  });

  it('grows in one line on a terminal', () => {
    const shown = show(true);
    expect(shown.match(/\n/g)).toHaveLength(1);
    expect(shown.endsWith('100 % of 20.0 MB\n')).toBe(true);
    expect(shown.split('\r')).toHaveLength(22);
  });
});
