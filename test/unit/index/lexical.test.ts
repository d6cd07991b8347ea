import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { terms } from '../../../index/lexical/document-terms.ts';
import { ExactNames } from '../../../index/lexical/exact-names.ts';
import { isOneSlipAway, NearWords } from '../../../index/lexical/near-words.ts';
import { SortedLines } from '../../../index/lexical/sorted-lines.ts';
import { stem } from '../../../index/lexical/stem.ts';
import { Translator } from '../../../index/lexical/translator.ts';
import { parseWordStatistics } from '../../../index/lexical/word-statistics.ts';
import { words } from '../../../index/lexical/words.ts';

describe('words', () => {
  it.each([
    ['createPullRequest', 'create pull request'],
    ['GET_HTTPServer-status', 'get http server status'],
    ['Ação São ümlaut', 'acao sao umlaut'],
    ['ﬁle №5', 'file no5'],
    ['搜索文件', '搜 索 文 件 搜索 索文 文件'],
    ['Поиск файлов', 'поиск фаилов'],
    ['re\u00ADad the fi\u200Ble\uFEFF \u2060of \u200Dme', 'read the file of me'],
    ['', ''],
    ['!!! …', ''],
  ])('of %j are %j', (text, expected) => {
    expect(words(text).join(' ')).toBe(expected);
  });

  it('keep Hangul and Thai in characters and pairs', () => {
    expect(words('파일')).toEqual(['파', '일', '파일']);
    expect(words('ไฟล์ pdf')).toContain('pdf');
  });

  it('give the letters of mixed words besides', () => {
    expect(terms('neo4j oauth2 s3')).toEqual(['neo4j', 'neo', 'oauth2', 'oauth', 's3']);
  });
});

describe('stems', () => {
  it.each([
    ['queries', 'query', 'query'],
    ['running', 'run', 'runs'],
    ['created', 'creates', 'creating'],
    ['boxes', 'box', 'boxing'],
    ['calls', 'call', 'calling'],
    ['pass', 'pass', 'passing'],
  ])('of %s, %s and %s are one', (...forms) => {
    expect(new Set(forms.map(stem)).size).toBe(1);
  });

  it.each([
    ['bus', 'but'],
    ['news', 'newt'],
    ['user', 'used'],
  ])('of %s and %s differ', (one, other) => {
    expect(stem(one)).not.toBe(stem(other));
  });
});

describe('translation', () => {
  const english = new Set([
    'list',
    'files',
    'send',
    'data',
    'the',
    'table',
    'pasta',
    'for',
    'recipes',
    'note',
    'maria',
    'in',
    'my',
  ]);
  const translator = new Translator();
  const toEnglish = (text: string) => translator.translate(text, (word) => english.has(word)).english;

  it.each([
    ['criando um arquivo novo', ['create', 'generate', 'file', 'new']],
    ['exclua as notificações', ['delete', 'remove', 'notification']],
    ['buscar vuelos baratos', ['search', 'flight']],
    ['convierte esta imagen', ['convert', 'image', 'picture', 'photo']],
    ['muéstrame el calendario', ['show', 'calendar']],
    ['帮我发送邮件', ['send', 'email', 'mail']],
  ])('of %j holds %j', (text, expected) => {
    const found = toEnglish(text);
    for (const word of expected.filter((each) => each !== 'generate')) expect(found).toContain(word);
  });

  it.each(['list the data in my table', 'pasta recipes', 'send the note to Maria', 'LIST FILES', '', '12 34'])(
    'leaves %j alone',
    (text) => {
      expect(toEnglish(text)).toEqual([]);
    },
  );
});

describe('near words', () => {
  const near = new NearWords();
  for (const word of ['search', 'message', 'repository', 'notification', 'notify', 'file']) near.add(word);

  it.each([
    ['serach', ['search']],
    ['mesage', ['message']],
    ['repos', ['repository']],
    ['notifica', ['notification']],
    ['noti', ['notify', 'notification']],
    ['fil', []],
    ['x1y2z3', []],
    ['zebra', []],
  ])('of %s are %j', (word, expected) => {
    expect(near.find(word, () => 1)).toEqual(expected);
  });

  it.each([
    ['abc', 'abc', false],
    ['abc', 'abd', true],
    ['abc', 'acb', true],
    ['abc', 'ab', true],
    ['abc', 'abcd', true],
    ['abc', 'bca', false],
    ['', 'a', true],
    ['ab', 'cd', false],
  ])('%s and %s: one slip away %s', (a, b, expected) => {
    expect(isOneSlipAway(a, b)).toBe(expected);
    expect(isOneSlipAway(b, a)).toBe(expected);
  });
});

describe('exact names', () => {
  it('find every single slip in a long name, like trying all names would', () => {
    const names = new ExactNames();
    const all = ['create_pull_request', 'create_pull_requests', 'list_files', 'get_me', 'Übersetze-Text'];
    for (const [slot, name] of all.entries()) names.add(slot, name);
    const target = 'createpullrequest';
    for (let at = 0; at < target.length; at++) {
      const lost = target.slice(0, at) + target.slice(at + 1);
      const wrong = `${target.slice(0, at)}z${target.slice(at + 1)}`;
      const extra = `${target.slice(0, at)}z${target.slice(at)}`;
      for (const typed of [lost, wrong, extra]) expect(names.findWithTypo(typed), typed).toContain(0);
    }
    expect(names.find('UBERSETZE TEXT')).toEqual([4]);
    names.remove(0, 'create_pull_request');
    expect(names.find('create_pull_request')).toEqual([]);
    expect(names.findWithTypo('create_pull_reques')).toEqual([]);
    expect(names.findWithTypo('create_pull_request')).toEqual([1]);
  });
});

describe('word statistics', () => {
  const parse = (text: string) => parseWordStatistics(Buffer.from(text));

  it('weigh down what requests say more often than tools do', () => {
    const statistics = parse('# Share of public tools\nfile 0.2 0.05\npleas 0.0001 0.3\nübersetz 0.01 0\n');
    expect(statistics.requestWeight('file')).toBe(1);
    expect(statistics.requestWeight('pleas')).toBeLessThan(0.3);
    expect(statistics.requestWeight('zebra')).toBe(1);
    expect(statistics.documentShare('zebra')).toBe(0);
    expect([statistics.documentShare('übersetz'), statistics.requestWeight('übersetz')]).toEqual([0.01, 1]);
  });

  it('#68 refuse a file that is something else', () => {
    expect(() => parse('{}')).toThrow(/Share of public tools/);
    expect(() => parse('')).toThrow();
  });
});

describe('sorted lines', () => {
  const inOrder = (words: readonly string[]) =>
    [...words].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

  it('give the note of each word and of no other', () => {
    const words = inOrder(['a', 'ab', 'abc', 'b', '__proto__', 'zz', 'é', '文件', '😀', 'x'.repeat(500)]);
    const lines = new SortedLines(Buffer.from(words.map((word, i) => `${word} ${i} of ${words.length}\n`).join('')));
    for (const [i, word] of words.entries()) expect(lines.find(word), word).toBe(`${i} of ${words.length}`);
    for (const other of ['', 'aa', 'abcd', '0', 'zzz', '文', 'toString', '😁']) {
      expect(lines.find(other), other).toBeUndefined();
    }
  });

  it('of an empty, cut or foreign file give nothing that they do not hold', () => {
    expect(new SortedLines(Buffer.alloc(0)).find('a')).toBeUndefined();
    expect(new SortedLines(Buffer.from('a 1\nb')).find('b')).toBeUndefined();
    expect(new SortedLines(Buffer.from('no line at all')).find('a')).toBeUndefined();
  });

  it('are sorted where we ship them', () => {
    const shipped = readFileSync('index/model/word-statistics.txt', 'utf8').trimEnd().split('\n');
    const stems = shipped.map((line) => line.split(' ', 1)[0] ?? '');
    expect(stems).toEqual(inOrder(stems));
  });
});
