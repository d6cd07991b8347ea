/**
 * A client over HTTP/1.1 that costs little itself, so that what is measured is who answers: kept-alive sockets, one write a
 * request, and an answer is read no further than to know its end.
 */
import { connect, type Socket } from 'node:net';

export interface RawRequest {
  readonly host: string;
  readonly port: number;
  /** The request line and all headers but `Content-Length`, with their line ends. */
  readonly head: string;
  /** ASCII. */
  readonly body: string;
}

export class RawClient {
  readonly #idle = new Map<string, Connection[]>();
  readonly #all = new Set<Connection>();

  /** The answer as it came, head and all, in Latin-1. Asks again on a fresh connection where a kept one was closed before it said anything. */
  async post(request: RawRequest): Promise<string> {
    const { host, port, head, body } = request;
    const idle = this.#idleAt(`${host}:${port}`);
    const kept = idle.pop();
    const connection = kept ?? this.#connect(host, port);
    try {
      const answer = await connection.ask(`${head}content-length: ${body.length}\r\n\r\n${body}`);
      if (connection.isOpen) idle.push(connection);
      return answer;
    } catch (error) {
      if (!kept || connection.hasHeard) throw error;
      return this.post(request);
    }
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  #idleAt(place: string): Connection[] {
    const known = this.#idle.get(place);
    if (known) return known;
    const idle: Connection[] = [];
    this.#idle.set(place, idle);
    return idle;
  }

  #connect(host: string, port: number): Connection {
    const connection = new Connection(host, port);
    this.#all.add(connection);
    return connection;
  }
}

class Connection {
  readonly #socket: Socket;
  #heard = '';
  #waiting: { resolve(answer: string): void; reject(error: Error): void } | undefined;

  constructor(host: string, port: number) {
    this.#socket = connect({ host, port, noDelay: true }).setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#hear(text));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => this.#waiting?.reject(new Error(`the connection was closed: ${this.#heard}`)));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Of the answer that it waits for. */
  get hasHeard(): boolean {
    return this.#heard !== '';
  }

  ask(text: string): Promise<string> {
    this.#heard = '';
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#socket.destroyed) reject(new Error('the connection was closed'));
      else this.#socket.write(text, 'latin1');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #hear(text: string): void {
    this.#heard += text;
    const waiting = this.#waiting;
    if (!waiting || !isWhole(this.#heard)) return;
    this.#waiting = undefined;
    if (/\r\nconnection: close\r\n/i.test(this.#heard.slice(0, HEAD_MAX))) this.close();
    waiting.resolve(this.#heard);
  }
}

const HEAD_MAX = 2_000;

/** As servers of today say it: by its length, or in chunks of which an empty one is the last. */
function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, end))?.[1];
  return length === undefined ? answer.endsWith('\r\n0\r\n\r\n') : answer.length >= end + 4 + Number(length);
}
