/** Board, alerts and documentation of the policy server, against the metrics that a running one tells. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { metricsOf, startPolicy } from './policy-process.ts';
import { temporaryFolder, unbuilt } from './program.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const RULES = path('../prometheus/mailanchor-policy.rules.yml');
const RULE_TESTS = path('fixtures/policy-alerts.test.yml');
const BOARD = path('../grafana/mailanchor-policy.json');
const DOCUMENT = path('../../../docs/policy.md');

const installed = spawnSync('promtool', ['--version']).status === 0;
const reason = installed ? '' : ': not installed: promtool (Debian package prometheus)';
const scratch = temporaryFolder();
/** Without what a histogram adds. */
let names: Set<string>;

beforeAll(async () => {
  if (unbuilt) return;
  const policy = await startPolicy(['--resolver', '127.0.0.1:9', '--metrics', '127.0.0.1:0']);
  const { page } = await metricsOf(policy);
  names = new Set([...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!));
  await policy.process.stop();
});
afterAll(() => scratch.done());

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const board = JSON.parse(readFileSync(BOARD, 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};
const expressions = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

const unknownIn = (text: string) =>
  [...text.matchAll(/mailanchor_policy_[a-z0-9_]+/g)]
    .map(([name]) => name.replace(/_(?:bucket|count|sum)$/, ''))
    .filter((name) => !names.has(name));

test.skipIf(unbuilt)('board and rules speak of metrics that there are, the board of every one', () => {
  expect(names.size).toBeGreaterThan(15);
  expect(unknownIn(JSON.stringify(board))).toEqual([]);
  expect(unknownIn(readFileSync(RULES, 'utf8'))).toEqual([]);
  const shown = expressions.join(' ');
  expect([...names].filter((name) => !shown.includes(name))).toEqual([]);
});

test.skipIf(unbuilt)('every metric is documented', () => {
  const text = readFileSync(DOCUMENT, 'utf8');
  const plain = [...names].map((name) => name.replace('mailanchor_policy_', ''));
  expect(plain.filter((name) => !new RegExp(`\`${name}[\`{]`).test(text))).toEqual([]);
});

test('panels have an id and a place of their own, and a source that the reader chooses', () => {
  const { panels } = board;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Map<string, string>();
  for (const { title, type, gridPos, targets = [] } of panels) {
    expect(type === 'row' || targets.length > 0, title).toBe(true);
    expect(targets.every(({ datasource }) => /^\$\{datasource\}$/.test(datasource.uid))).toBe(true);
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.get(`${x},${y}`), `${title} lies upon another`).toBeUndefined();
        taken.set(`${x},${y}`, title);
      }
    }
  }
  expect(board.templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance']);
});

function promtool(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  expect(`${status} ${stdout}${stderr}`).toMatch(/^0 /);
  return stdout + stderr;
}

test.skipIf(!installed)(`Prometheus can read what the board asks${reason}`, () => {
  const asked = expressions.map((expr) =>
    expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'),
  );
  const rules = asked.map((expr, i) => `      - record: panel:${i}\n        expr: ${JSON.stringify(expr)}\n`);
  const file = join(scratch.path, 'board.yml');
  writeFileSync(file, `groups:\n  - name: board\n    rules:\n${rules.join('')}`);
  expect(promtool('check', 'rules', file)).toContain(`${asked.length} rules found`);
});

test.skipIf(!installed)(`alerts are raised when they should be${reason}`, () => {
  expect(promtool('check', 'rules', RULES)).toMatch(/SUCCESS: \d+ rules found/);
  const file = join(scratch.path, 'alerts.test.yml');
  writeFileSync(file, readFileSync(RULE_TESTS, 'utf8').replace('RULES', RULES));
  expect(promtool('test', 'rules', file)).toMatch(/SUCCESS/);
});
