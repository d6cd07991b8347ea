/** Runs the encoder on the gateway's own thread, in slices, so that nothing else waits for more than one of them. */
import { Turns } from '../../src/stdx/turns.ts';
import { IndexError } from '../index-error.ts';
import model from './encoder-model.cjs';
import type { EncoderSetup } from './encoder-protocol.ts';

/** A short request is done in one. */
const SLICE_MS = 2;

export class EncoderHere {
  readonly #model: InstanceType<typeof model.EncoderModel>;
  readonly #turns = new Turns(1);
  #isClosed = false;

  constructor(setup: Omit<EncoderSetup, 'nice'>) {
    this.#model = new model.EncoderModel(setup);
  }

  /** The vector, not of unit length. One text after another; rejects with the signal's reason when aborted, in its turn and after the slice. */
  embed(tokens: Int32Array, signal?: AbortSignal): Promise<Float32Array> {
    // Without the signal, which all texts of a request share: as many listeners on it as texts would wait.
    return this.#turns.run(() => this.#run(tokens, signal));
  }

  close(): void {
    this.#isClosed = true;
  }

  async #run(tokens: Int32Array, signal: AbortSignal | undefined): Promise<Float32Array> {
    this.#check(signal);
    const steps = this.#model.steps(tokens);
    let startedAt = performance.now();
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      if (performance.now() - startedAt < SLICE_MS) continue;
      await new Promise(setImmediate);
      this.#check(signal);
      startedAt = performance.now();
    }
  }

  #check(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.#isClosed) throw new IndexError('closed', 'The built-in encoder has been closed');
  }
}
