import { describe, expect, test } from 'vitest';
import { checkFile, checkManifest, importsOf, type Manifest } from './floors.ts';

const manifest = (over: Partial<Manifest> = {}): Manifest => ({
  name: '@mailanchor/dnssec',
  version: '0.1.0',
  dependencies: { '@mailanchor/dns': '0.1.0', yaml: '2' },
  references: ['dns'],
  ...over,
});

describe('importsOf', () => {
  test.each<[string, string, readonly [string, number, boolean][]]>([
    ['plain', "import { a } from './a.ts';", [['./a.ts', 1, false]]],
    ['for its effect', "import './a.ts';", [['./a.ts', 1, false]]],
    ['several lines', "import {\n  a,\n  type B,\n} from 'x';\n", [['x', 1, false]]],
    [
      'types',
      "import type { A } from 'x';\nexport type { B } from 'y';",
      [
        ['x', 1, true],
        ['y', 2, true],
      ],
    ],
    [
      're-export',
      "export * from './a.ts';\nexport { b } from './b.ts';",
      [
        ['./a.ts', 1, false],
        ['./b.ts', 2, false],
      ],
    ],
    ['dynamic', "const a = 1;\nawait import('./a.ts');", [['./a.ts', 2, false]]],
    ['in comments', "/* import a from 'x' */\n// import b from 'y'\n/**\n * import c from 'z'\n */", []],
    ['no import', "const important = 'from';\nexport const a = 'b';", []],
  ])('%s', (_, text, want) => {
    expect(importsOf(text).map((one) => [one.specifier, one.line, one.typeOnly])).toEqual(want);
  });
});

describe('checkFile', () => {
  const problems = (path: string, text: string): readonly string[] =>
    checkFile({ path, text }, manifest(), new Set(['vitest'])).map((problem) => problem.text);

  test.each<[string, string, string]>([
    ['down', 'packages/dnssec/src/a.ts', "import { Name } from '@mailanchor/dns';"],
    ['within', 'packages/dnssec/src/a/b.ts', "import { c } from '../c.ts';"],
    ['a declared dependency', 'packages/dnssec/src/a.ts', "import yaml from 'yaml';"],
    ['a development dependency in a test', 'packages/dnssec/src/a.test.ts', "import { test } from 'vitest';"],
    [
      'a test of the lab may do as it likes',
      'packages/lab/test/a.test.ts',
      "import { x } from '@mailanchor/smtp';",
    ],
    [
      'a test of the program may use those of the whole',
      'packages/mailanchor/test/a.test.ts',
      "import { x } from '../../../test/peers/bed.ts';",
    ],
    ['types into the matcher', 'packages/dane/src/a.ts', "import type { Name } from '@mailanchor/dns';"],
  ])('allows: %s', (_, path, text) => {
    expect(problems(path, text)).toEqual([]);
  });

  test.each<[string, string, string, RegExp]>([
    ['up', 'packages/dnssec/src/a.ts', "import { x } from '@mailanchor/smtp';", /may not know of smtp/],
    ['sideways', 'packages/dnssec/src/a.ts', "import { x } from '@mailanchor/dane';", /may not know of dane/],
    [
      'up in a test',
      'packages/dnssec/test/a.test.ts',
      "import { x } from '@mailanchor/lab';",
      /may not know of lab/,
    ],
    [
      'past the index',
      'packages/dnssec/src/a.ts',
      "import { x } from '@mailanchor/dns/dist/name.js';",
      /past the index/,
    ],
    [
      'by a path',
      'packages/dnssec/src/a.ts',
      "import { x } from '../../dns/src/name.ts';",
      /out of the package/,
    ],
    [
      'by a dynamic import',
      'packages/dnssec/src/a.ts',
      "await import('@mailanchor/smtp');",
      /may not know of smtp/,
    ],
    [
      'its own index',
      'packages/dnssec/src/a.ts',
      "import { x } from '@mailanchor/dnssec';",
      /may not know of/,
    ],
    ['undeclared', 'packages/dnssec/src/a.ts', "import { z } from 'zod';", /zod is not declared/],
    [
      'a test tool in the source',
      'packages/dnssec/src/a.ts',
      "import { test } from 'vitest';",
      /vitest is not declared/,
    ],
    ['tests from the source', 'packages/dnssec/src/a.ts', "import { x } from '../test/x.ts';", /not source/],
    [
      'values into the matcher',
      'packages/dane/src/a.ts',
      "import { Name } from '@mailanchor/dns';",
      /types alone/,
    ],
    ['sockets in the matcher', 'packages/dane/src/a.ts', "import net from 'node:net';", /dane is pure/],
    ['of no floor', 'packages/new/src/a.ts', '', /no floor/],
  ])('refuses: %s', (_, path, text, want) => {
    expect(problems(path, text)).toEqual([expect.stringMatching(want)]);
  });
});

describe('checkManifest', () => {
  const versions = new Map([
    ['@mailanchor/dns', '0.1.0'],
    ['@mailanchor/smtp', '0.1.0'],
  ]);
  const problems = (over: Partial<Manifest>): readonly string[] =>
    checkManifest('dnssec', manifest(over), versions).map((problem) => problem.text);

  test('one that keeps to its floor', () => expect(problems({})).toEqual([]));

  test.each<[string, Partial<Manifest>, readonly RegExp[]]>([
    [
      'depends upward',
      { dependencies: { '@mailanchor/dns': '0.1.0', '@mailanchor/smtp': '0.1.0' } },
      [/depends on @mailanchor\/smtp/, /does not refer to smtp/],
    ],
    ['another version', { dependencies: { '@mailanchor/dns': '0.0.9' } }, [/is 0\.1\.0, not 0\.0\.9/]],
    ['refers upward', { references: ['dns', 'smtp'] }, [/refers to smtp, which is up/]],
    ['refers to what it does not name', { dependencies: {} }, [/which package.json does not name/]],
    ['names what it does not refer to', { references: [] }, [/does not refer to dns/]],
  ])('%s', (_, over, want) => {
    expect(problems(over)).toEqual(want.map((text) => expect.stringMatching(text)));
  });
});
