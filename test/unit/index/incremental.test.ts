import { describe, expect, it } from 'vitest';
import type { ObservableToolIndex } from '../../../index/create-tool-index.ts';
import { seeded } from '../../../index/evaluation/bootstrap.ts';
import { openToolIndex } from '../../../index/open-tool-index.ts';
import { type ToolDocument, toolDocument } from '../../../index/tool-document.ts';
import { memoryStorage } from '../../helpers/memory-storage.ts';
import { qualityTools } from '../../quality/fixtures.ts';

/** More of one text than the nearest that are looked at, and brought in no order. */
const TWINS = Array.from({ length: 90 }, (_, i) =>
  toolDocument({
    id: `twin${String((i * 77) % 90).padStart(2, '0')}`,
    server: `copies${i % 4}`,
    name: 'turn_gizmo',
    description: 'Rotates the frobnicator by a quarter',
  }),
);
const POOL = [...qualityTools(), ...TWINS];
const TASKS = [
  'turn gizmo',
  'spin something round',
  'forward the letter to my colleague',
  'Spin the machine by ninety degrees. Then read the text file from my disk, and then send it to a friend by mail, and also put a date into the calendar.',
  'criar uma tarefa nova',
];
const ALLOWED = [undefined, ({ id }: { id: string }) => id.length % 2 === 0];

/** An index and what it should hold, which lives through one random event after the other. */
class Life {
  readonly #random: () => number;
  readonly #storage = memoryStorage();
  readonly documents = new Map<string, ToolDocument>();
  index: Promise<ObservableToolIndex> = this.#open();

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  async goOn(): Promise<void> {
    const kind = this.#random();
    if (kind < 0.4) await this.#upsert(this.#some(POOL, 0.4));
    else if (kind < 0.6) await this.#remove(this.#some([...this.documents.keys()], 0.5));
    else if (kind < 0.75) await this.#upsert(this.#some([...this.documents.values()], 0.3).map(changed));
    else if (kind < 0.85) await this.#restart();
    else await (await this.index).search({ task: 'turn gizmo', limit: 5 });
  }

  #some<T>(all: readonly T[], share: number): T[] {
    return all.filter(() => this.#random() < share);
  }

  async #upsert(documents: readonly ToolDocument[]): Promise<void> {
    for (const document of documents) this.documents.set(document.id, document);
    await (await this.index).upsert(documents);
  }

  async #remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.documents.delete(id);
    await (await this.index).remove(ids);
  }

  /** Some tools have gone when the index comes back, and nobody says so. */
  async #restart(): Promise<void> {
    await (await this.index).close();
    for (const id of this.#some([...this.documents.keys()], 0.3)) this.documents.delete(id);
    this.index = this.#open();
    await (await this.index).upsert([...this.documents.values()].reverse());
  }

  #open(): Promise<ObservableToolIndex> {
    return openToolIndex({ modelFolder: 'index/model', storage: this.#storage });
  }
}

const changed = (document: ToolDocument): ToolDocument => ({
  ...document,
  description: `${document.description} anew`,
});

describe('an index that has lived', () => {
  it.each([1, 2, 3, 4, 5, 6])('answers like one from scratch (life %i)', async (seed) => {
    const life = new Life(seed);
    for (let event = 0; event < 12; event++) await life.goOn();
    const [lived, fresh] = [await life.index, await openToolIndex({ modelFolder: 'index/model' })];
    await fresh.upsert([...life.documents.values()].sort((a, b) => (a.id < b.id ? -1 : 1)));
    await Promise.all([lived.settled(), fresh.settled()]);
    for (const task of TASKS) {
      for (const allow of ALLOWED) {
        const request = { task, allow, limit: 30, deadlineMs: 30_000 };
        expect(await lived.search(request)).toEqual(await fresh.search(request));
      }
    }
    await Promise.all([lived.close(), fresh.close()]);
  });
});
