import { beforeEach, describe, expect, it } from 'vitest';
import { createToolIndex } from '../../../index/create-tool-index.ts';
import { documentHash, type ToolDocument, toolDocument } from '../../../index/tool-document.ts';
import type { ToolIndex } from '../../../index/tool-index.ts';

function tool(server: string, name: string, [description, ...parameters]: [string, ...string[]]): ToolDocument {
  const properties = Object.fromEntries(parameters.map((parameter) => [parameter, { type: 'string' }]));
  return toolDocument({ id: `${server}:${name}`, server, name, description, inputSchema: { properties } });
}

const CATALOG = [
  tool('github', 'create_issue', ['Open a new issue in a repository.', 'owner', 'repo', 'title']),
  tool('github', 'list_pull_requests', ['List the pull requests of a repository.', 'owner', 'repo']),
  tool('files', 'read_file', ['Return the contents of a file on disk.', 'path']),
  tool('files', 'write_file', ['Replace the contents of a file on disk.', 'path', 'content']),
  tool('mail', 'sendMessage', ['Deliver an e-mail to a recipient.', 'recipient', 'subject']),
  tool('weather', 'forecast', ['Weather of the coming days for a city.', 'city']),
];

const search = async (index: ToolIndex, task: string, more: Partial<Parameters<ToolIndex['search']>[0]> = {}) =>
  (await index.search({ task, limit: 5, ...more })).hits.map((hit) => hit.id);

let index: ToolIndex;
beforeEach(async () => {
  index = createToolIndex();
  await index.upsert(CATALOG);
});

describe('searching', () => {
  it('finds tools by inflected words of their texts', async () => {
    expect((await search(index, 'opening issues in our repositories'))[0]).toBe('github:create_issue');
    expect((await search(index, 'what will the weather be in Lisbon'))[0]).toBe('weather:forecast');
  });

  it.each(['read_file', 'readFile', 'READ FILE', 'read-file', 'raed_file', 'read_fil', 'read_filee', 'reed_file'])(
    'puts the tool first whose name was typed as %s',
    async (spelling) => {
      expect((await search(index, spelling))[0]).toBe('files:read_file');
    },
  );

  it.each([
    'mcp__git-hub__create_issue',
    'git_hub_create_issue',
    'GitHubCreateIssue',
    'git-hub: create issue',
    'create_issue@git-hub',
    'create issue (Git Hub)',
    'git-hub/craete_issue',
    'git hub creat issue',
    'open a new one with git-hub.create_issue after that',
  ])('puts the tool of the right server first that was typed as %s', async (spelling) => {
    const namesakes = ['bitbucket', 'git-hub', 'gitea', 'hub', 'mcp'].map((server) =>
      tool(server, 'create_issue', ['Open a new issue in a repository.']),
    );
    await index.upsert([...namesakes, tool('git-hub', 'create_issues', ['Open many issues.'])]);
    expect((await search(index, spelling))[0]).toBe('git-hub:create_issue');
  });

  it('forgets the name of a server with its last tool', async () => {
    const twins = ['tracker', 'desk'].map((server) => tool(server, 'open', ['Begin something.']));
    await index.upsert(twins);
    expect((await index.search({ task: 'tracker__open', limit: 1 })).confidence).toBe(1);
    await index.remove(['tracker:open']);
    expect((await index.search({ task: 'tracker__open', limit: 1 })).confidence).toBeLessThan(1);
  });

  it('puts a tool first that is quoted inside prose', async () => {
    expect((await search(index, 'write the contents of the file to disk with mail:sendMessage'))[0]).toBe(
      'mail:sendMessage',
    );
  });

  it('lets key words weigh more without filtering', async () => {
    const task = 'contents of a file on disk';
    expect((await search(index, task, { keyWords: ['replace'] }))[0]).toBe('files:write_file');
    expect(await search(index, task, { keyWords: ['zebra'] })).toContain('files:read_file');
  });

  it('applies the filter before the cut-off and counts only what it lets through', async () => {
    const answer = await index.search({ task: 'file', limit: 1, allow: ({ server }) => server === 'github' });
    expect(answer.hits).toEqual([]);
    expect(answer).toMatchObject({ searched: 2, matched: 0, verdict: 'none' });
    expect(await search(index, 'repository', { limit: 1, allow: ({ id }) => id === 'github:create_issue' })).toEqual([
      'github:create_issue',
    ]);
  });

  it('answers alike whatever the order in which the documents came', async () => {
    const other = createToolIndex();
    await other.upsert([...CATALOG].reverse());
    for (const task of ['file', 'repository', 'the contents', 'create'])
      expect(await search(other, task)).toEqual(await search(index, task));
  });

  it.each([
    [Number.NaN, 0],
    [-1, 0],
    [0, 0],
    [1.5, 1],
    [1e9, 2],
    [Number.POSITIVE_INFINITY, 2],
  ])('shows what there is for a limit of %d', async (limit, count) => {
    expect(await search(index, 'repository', { limit })).toHaveLength(count);
  });

  it('finds a name without letters as it stands', async () => {
    await index.upsert(['🚀', '...', '查'].map((name) => tool('signs', name, [''])));
    expect(await search(index, '🚀')).toEqual(['signs:🚀']);
    expect(await search(index, ' ... ')).toEqual(['signs:...']);
    expect(await search(index, '!!!')).toEqual([]);
  });

  it('says none when no word is shared', async () => {
    expect(await index.search({ task: 'tango lessons', limit: 5 })).toMatchObject({ verdict: 'none', hits: [] });
  });
});

describe('upserting and removing', () => {
  it('reports what changed and leaves the rest alone', async () => {
    const changed = tool('files', 'read_file', ['Show a zebra.', 'path']);
    const added = tool('files', 'delete_file', ['Remove a file.', 'path']);
    expect(await index.upsert([...CATALOG.slice(0, 2), changed, added])).toEqual({
      added: 1,
      changed: 1,
      unchanged: 2,
    });
    expect(index.size).toBe(CATALOG.length + 1);
    expect(await search(index, 'zebra')).toEqual(['files:read_file']);
    expect(await search(index, 'return')).toEqual([]);
  });

  it('takes the last of documents with one id', async () => {
    const twice = [tool('x', 'y', ['apple']), tool('x', 'y', ['banana'])];
    expect(await index.upsert(twice)).toEqual({ added: 1, changed: 0, unchanged: 0 });
    expect(await search(index, 'apple')).toEqual([]);
    expect(await search(index, 'banana')).toEqual(['x:y']);
  });

  it('forgets removed documents and says how many there were', async () => {
    expect(await index.remove(['files:read_file', 'files:read_file', 'nobody:knows'])).toBe(1);
    expect(await search(index, 'read_file')).not.toContain('files:read_file');
    expect(index.size).toBe(CATALOG.length - 1);
  });

  it('equals a fresh index after many rounds of adding and removing', async () => {
    const churned = createToolIndex();
    const many = Array.from({ length: 900 }, (_, i) =>
      tool(`s${i % 30}`, `tool_${i}`, [`word${i % 50} thing ${i % 7}`]),
    );
    await churned.upsert(many);
    await search(churned, 'thing');
    for (let round = 0; round < 5; round++) {
      await churned.remove(many.slice(0, 700).map(({ id }) => id));
      await search(churned, 'thing');
      await churned.upsert(many.slice(0, 350));
      await search(churned, 'thing word7');
      await churned.upsert(many);
    }
    await churned.remove(many.slice(100, 800).map(({ id }) => id));
    const fresh = createToolIndex();
    await fresh.upsert([...many.slice(0, 100), ...many.slice(800)]);
    for (const task of ['thing', 'word3 thing 5', 'tool_850', 'word7'])
      expect(await churned.search({ task, limit: 20 })).toEqual(await fresh.search({ task, limit: 20 }));
  });
});

describe('documents', () => {
  it('hold nested parameters, and differ by hash when any text differs', () => {
    const inputSchema = {
      type: 'object',
      properties: {
        filter: { type: 'object', description: 'What to keep', properties: { author: { description: 'Login' } } },
        labels: { type: 'array', items: { anyOf: [{ properties: { colour: {} } }] } },
      },
    };
    const document = toolDocument({ id: 'a', server: 's', name: 'n', inputSchema });
    expect(document.parameters).toEqual([
      { name: 'filter', description: 'What to keep' },
      { name: 'labels', description: '' },
      { name: 'author', description: 'Login' },
      { name: 'colour', description: '' },
    ]);
    expect(documentHash(document)).toBe(documentHash({ ...document, id: 'b' }));
    expect(documentHash(document)).not.toBe(documentHash({ ...document, description: 'x' }));
    expect(documentHash(document)).not.toBe(documentHash({ ...document, parameters: [] }));
  });

  it('hold the parameters that a schema refers to, once however often it does', () => {
    const $defs = {
      Request: { properties: { recipient: { description: 'Who gets it' }, next: { $ref: '#/$defs/Request' } } },
      Part: { properties: { caption: {} } },
    };
    const properties = {
      request: { $ref: '#/$defs/Request' },
      again: { anyOf: [{ $ref: '#/$defs/Request' }, { $ref: '#/$defs/gone' }, { $ref: '#' }, { $ref: 7 }] },
      pair: { type: 'array', prefixItems: [{ $ref: '#/$defs/Part' }] },
    };
    const { parameters } = toolDocument({ id: 'a', server: 's', name: 'n', inputSchema: { properties, $defs } });
    expect(parameters.map(({ name }) => name).sort()).toEqual([
      'again',
      'caption',
      'next',
      'pair',
      'recipient',
      'request',
    ]);
    expect(parameters).toContainEqual({ name: 'recipient', description: 'Who gets it' });
  });

  it('survive schemas that are no schemas, and recursion without end', () => {
    for (const inputSchema of [null, 7, 'x', [], { properties: [] }, { properties: { a: null }, items: 3 }])
      expect(() => toolDocument({ id: 'a', server: 's', name: 'n', inputSchema })).not.toThrow();
    const loop: Record<string, unknown> = { properties: {} };
    loop.properties = { again: loop };
    expect(toolDocument({ id: 'a', server: 's', name: 'n', inputSchema: loop }).parameters.length).toBeLessThan(10);
  });
});
