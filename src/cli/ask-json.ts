/** A JSON request that waits for its answer as long as it takes, which `fetch` does for five minutes only. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';

export interface JsonQuestion {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface JsonReply {
  readonly status: number;
  /** Undefined where it is no JSON. */
  readonly answer: unknown;
}

/** Redirects are not followed. Rejects with what keeps an answer from coming. */
export async function askJson(url: URL, { method, headers, body }: JsonQuestion): Promise<JsonReply> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (response) => {
      const reply = (said: string) => resolve({ status: response.statusCode ?? 0, answer: parsed(said) });
      text(response).then(reply, reject);
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function parsed(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return undefined;
  }
}
