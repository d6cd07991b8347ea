/** An offer that passes its calls on, as those of the gateway do where results come from a server that is up. */
import { readByteAnswer } from '../../src/bridge/byte-answer.ts';
import type { CallContext } from '../../src/meta-tools/parts.ts';
import type { ToolOffer } from '../../src/meta-tools/tool-offer.ts';
import type { JsonObject } from '../../src/stdx/json.ts';
import { JsonCursor } from '../../src/stdx/json-cursor.ts';

/** The same answers, as bytes wherever the bridge would bring them so. */
export function passing(offer: ToolOffer): ToolOffer {
  const pass: ToolOffer['pass'] = (params, { listener, onProgress, ...by }) => {
    const gone = new AbortController();
    const context = { ...by, signal: gone.signal, ...(onProgress ? { onProgress } : {}) } as CallContext;
    const tell = (result: JsonObject) => {
      const line = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
      const answer = readByteAnswer(line, new JsonCursor());
      if (answer) listener.bytes(answer);
      else listener.value(result);
    };
    offer.call(params, context).then(tell, (error: Error) => listener.failed(error));
    return (reason) => gone.abort(reason);
  };
  return { ...offer, pass };
}
