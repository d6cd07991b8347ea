/** Encrypts what must not lie on a disk in the clear: AES-256-GCM, bound to the name and purpose of what is sealed. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../../errors.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 1;

/** Base64 of version, nonce, tag and ciphertext. `label` has to be the same again for opening. */
export function seal(text: string, key: Buffer, label: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(label));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), sealed]).toString('base64');
}

/** Undefined when the key or the label is another one, or the text was touched. */
export function unseal(sealed: string, key: Buffer, label: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  const start = 1 + IV_BYTES + TAG_BYTES;
  if (bytes.length < start || bytes[0] !== VERSION) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(label));
  decipher.setAuthTag(bytes.subarray(1 + IV_BYTES, start));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(start)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** A key from a secret that has enough of chance in it already (RFC 5869); no protection for a weak password. */
export function keyFromSecret(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'tooldex tokens', KEY_BYTES));
}

/** The key in `file`, made with mode 0600 by whoever comes first. */
export async function keyFromFile(file: string): Promise<Buffer> {
  const found = await readKey(file);
  if (found) return found;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const own = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(own, randomBytes(KEY_BYTES).toString('base64'), { mode: 0o600, flag: 'wx' });
  // A link never replaces: of two that make a key at once, the first one's stays.
  try {
    await link(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(own, { force: true });
  }
  const made = await readKey(file);
  if (made) return made;
  throw noKey(file);
}

async function readKey(file: string): Promise<Buffer | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = Buffer.from(text, 'base64');
  if (key.length === KEY_BYTES) return key;
  throw noKey(file);
}

function noKey(file: string): GatewayError {
  return new GatewayError('DATA_DIR_UNUSABLE', `${file} is not a key of Tooldex`, {
    hint: 'Remove it, and log in again (tooldex login) at the servers that want it.',
  });
}
