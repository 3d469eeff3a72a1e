import { describe, expect, test } from 'vitest';
import { crashError } from './exit-report.ts';

describe('the error of a child that died', () => {
  test('SIGKILL from outside is explained by a lack of memory', () => {
    const error = crashError({ code: null, signal: 'SIGKILL' }, []);
    expect(error.code).toBe('engine_crashed');
    expect(error.message).toMatch(/SIGKILL.*memory/);
  });

  test('an interrupt from the terminal is a cancellation', () => {
    expect(crashError({ code: null, signal: 'SIGINT' }, []).code).toBe('cancelled');
    expect(crashError({ code: null, signal: 'SIGHUP' }, []).code).toBe('cancelled');
    expect(crashError({ code: null, signal: 'SIGTERM' }, []).code).toBe('engine_crashed');
  });

  test('the message quotes the line that names the error, the cause has all lines', () => {
    const lines = [
      'loading',
      "terminate called after throwing 'bad_alloc'",
      '    at run (x.ts:1:1)',
      'Node.js v24.0.0',
    ];
    const error = crashError({ code: null, signal: 'SIGABRT' }, lines);
    expect(error.message).toBe(
      "the engine's process crashed (SIGABRT). It said: terminate called after throwing 'bad_alloc'",
    );
    expect(error.cause).toMatchObject({ message: lines.join('\n') });
  });

  test('a stack trace alone is not quoted', () => {
    const error = crashError({ code: 134, signal: null }, [
      '----- Native stack trace -----',
      ' 1: 0x931db0',
      '2: main',
    ]);
    expect(error.message).toBe("the engine's process ended by itself (exit code 134).");
  });

  test('a process that could not be started says why', () => {
    const error = crashError({ code: null, signal: null, spawnError: new Error('spawn EAGAIN') }, []);
    expect(error.message).toContain('could not be started: spawn EAGAIN');
  });
});
