/** Questions that only some clients can be asked, between both eras: pages to be visited, and samples with tools. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { openTestGateway } from '../gateway/open-gateway.ts';
import {
  askModern,
  CONFORMS,
  CONFORMS_MODERN,
  type RelayClient,
  resultOf,
  type Stream,
  serveRelay,
} from './relay-gateway.ts';

const BROWSES: JsonObject = { elicitation: { url: {} } };
const USES_TOOLS: JsonObject = { sampling: { tools: {} } };
const VISITED: JsonObject = { action: 'accept' };
const USED: JsonObject = {
  role: 'assistant',
  model: 'm',
  stopReason: 'toolUse',
  content: [
    { type: 'text', text: 'Let me see' },
    { type: 'tool_use', id: 'u1', name: 'weather', input: { city: 'Paris' }, odd: { kept: 1e2 } },
  ],
};
const PAGE = { mode: 'url', message: 'Please log in', url: 'https://example.com/login?for=you' };
const TOOLED = {
  tools: [{ name: 'weather', inputSchema: { type: 'object', required: ['city'] } }],
  toolChoice: { mode: 'required' },
};
const COMPLETE = 'notifications/elicitation/complete';

const call = (name: string): JsonObject => ({ name, arguments: {} });

async function begin(client: RelayClient, session: Record<string, string>, name: string): Promise<Stream> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: call(name) });
  return client.stream(session, { method: 'POST', body });
}

/** Calls as an older client that gives this answer; what it was asked, and all that it was told afterwards. */
async function askedOnce(client: RelayClient, { name, capabilities, answer }: Asked) {
  const session = await client.open(capabilities);
  const stream = await begin(client, session, name);
  const { message: question } = await stream.next();
  await client.post({ jsonrpc: '2.0', id: question.id ?? null, result: answer }, session);
  const told: JsonObject[] = [];
  while (told.at(-1)?.id !== 9) told.push((await stream.next()).message);
  return { question, told };
}

interface Asked {
  readonly name: string;
  readonly capabilities: JsonObject;
  readonly answer: JsonObject;
}

/** The same as a client of 2026-07-28. */
async function parkedOnce(client: RelayClient, { name, capabilities, answer }: Asked) {
  const asked = resultOf(await askModern(client, 'tools/call', { params: call(name), capabilities }));
  expect(asked).toMatchObject({ resultType: 'input_required' });
  const [[key, question] = ['', null]] = Object.entries(asked.inputRequests as JsonObject);
  const state: JsonObject = 'requestState' in asked ? { requestState: asked.requestState ?? null } : {};
  const params: JsonObject = { ...call(name), ...state, inputResponses: { [key]: answer } };
  const { messages } = await askModern(client, 'tools/call', { params, capabilities });
  return { question, told: messages };
}

const sampled = { name: 'test_sampling_tools', capabilities: USES_TOOLS, answer: USED };
const visit = { name: 'test_elicitation_url', capabilities: BROWSES, answer: VISITED };
const text = (said: string) => ({ result: { content: [{ type: 'text', text: said }] } });
/** What the fixture says of the answer that reached it. */
function saidOf(messages: readonly JsonObject[]): unknown {
  const { result } = messages.at(-1) ?? {};
  const [block] = (result as { content: { text: string }[] }).content;
  return JSON.parse(block?.text ?? '');
}

describe('a client of an older version', () => {
  it('is sent to a page by a server of its era, and told that the page was visited', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const { question, told } = await askedOnce(client('s'), visit);
    expect(question).toMatchObject({ method: 'elicitation/create', params: { ...PAGE, elicitationId: 'page-1' } });
    expect(told).toMatchObject([{ method: COMPLETE, params: { elicitationId: 'page-1' } }, text('accept null')]);
  });

  it('is sent to a page by a server of 2026-07-28, under an id that older versions want', async () => {
    const { client } = await serveRelay({ s: CONFORMS_MODERN });
    const { question, told } = await askedOnce(client('s'), visit);
    expect(question).toMatchObject({ params: { ...PAGE, elicitationId: expect.stringMatching(/./) } });
    expect(told).toMatchObject([text('accept null')]);
  });

  it('gets the refusal that names pages as it came, and hears of the visit after the call', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const session = await c.open(BROWSES);
    const stream = await c.stream(session);
    const { text: refused } = await c.request('tools/call', call('test_elicitation_url_required'), session);
    expect(JSON.parse(refused)).toEqual({
      jsonrpc: '2.0',
      id: expect.any(Number),
      error: {
        code: -32042,
        message: 'Log in first',
        data: { elicitations: [{ ...PAGE, elicitationId: 'page-2' }] },
      },
    });
    await c.request('tools/call', call('test_url_visited'), session);
    expect((await stream.next()).message).toEqual({
      jsonrpc: '2.0',
      method: COMPLETE,
      params: { elicitationId: 'page-2' },
    });
    const again = await c.request('tools/call', call('test_elicitation_url_required'), session);
    expect(again.messages).toMatchObject([text('logged in')]);
  });

  it.each([
    ['an older version', CONFORMS],
    ['2026-07-28', CONFORMS_MODERN],
  ])('samples with the tools of a server of %s, to the last member', async (_era, server) => {
    const { client } = await serveRelay({ s: server });
    const { question, told } = await askedOnce(client('s'), sampled);
    expect(question).toMatchObject({ method: 'sampling/createMessage', params: TOOLED });
    expect(saidOf(told)).toEqual({ it: USED });
  });
});

describe('a client of 2026-07-28', () => {
  it.each([
    ['an older version', CONFORMS],
    ['2026-07-28', CONFORMS_MODERN],
  ])('is sent to a page by a server of %s, and told nothing that it does not know', async (_era, server) => {
    const { client } = await serveRelay({ s: server });
    const { question, told } = await parkedOnce(client('s'), visit);
    expect(question).toMatchObject({ method: 'elicitation/create', params: PAGE });
    expect(told).toMatchObject([text('accept null')]);
  });

  it.each([
    ['an older version', CONFORMS],
    ['2026-07-28', CONFORMS_MODERN],
  ])('samples with the tools of a server of %s, to the last member', async (_era, server) => {
    const { client } = await serveRelay({ s: server });
    const { question, told } = await parkedOnce(client('s'), sampled);
    expect(question).toMatchObject({ method: 'sampling/createMessage', params: TOOLED });
    expect(saidOf(told)).toEqual({ it: USED });
  });

  it('is asked to visit the pages that an older server names in a refusal', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const asked = { name: 'test_elicitation_url_required', capabilities: BROWSES, answer: VISITED };
    const { question, told } = await parkedOnce(client('s'), asked);
    expect(question).toMatchObject({ method: 'elicitation/create', params: PAGE });
    expect(told).toMatchObject([text('logged in')]);
  });

  it('gets the refusal itself when it visits no pages, or did not visit this one', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const params = call('test_elicitation_url_required');
    const refused = { error: { code: -32042, data: { elicitations: [PAGE] } } };
    const form = await askModern(c, 'tools/call', { params, capabilities: { elicitation: { form: {} } } });
    expect(form.messages).toMatchObject([refused]);
    const declined = { ...params, inputResponses: { 'page-2': { action: 'decline' } } };
    const answer = await askModern(c, 'tools/call', { params: declined, capabilities: BROWSES });
    expect(answer.messages).toMatchObject([refused]);
  });
});

describe('a client that has not declared it', () => {
  it.each<{ what: string; name: string; capabilities: JsonObject; code: number }>([
    { what: 'to visit pages', name: 'test_elicitation_url', capabilities: { elicitation: {} }, code: -32602 },
    { what: 'to fill in forms', name: 'test_elicitation', capabilities: { elicitation: { url: {} } }, code: -32602 },
    { what: 'anything of its user', name: 'test_elicitation', capabilities: { sampling: {} }, code: -32601 },
    { what: 'to sample with tools', name: 'test_sampling_tools', capabilities: { sampling: {} }, code: -32602 },
    { what: 'to sample', name: 'test_sampling', capabilities: { elicitation: {} }, code: -32601 },
  ])('is not asked $what; the server is refused', async ({ name, capabilities, code }) => {
    const { client } = await serveRelay({ old: CONFORMS, new: CONFORMS_MODERN });
    for (const server of ['old', 'new']) {
      const session = await client(server).open(capabilities);
      const { messages } = await client(server).request('tools/call', call(name), session);
      expect(messages, server).toMatchObject([{ error: { code } }]);
    }
    const parked = await askModern(client('old'), 'tools/call', { params: call(name), capabilities });
    expect(parked.messages).toMatchObject([{ error: { code } }]);
  });
});

describe('use_tool', () => {
  it('tells the agent which page its user has to visit', async () => {
    const { call: meta } = await openTestGateway({ s: CONFORMS });
    const asked = { server: 's', tool: 'test_elicitation_url_required', params: {} };
    const refused = await meta('use_tool', asked);
    expect(refused.isError).toBe(true);
    expect(refused.text).toBe(
      'UPSTREAM_ERROR: s:test_elicitation_url_required: Server "s" answered tools/call with an error (-32042): Log in first\n' +
        'hint: ask the user to open https://example.com/login?for=you ("Please log in") in a browser, and call again when that is done',
    );
    expect(await meta('use_tool', asked)).toMatchObject({ text: 'logged in', isError: false });
  });
});
