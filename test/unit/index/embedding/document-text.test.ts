import { describe, expect, it } from 'vitest';
import { documentText, plainText } from '../../../../index/embedding/document-text.ts';
import type { ToolDocument } from '../../../../index/tool-document.ts';

const document = (fields: Partial<ToolDocument>): ToolDocument => ({
  id: 'x',
  server: '',
  serverDescription: '',
  name: '',
  description: '',
  parameters: [],
  ...fields,
});

describe('text of a tool', () => {
  it('opens names, keeps the order and leaves out what is empty', () => {
    const parameters = [
      { name: 'issueTitle', description: 'not read' },
      { name: 'repo.owner', description: '' },
    ];
    expect(
      documentText(
        document({ name: 'getHTTPPage_v2', server: 'my-GitHub.server', description: ' Reads\n a  page. ', parameters }),
      ),
    ).toBe('get HTTP Page v2 . my GitHub server . Reads a page. . issue Title, repo owner');
    expect(documentText(document({ name: 'x', serverDescription: 'Y' }))).toBe('x . Y');
    expect(documentText(document({ name: '__' }))).toBe('');
  });

  it('bounds what one tool can say', () => {
    const words = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`).join(' ');
    const parameters = Array.from({ length: 40 }, (_, i) => ({ name: `p${i}`, description: '' }));
    const text = documentText(document({ description: words(500), parameters, serverDescription: words(500) }));
    const [description, names, server] = text.split(' . ');
    expect(description?.split(' ')).toHaveLength(80);
    expect(names?.split(', ')).toHaveLength(16);
    expect(server?.split(' ')).toHaveLength(24);
  });
});

describe('plain text', () => {
  it('squeezes, cuts and repairs', () => {
    expect(plainText(' a \n\t b ', 10)).toBe('a b');
    expect(plainText('x'.repeat(1_000_000), 10)).toBe('xxxxxxxxxx');
    expect(plainText('ab😀', 3)).toBe('ab\uFFFD');
    expect(plainText('', 10)).toBe('');
  });
});
