import { expect, test } from 'vitest';
import { defaultDataDir } from './default-data-dir.ts';

const user = 1000;

test('EASEL_DATA_DIR comes first, as an absolute path', () => {
  expect(defaultDataDir({ EASEL_DATA_DIR: '/srv/easel', XDG_DATA_HOME: '/xdg' }, 0)).toBe('/srv/easel');
  expect(defaultDataDir({ EASEL_DATA_DIR: 'here' }, user)).toBe(`${process.cwd()}/here`);
});

test('root keeps its data where other accounts can reach them', () => {
  expect(defaultDataDir({ HOME: '/root', XDG_DATA_HOME: '/root/.local/share', EASEL_DATA_DIR: '' }, 0)).toBe(
    '/var/lib/easel',
  );
});

test('a user’s data are where the XDG specification says', () => {
  expect(defaultDataDir({ HOME: '/home/ada', XDG_DATA_HOME: '/data' }, user)).toBe('/data/easel');
  expect(defaultDataDir({ HOME: '/home/ada', XDG_DATA_HOME: 'relative' }, user)).toBe('/home/ada/.local/share/easel');
  expect(defaultDataDir({ HOME: '/home/ada' }, user)).toBe('/home/ada/.local/share/easel');
});
