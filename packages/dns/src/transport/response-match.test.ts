import { describe, expect, it } from 'vitest';
import { makeQuery, responseTo } from '../message-build.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import { matchesQuery, questionLength } from './response-match.ts';

/** Type HTTPS is 65, as `A` is, and type 97 is as `a` is: only letters of the name may differ in case. */
const ask = (name: string, type = 65, rrClass = 1) =>
  makeQuery(Name.fromText(name), type, { class: rrClass });
const query = encodeMessage(ask('mail.example'));
const response = (name: string, type?: number, rrClass?: number) =>
  encodeMessage(responseTo(ask(name, type, rrClass)));

describe('rule 17: matchesQuery', () => {
  it.each<readonly [string, Uint8Array, boolean, boolean]>([
    ['the same question', response('mail.example'), true, true],
    ['other case', response('MAIL.example'), true, false],
    ['another type that differs as letters do', response('mail.example', 97), false, false],
    ['another class', response('mail.example', 65, 3), false, false],
    ['characters that differ as letters do', response('mail\\@example'), false, false],
    ['another name', response('mbil.example'), false, false],
    ['a longer name', response('mail.example.a'), false, false],
    ['nothing', new Uint8Array(0), false, false],
    ['the query itself', query, false, false],
    ['a question cut short', response('mail.example').subarray(0, 20), false, false],
  ])('%s', (_what, octets, ignoringCase, exactly) => {
    expect(matchesQuery(octets, query, false)).toBe(ignoringCase);
    expect(matchesQuery(octets, query, true)).toBe(exactly);
  });

  it('knows where the question ends', () => {
    expect(questionLength(query)).toBe('mail.example'.length + 2 + 4);
    expect(questionLength(encodeMessage(ask('.')))).toBe(5);
  });
});
