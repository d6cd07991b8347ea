/** Tools and requests of our own making, in a form that is pleasant to write; see the two text files. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { JudgedQuery } from '../../index/evaluation/judged-query.ts';
import { type ToolDocument, toolDocument } from '../../index/tool-document.ts';

const FOLDER = path.resolve('test/quality/fixtures');
const TOOL = /^(?<name>\w+)\((?<parameters>[^)]*)\): (?<description>.+)$/;

/** `# server: description`, then one `name(parameters): description` a line. */
export function qualityTools(): ToolDocument[] {
  let server = '';
  let serverDescription = '';
  return lines('tools.txt').flatMap((line) => {
    if (line.startsWith('# ')) {
      [server = '', serverDescription = ''] = line.slice(2).split(': ');
      return [];
    }
    const { name = '', parameters = '', description = '' } = TOOL.exec(line)?.groups ?? {};
    if (name === '') throw new Error(`no tool: ${line}`);
    const properties = Object.fromEntries(
      parameters
        .split(', ')
        .filter(Boolean)
        .map((parameter) => [parameter, {}]),
    );
    return [
      toolDocument({
        id: `${server}.${name}`,
        server,
        serverDescription,
        name,
        description,
        inputSchema: { properties },
      }),
    ];
  });
}

/** `split|needed tools|request`; comments begin with `#`. Requests without a tool are those that none answers. */
export function qualityQueries(): JudgedQuery[] {
  return lines('queries.txt')
    .filter((line) => !line.startsWith('#'))
    .map((line, at) => {
      const [split = '', tools = '', query = ''] = line.split('|');
      return {
        id: `${split}-${at}`,
        query,
        split,
        groups: tools
          .split(' ')
          .filter(Boolean)
          .map((tool) => [tool]),
      };
    });
}

const lines = (file: string) => readFileSync(path.join(FOLDER, file), 'utf8').split('\n').filter(Boolean);
