/** Counters and histograms for what happens at each call: prom-client's own make a text of all labels whenever they are moved. */
import type { Metric, Registry } from 'prom-client';

export interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  readonly register: Registry;
}

type Labels = Readonly<Record<string, string>>;

interface Line {
  readonly metricName: string;
  readonly labels: Labels;
  readonly value: number;
}

interface Series {
  lines(name: string): Line[];
}

/** Stands on the page of its registry, in the same form as any other. */
class Family<One extends Series> {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
  readonly #make: (labels: Labels) => One;
  readonly #series = new Map<string, One>();

  constructor(type: 'counter' | 'histogram', { name, help, register }: FamilyOptions, make: (labels: Labels) => One) {
    this.name = name;
    this.help = help;
    this.type = type;
    this.#make = make;
    register.registerMetric(this as unknown as Metric);
  }

  /** To be kept by whoever moves it often. */
  labels(labels: Labels): One {
    const key = JSON.stringify(labels);
    const series = this.#series.get(key) ?? this.#make(labels);
    this.#series.set(key, series);
    return series;
  }

  /** For prom-client. */
  async get() {
    const { name, help, type } = this;
    return { name, help, type, values: [...this.#series.values()].flatMap((series) => series.lines(name)) };
  }
}

class CounterSeries implements Series {
  readonly #labels: Labels;
  #count = 0;

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  inc(by = 1): void {
    this.#count += by;
  }

  lines(metricName: string): Line[] {
    return [{ metricName, labels: this.#labels, value: this.#count }];
  }
}

class HistogramSeries implements Series {
  readonly #labels: Labels;
  readonly #bounds: readonly number[];
  /** Of each bucket alone; the last is what is above all bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let at = 0;
    while (value > (this.#bounds[at] ?? Number.POSITIVE_INFINITY)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += value;
  }

  /** On the page a bucket has what is below it in it. */
  lines(name: string): Line[] {
    const labels = this.#labels;
    let count = 0;
    const buckets = this.#counts.map((each, at) => {
      count += each;
      const le = String(this.#bounds[at] ?? '+Inf');
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    if (count === 0) return [];
    const sum = { metricName: `${name}_sum`, labels, value: this.#sum };
    return [...buckets, sum, { metricName: `${name}_count`, labels, value: count }];
  }
}

export function callCounter(options: FamilyOptions): Family<CounterSeries> {
  return new Family('counter', options, (labels) => new CounterSeries(labels));
}

/** `bounds` ascending. */
export function callHistogram(options: FamilyOptions, bounds: readonly number[]): Family<HistogramSeries> {
  return new Family('histogram', options, (labels) => new HistogramSeries(labels, bounds));
}
