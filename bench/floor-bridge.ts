/** The yardstick of bench/bridges: the least that a bridge from standard input to a server over HTTP can do. */
import { Agent, request } from 'node:http';

const url = process.argv[2] ?? '';
const agent = new Agent({ keepAlive: true });
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

function post(line: string): void {
  const body = Buffer.from(line);
  const sent = request(
    url,
    { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (text !== '') process.stdout.write(`${text}\n`);
      });
    },
  );
  sent.end(body);
}

let rest = '';
process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) post(line);
});
