import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { samplerNames } from '@easel/contract/fields';
import { describe, expect, it } from 'vitest';
import { runEasel, temporaryFolder } from './run-easel.ts';

const installed = (shell: string) => spawnSync(shell, ['--version']).status === 0;

async function scriptIn(folder: string, shell: string): Promise<string> {
  const { status, stdout } = await runEasel(['completion', shell], { cwd: folder });
  expect(status).toBe(0);
  const path = join(folder, `easel.${shell}`);
  writeFileSync(path, stdout);
  return path;
}

describe.skipIf(!installed('bash'))('completion in bash', () => {
  it('offers commands, options, and what an option takes', async () => {
    const cwd = temporaryFolder();
    const path = await scriptIn(cwd, 'bash');
    const complete = (...words: string[]) => {
      const script =
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _easel 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"';
      const { stdout } = spawnSync('bash', ['--norc', '-c', script, 'bash', path, ...words], { cwd, encoding: 'utf8' });
      return stdout.trimEnd().split('\n');
    };
    expect(complete('easel', 'ge')).toEqual(['generate']);
    expect(complete('easel', 'generate', '--sc')).toEqual(['--scheduler']);
    expect(complete('easel', 'generate', '--scheduler', '')).toEqual([...samplerNames]);
    expect(complete('easel', 'keys', 'c')).toEqual(['create']);
    expect(complete('easel', 'keys', 'create', 'web', '--sco')).toEqual(['--scopes']);
    expect(complete('easel', 'generate', '-o', 'easel.')).toEqual(['easel.bash']);
    expect(complete('./easel', 'help', 'ser')).toEqual(['serve']);
  });
});

describe.skipIf(!installed('zsh'))('completion in zsh (needs zsh)', () => {
  it('offers what bash is offered', async () => {
    const cwd = temporaryFolder();
    const path = await scriptIn(cwd, 'zsh');
    const script =
      'compdef() { : }; source "$1"; shift; compadd() { shift; print -rl -- "$@" }; words=("$@"); CURRENT=$#; _easel';
    const complete = (...words: string[]) =>
      spawnSync('zsh', ['-f', '-c', script, 'zsh', path, ...words], { cwd, encoding: 'utf8' })
        .stdout.trimEnd()
        .split('\n');
    expect(complete('easel', 'generate', '--scheduler', '')).toEqual([...samplerNames]);
    expect(complete('easel', 'keys', '')).toEqual(expect.arrayContaining(['create', 'list', 'revoke']));
  });
});

describe.skipIf(!installed('fish'))('completion in fish (needs fish)', () => {
  it('offers commands, options, and what an option takes', async () => {
    const cwd = temporaryFolder();
    const path = await scriptIn(cwd, 'fish');
    const complete = (line: string) => {
      const args = ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', path, line];
      const { stdout } = spawnSync('fish', args, { cwd, encoding: 'utf8' });
      return stdout
        .trimEnd()
        .split('\n')
        .map((row) => row.split('\t')[0]);
    };
    expect(complete('easel ge')).toEqual(['generate']);
    expect(complete('easel generate --scheduler ')).toEqual(samplerNames.toSorted()); // fish sorts them
    expect(complete('easel keys create --sco')).toEqual(['--scopes']);
  });
});

describe('completion', () => {
  it('knows every option that the help of generate lists', async () => {
    const cwd = temporaryFolder();
    const { stdout: help } = await runEasel(['generate', '--help'], { cwd });
    const options = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z0-9-]+)/gm)].map(([, name]) => name ?? '');
    expect(options.length).toBeGreaterThan(30);
    for (const shell of ['bash', 'zsh']) {
      const script = readFileSync(await scriptIn(cwd, shell), 'utf8');
      for (const option of options) expect(script, shell).toContain(option);
    }
  });

  it('is refused for a shell that it does not know', async () => {
    const { status, stderr } = await runEasel(['completion', 'tcsh'], { cwd: temporaryFolder() });
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('bash, zsh, fish') });
  });
});
