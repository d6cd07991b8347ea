/** How far a vector layer has come, for whoever owns the index. */
export interface LayerStatus {
  readonly model: string;
  readonly embedded: number;
  readonly pending: number;
  /** Why nothing of it is loaded; nothing is wrong. */
  readonly spared?: string;
  /** What went wrong last, until something works again. */
  readonly problem?: string;
}
