/** What embedders and vector stores reject with: the kind of trouble, what failed where, and the way out of it. */

export type IndexFault =
  /** An option cannot work as it stands. */
  | 'invalid-option'
  /** A library, program or model file is not there. */
  | 'missing'
  /** What a store was opened with has been deleted: opened again, it is made anew, empty. */
  | 'gone'
  /** Nothing answers at the address, or it broke off. */
  | 'unreachable'
  | 'timeout'
  /** The other side answers, and says no (credentials, quota, unknown model). */
  | 'refused'
  /** The other side answers nonsense: wrong count, wrong length, not a number. */
  | 'bad-answer'
  /** Vectors of another length or of another model. */
  | 'mismatch'
  | 'closed';

export interface IndexErrorDetails {
  /** What the reader can do about it, one imperative sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Never carries a key or another secret, neither in the message nor in the cause. */
export class IndexError extends Error {
  readonly fault: IndexFault;
  readonly hint: string | undefined;

  constructor(fault: IndexFault, message: string, details: IndexErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'IndexError';
    this.fault = fault;
    this.hint = details.hint;
  }
}
