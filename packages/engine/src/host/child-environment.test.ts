import { expect, test } from 'vitest';
import { childEnvironment } from './child-environment.ts';

test('keys, secrets and addresses of databases do not reach the engine, and what it works with does', () => {
  const secrets = {
    EASEL_ADMIN_KEY: 'SG_0123456789abcdef',
    EASEL_DEV_KEY: 'SG_0123456789abcdef',
    EASEL_API_KEY: 'SG_0123456789abcdef',
    EASEL_SECRET: 'secret',
    DATABASE_URL: 'postgres://u:pw@h/d',
    PGPASSWORD: 'pw',
    AWS_SECRET_ACCESS_KEY: 'secret',
    SOME_TOKEN: 'secret',
  };
  const needed = { PATH: '/bin', HOME: '/h', TZ: 'UTC', LC_ALL: 'C', OMP_NUM_THREADS: '2', LD_LIBRARY_PATH: '/l' };
  expect(childEnvironment({ ...secrets, ...needed, MALLOC_MMAP_THRESHOLD_: '7' })).toEqual({
    ...needed,
    MALLOC_MMAP_THRESHOLD_: '7',
    ORT_DISABLE_TELEMETRY: '1',
  });
});
