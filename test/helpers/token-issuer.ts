/** An authorization server that signs tokens and publishes its keys over HTTP; its keys can be rotated and it can go down. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';

export interface TokenIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** How often its keys were asked for. */
  readonly asked: () => number;
  /** Signed with the newest key; claims and times in seconds as JWTs have them. */
  sign(claims: JWTPayload, header?: { readonly kid?: string }): Promise<string>;
  /** The next tokens are signed with another key; the old one is withdrawn. */
  rotate(): Promise<void>;
  /** While it is down it answers 500. */
  setDown(isDown: boolean): void;
  /** From now on it answers when it is let; `asked` resolves with the first question. */
  holdBack(): { readonly asked: Promise<void>; letGo(): void };
}

export async function startTokenIssuer(): Promise<TokenIssuer> {
  let asked = 0;
  let isDown = false;
  let serial = 0;
  let held: { readonly onAsked: () => void; readonly gate: Promise<void> } | undefined;
  let key = await makeKey(serial);
  const server = createServer(async (request, response) => {
    const isKeys = request.url === '/keys';
    if (isKeys) asked += 1;
    held?.onAsked();
    await held?.gate;
    if (isDown) return void response.writeHead(500).end();
    const document = isKeys ? { keys: [key.jwk] } : { issuer, jwks_uri: `${issuer}/keys` };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close(() => undefined).closeAllConnections());
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    jwksUrl: `${issuer}/keys`,
    asked: () => asked,
    sign: (claims, { kid = key.jwk.kid } = {}) =>
      new SignJWT({ iss: issuer, ...claims })
        .setProtectedHeader({ alg: 'ES256', ...(kid ? { kid } : {}) })
        .sign(key.secret),
    async rotate() {
      serial += 1;
      key = await makeKey(serial);
    },
    setDown(down) {
      isDown = down;
    },
    holdBack() {
      let letGo = () => {};
      const gate = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const asked = new Promise<void>((resolve) => {
        held = { onAsked: resolve, gate };
      });
      return { asked, letGo };
    },
  };
}

async function makeKey(serial: number) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  return {
    secret: privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid: `key-${serial}`, alg: 'ES256', use: 'sig' },
  };
}
