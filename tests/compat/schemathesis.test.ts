import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type EaselServer, serveEasel } from '../support/easel-server.ts';
import { pythonWith, reasonWithoutPython } from '../support/python-venv.ts';

const requirements = fileURLToPath(new URL('python/schemathesis.txt', import.meta.url));
const reason = await reasonWithoutPython();
/** More of them find more: SCHEMATHESIS_EXAMPLES=500 is the long form. */
const longForm = process.env.SCHEMATHESIS_EXAMPLES;
const examples = longForm ?? '2';
/** It has no end, and so no whole reply to check. */
const stream = '/api/events';
const every = 'examples,coverage,fuzzing';
const administration = '^/api/admin/';
/** Every one of them refuses the developer in the same place. */
const administrators = longForm === undefined ? ['--exclude-path-regex', administration] : [];
/** The boundaries of every field take a minute for each key: the short form tries those of `keys`. */
const mostPhases = longForm === undefined ? 'examples,fuzzing' : every;
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
  'unsupported_method',
  'allow_header_conformance',
];

describe.skipIf(reason !== undefined)(`schemathesis${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let python: string;
  let server: EaselServer;
  beforeAll(async () => {
    python = await pythonWith(requirements);
    server = await serveEasel({
      env: {
        EASEL_LIMITS_REQUESTS_PER_MINUTE: '100000',
        EASEL_LIMITS_QUEUE_LENGTH: '100000',
        EASEL_DEV_CREDITS: '0.002',
      },
    });
  }, 600_000);
  afterAll(() => server.stop());

  /**
   * The developer makes pictures until the credits are used up. The administrator has no credits: every address is open and no
   * picture is made. What changes keys comes last, because it ends the keys that are used here.
   */
  test.each([
    {
      holder: 'devKey',
      what: 'all but edits',
      keyLasts: true,
      // Each edit has another process read its pictures: the administrator's are enough.
      which: ['--exclude-path', stream, '--exclude-path', '/v1/images/edits', ...administrators],
      phases: mostPhases,
    },
    {
      holder: 'adminKey',
      what: 'all but administration and /v2',
      keyLasts: true,
      // Without credits /v2 refuses as /v1 does, and the developer asks there too.
      which: [
        '--exclude-path',
        stream,
        '--exclude-path',
        '/v2/playground-v2.5',
        '--exclude-path-regex',
        administration,
      ],
      phases: mostPhases,
    },
    {
      holder: 'adminKey',
      what: 'administration but keys',
      keyLasts: true,
      which: ['--include-path-regex', administration, '--exclude-path', '/api/admin/keys/{id}'],
      phases: mostPhases,
    },
    {
      holder: 'adminKey',
      what: 'keys',
      keyLasts: false,
      which: ['--include-path', '/api/admin/keys/{id}'],
      phases: every,
    },
  ] as const)(
    'finds no reply outside its schema and no failure of the server on any surface, with the $holder: $what',
    async ({ holder, keyLasts, which, phases }) => {
      const cwd = await mkdtemp(join(tmpdir(), 'easel-schemathesis-')); // it keeps what it found there
      onTestFinished(() => rm(cwd, { recursive: true }));
      const args = ['-m', 'schemathesis.cli', 'run', `${server.url}/openapi.json`, '--no-color'];
      const how = [
        '--checks',
        checks.join(','),
        '--phases',
        phases,
        '--max-examples',
        examples,
        '--seed',
        '1',
        '--request-timeout',
        '300',
      ];
      const key = ['--header', `x-api-key: ${server[holder]}`];
      const { stdout } = await promisify(execFile)(python, [...args, ...which, ...how, ...key], {
        cwd,
        maxBuffer: 2 ** 26,
      }).catch((error: Error & { stdout?: string }) => {
        throw new Error(`${error.stdout ?? error.message}\n${server.output()}`);
      });
      expect(stdout).toMatch(/Tested: *\d+/);
      const { status } = await fetch(`${server.url}/api/credits`, { headers: { 'x-api-key': server[holder] } });
      if (keyLasts) expect(status).toBe(200);
    },
    1_800_000,
  );
});
