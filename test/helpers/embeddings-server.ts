/** A real HTTP server that speaks OpenAI's embeddings API; a test queues how it misbehaves, request by request. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EmbeddingsRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: { model: string; input: string[]; dimensions?: number; encoding_format?: string };
}

/** Answers one request; `vectors` is what a good server would say. */
export type Misbehaviour = (response: ServerResponse, request: EmbeddingsRequest, vectors: number[][]) => void;

export interface EmbeddingsServer {
  readonly url: string;
  readonly requests: EmbeddingsRequest[];
  /** The next requests are answered so, one each; after them the server is good again. */
  misbehave(...next: Misbehaviour[]): void;
  /** What every request is answered with that no misbehaviour takes. */
  always(answer: Misbehaviour): void;
  close(): Promise<void>;
}

const answerVectors: Misbehaviour = (response, request, vectors) =>
  answerJson(response, {
    object: 'list',
    model: request.body.model,
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  });

interface JsonReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export function answerJson(response: ServerResponse, body: unknown, reply: JsonReply = {}): void {
  const headers = { 'content-type': 'application/json', ...reply.headers };
  response.writeHead(reply.status ?? 200, headers).end(JSON.stringify(body));
}

export async function startEmbeddingsServer(dimensions = 4): Promise<EmbeddingsServer> {
  const requests: EmbeddingsRequest[] = [];
  const queue: Misbehaviour[] = [];
  let usual: Misbehaviour = answerVectors;
  const server = createServer(async (incoming, response) => {
    const body = JSON.parse(await readText(incoming));
    const request = { path: incoming.url ?? '', headers: incoming.headers, body };
    requests.push(request);
    const length = body.dimensions ?? dimensions;
    (queue.shift() ?? usual)(
      response,
      request,
      body.input.map((text: string) => vectorFor(text, length)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    misbehave: (...next) => void queue.push(...next),
    always: (answer) => {
      usual = answer;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Same text, same vector; not of length one, so that normalising shows. */
export function vectorFor(text: string, dimensions = 4): number[] {
  return Array.from(
    { length: dimensions },
    (_, i) => 1 + (((text.codePointAt(i % Math.max(1, text.length)) ?? 7) * (i + 3)) % 13),
  );
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
