/** The text of an answer to `fetch` from somebody whose word for how long it is does not count. */

/** Reads no further than `bytesMax`, after unpacking: what is longer is given up, and rejects with an Error. */
export async function textWithin(response: Response, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new Error(`its answer is longer than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
