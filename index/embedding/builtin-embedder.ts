/** The default embedder once it has read all tools: the vectors of the encoder and of the static model side by side. */
import path from 'node:path';
import type { Embedder } from './embedder.ts';
import { openEncoderEmbedder } from './encoder-embedder.ts';
import { openStaticEmbedder } from './static-embedder.ts';

/** Of a cosine, the rest being the encoder's: what one has not understood the other may have seen (ADR 0015). */
const STATIC_SHARE = 0.3;

/**
 * `modelFolder` has `encoder.bin` and `static.bin`; rejects with `missing` or `bad-answer`. A first text is embedded, so that
 * no request waits for the thread to start and a file whose numbers are none is found out now. `openStatic` gives a
 * static model that is open already, so that nobody holds it twice.
 */
export async function openBuiltinEmbedder(
  modelFolder: string,
  openStatic = () => openStaticEmbedder(path.join(modelFolder, 'static.bin')),
): Promise<Embedder> {
  const fixed = await openStatic();
  const encoder = await openEncoderEmbedder({ modelFile: path.join(modelFolder, 'encoder.bin') });
  try {
    await encoder.embedTasks(['']);
  } catch (error) {
    await encoder.close();
    throw error;
  }
  return blendEmbedders(encoder, fixed, STATIC_SHARE);
}

/** One embedder whose cosines are the weighted sums of those of two: `otherShare` of the second, the rest of the first. */
export function blendEmbedders(main: Embedder, other: Embedder, otherShare: number): Embedder {
  const factors = [Math.sqrt(1 - otherShare), Math.sqrt(otherShare)] as const;
  const joined = async (mains: Promise<Float32Array[]>, others: Promise<Float32Array[]>) => {
    const [first, second] = await Promise.all([mains, others]);
    return first.map((vector, i) => sideBySide(vector, second[i] ?? NONE, factors));
  };
  return {
    identity: `${main.identity}+${otherShare}*${other.identity}`,
    dimensions: main.dimensions + other.dimensions,
    embedTasks: (texts, signal) => joined(main.embedTasks(texts, signal), other.embedTasks(texts, signal)),
    embedDocuments: (documents, signal) =>
      joined(main.embedDocuments(documents, signal), other.embedDocuments(documents, signal)),
    close: async () => void (await Promise.all([main.close(), other.close()])),
  };
}

const NONE = new Float32Array(0);

function sideBySide(a: Float32Array, b: Float32Array, [ofA, ofB]: readonly [number, number]): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a.map((x) => x * ofA));
  both.set(
    b.map((x) => x * ofB),
    a.length,
  );
  return both;
}
