import { describe, expect, it } from 'vitest';
import { BestFew } from '../../../index/best-few.ts';
import { seeded } from '../../../index/evaluation/bootstrap.ts';
import { clauses } from '../../../index/ranking/clauses.ts';
import { partWinners, seatWinners } from '../../../index/ranking/diversity.ts';
import { type Evidence, fuse, vectorShare } from '../../../index/ranking/fusion.ts';
import {
  clarity,
  clarityNeeded,
  confidence,
  isSettled,
  type VerdictThresholds,
  verdict,
} from '../../../index/ranking/verdict.ts';

const evidence = (some: Partial<Evidence>): Evidence => ({
  bm25: 0,
  relative: 0,
  covered: 0,
  bestPart: 0,
  cosine: 0,
  bestPartCosine: 0,
  named: 0,
  ...some,
});

describe('the best few', () => {
  it('equal the head of a full sort, ties included', () => {
    const random = seeded(3);
    for (let round = 0; round < 50; round++) {
      const scores = Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 8));
      const limit = Math.floor(random() * 12);
      const best = new BestFew(limit);
      for (const [slot, score] of scores.entries()) if (best.wants(slot, score)) best.put(slot, score);
      const expected = scores
        .map((score, slot) => ({ slot, score }))
        .sort((a, b) => b.score - a.score || a.slot - b.slot);
      expect(best.sorted()).toEqual(expected.slice(0, limit));
    }
  });
});

describe('clauses', () => {
  it('leave short requests whole', () => {
    expect(clauses('send an email and then create an issue')).toEqual([]);
  });

  it('part a long request at its sentences and connecting words', () => {
    const parts = clauses(
      'First read the quarterly report from the shared drive. Summarize it in five sentences, and then send the summary to my boss by email; also create a task',
    );
    expect(parts).toEqual([
      'First read the quarterly report from the shared drive.',
      'Summarize it in five sentences',
      'send the summary to my boss by email',
      'also create a task',
    ]);
  });

  it('part Chinese at its punctuation', () => {
    expect(
      clauses('请先在数据库中查询上个月的订单总额，把结果写入电子表格，最后发送邮件给我的会计师并抄送经理和财务团队'),
    ).toHaveLength(3);
  });

  it('slide a window over endless sentences, and end somewhere', () => {
    const endless = Array.from({ length: 10_000 }, (_, i) => `word${i}`).join(' ');
    const parts = clauses(endless);
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.length).toBeLessThanOrEqual(16);
  });
});

describe('fusion', () => {
  it('puts a named tool above everything else', () => {
    const perfect = evidence({ relative: 1, bestPart: 1, cosine: 1, bestPartCosine: 1 });
    expect(fuse(evidence({ named: 1.3, relative: 0.2 }), 0.65)).toBeGreaterThan(fuse(perfect, 0.65));
  });

  it('leans on words for scripts that the model does not know', () => {
    const english = vectorShare('search files', 0.65, false);
    expect(vectorShare('поиск файлов', 0.65, false)).toBeLessThan(vectorShare('搜索文件', 0.65, true));
    expect(vectorShare('搜索文件', 0.65, true)).toBeLessThan(english);
    expect(vectorShare('', 0.65, false)).toBe(english);
  });

  it('ignores vectors without vectors', () => {
    expect(fuse(evidence({ relative: 1, bestPart: 1, cosine: 0.9 }), 0)).toBe(1);
  });
});

describe('seats for the parts of a request', () => {
  const ranked = [0, 1, 2, 3, 4, 5, 6, 7].map((slot) => ({ slot, score: 1 - slot / 10 }));

  it('leave the first three alone and keep the order of the others', () => {
    expect(seatWinners(ranked, [1, 7, 6, 5]).map(({ slot }) => slot)).toEqual([0, 1, 2, 7, 6, 3, 4, 5]);
    expect(seatWinners(ranked, []).map(({ slot }) => slot)).toEqual(ranked.map(({ slot }) => slot));
    expect(seatWinners([], [3])).toEqual([]);
  });

  it('go to the best tool of each part by words and vectors together', () => {
    const parts = [
      {
        words: [{ slot: 4, score: 0.5 }],
        cosines: new Map([
          [4, 0.9],
          [5, 0.95],
        ]),
      },
      { words: [], cosines: new Map([[6, 0.99]]) },
      { words: [], cosines: new Map() },
    ];
    expect(partWinners(parts, { share: 0.65, accept: () => true, isBefore: (a, b) => a < b })).toEqual([4, 6]);
  });
});

describe('the verdict', () => {
  const thresholds = { weak: 0.3, match: 0.5 };

  it('has an answer for every sureness', () => {
    expect([0, 0.29, 0.3, 0.49, 0.5, 1].map((sureness) => verdict(sureness, thresholds, 1_000))).toEqual([
      'none',
      'none',
      'weak',
      'weak',
      'match',
      'match',
    ]);
  });

  it('asks for more among many tools and for less among few, where that was fitted', () => {
    const fitted = { ...thresholds, perFold: 0.02 };
    const among = (tools: number, of: VerdictThresholds = fitted) =>
      [0.28, 0.48, 0.52].map((sureness) => verdict(sureness, of, tools));
    expect(among(1_000)).toEqual(['none', 'weak', 'match']);
    expect(among(200)).toEqual(['weak', 'match', 'match']);
    expect(among(10_000)).toEqual(['none', 'weak', 'weak']);
    expect(among(10_000, thresholds)).toEqual(among(1_000));
    expect(among(1)).toEqual(among(50));
  });

  it('is sure of a named tool, and of nothing without hits', () => {
    expect(confidence([{ features: evidence({ named: 0.3 }) }], 3, 0.35)).toBe(1);
    expect(confidence([], 3, 0.35)).toBe(0);
  });

  it('grows with words and with meaning, and stays between 0 and 1', () => {
    const sure = (some: Partial<Evidence>) => confidence([{ features: evidence(some) }], 9, 0.35);
    expect(sure({ bm25: 12 })).toBeGreaterThan(sure({ bm25: 3 }));
    expect(sure({ bm25: 3, cosine: 0.7 })).toBeGreaterThan(sure({ bm25: 3, cosine: 0.2 }));
    expect(sure({ bm25: 1e6, cosine: 1 })).toBeLessThanOrEqual(1);
    expect(sure({ cosine: -1 })).toBe(0);
  });
});

describe('a settled ranking', () => {
  const tuning = { share: 0.5, wordsInVerdict: 0.5, thresholds: { weak: 0.2, match: 0.5 }, settled: 0.22 };
  const ranking = (sureness: number, ...scores: number[]) => ({
    hits: scores.map((score) => ({ score })),
    sureness,
    tools: 300,
  });

  it('has a match with a lead; more confidence makes up for less lead', () => {
    expect(isSettled(ranking(0.6, 0.8, 0.6), tuning)).toBe(true);
    expect(isSettled(ranking(0.6, 0.8, 0.75), tuning)).toBe(false);
    expect(isSettled(ranking(0.9, 0.8, 0.75), tuning)).toBe(true);
    expect(clarity(ranking(0.5, 0.8, 0.6).hits, 0.5)).toBeCloseTo(0.3);
  });

  it('is never one without a match, nor for a model that has no threshold', () => {
    expect(isSettled(ranking(0.49, 0.8, 0.1), tuning)).toBe(false);
    expect(isSettled(ranking(0), tuning)).toBe(false);
    expect(isSettled(ranking(1, 0.9, 0.1), { ...tuning, settled: undefined })).toBe(false);
  });

  it('may have one hit only', () => {
    expect(isSettled(ranking(0.5, 0.4), tuning)).toBe(true);
  });

  it('needs a greater lead among thousands of tools, and no smaller one among few', () => {
    const narrow = ranking(0.6, 0.8, 0.65);
    expect(isSettled(narrow, tuning)).toBe(true);
    expect(isSettled({ ...narrow, tools: 20_000 }, tuning)).toBe(false);
    expect(isSettled({ ...ranking(0.6, 0.9, 0.5), tools: 20_000 }, tuning)).toBe(true);
    expect(clarityNeeded(0.22, 3)).toBe(clarityNeeded(0.22, 300));
  });
});
