import { describe, expect, it } from 'vitest';
import { readUseToolRequest } from '../../../src/meta-tools/use-tool-request.ts';

const read = { server: 'fs', tool: 'read', params: { path: 'a' } };

describe('use_tool request', () => {
  it.each<[string, Record<string, unknown>]>([
    ['the documented names', { mcp_server_name: 'fs', mcp_tool_name: 'read', params: { path: 'a' } }],
    ['params as JSON text', { mcp_server_name: 'fs', mcp_tool_name: 'read', params: '{"path":"a"}' }],
    ['the same twice over', { server: 'fs', tool: 'read', params: JSON.stringify('{"path":"a"}') }],
    ['camel case', { mcpServerName: 'fs', mcpToolName: 'read', arguments: { path: 'a' } }],
    ['short names', { server: 'fs', tool: 'read', args: { path: 'a' } }],
    ['arguments beside the names', { server: 'fs', tool: 'read', path: 'a' }],
    ['the whole call one level too deep', { params: { server: 'fs', tool: 'read', params: { path: 'a' } } }],
    ['the same as JSON text', { server: 'fs', params: '{"mcp_tool_name":"read","params":{"path":"a"}}' }],
    ['a doubled wrapper', { server: 'fs', tool: 'read', params: { params: { path: 'a' } } }],
  ])('takes %s (#48)', (_, given) => {
    expect(readUseToolRequest(given)).toEqual(read);
  });

  it('takes no params as none', () => {
    expect(readUseToolRequest({ tool: 'fs:now' })).toEqual({ server: undefined, tool: 'fs:now', params: {} });
    expect(readUseToolRequest({ tool: 'now', params: '' }).params).toEqual({});
  });

  it('refuses JSON text that is nested deeper than anybody could write again, and takes what is not (#48)', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    expect(readUseToolRequest({ tool: 'read', params: nested(199) }).params).toHaveProperty('a.a.a');
    for (const params of [nested(100_000), JSON.stringify(nested(10_000))])
      expect(() => readUseToolRequest({ tool: 'read', params })).toThrow('nested deeper than 200');
  });

  it('names what is missing and shows a call', () => {
    expect(() => readUseToolRequest({ server: 'fs' })).toThrow(/which tool/);
  });

  it.each([
    ['a text', 'not json'],
    ['a list', [1]],
    ['a number', 5],
  ])('hands on params that are %s as they came', (_, params) => {
    expect(readUseToolRequest({ tool: 'read', params }).params).toEqual(params);
  });
});
