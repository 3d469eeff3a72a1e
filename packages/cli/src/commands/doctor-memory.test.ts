import { expect, test } from 'vitest';
import { tellCards, tellModelMemory } from './doctor-memory.ts';

const need = (use: 'small' | 'normal' | 'large', peakBytes: number, outcome: 'fits' | 'rereads' | 'fails') => ({
  use,
  peakBytes,
  outcome,
});

test('graphics cards are listed by number, with their memory where it is known', () => {
  const cards = [
    { index: 0, name: 'NVIDIA A10', address: '0000:01:00.0', memoryBytes: 24.15e9 },
    { index: 1, name: 'AMD 1002:73ff', address: '0000:03:00.0' },
  ];
  expect(tellCards(cards)).toEqual({
    detail: '0: NVIDIA A10 (24.1 GB), 1: AMD 1002:73ff',
    values: { count: 2, card0: 'NVIDIA A10', card1: 'AMD 1002:73ff' },
  });
  expect(tellCards([])).toEqual({ absent: true, detail: 'no graphics card was found', values: { count: 0 } });
});

test('a machine with enough memory is told what each precision needs', () => {
  const exact = need('large', 10.9e9, 'fits');
  const int8 = need('large', 7.7e9, 'fits');
  expect(tellModelMemory({ availableBytes: 25.3e9, exact, int8 })).toMatchObject({
    ok: true,
    detail: 'on the CPU exact needs 10.9 GB (memory large); int8 needs 7.7 GB (memory large); there are 25.3 GB',
  });
});

test('with less memory than weights it is told what happens, and it is a problem only if int8 does not fit either', () => {
  const exact = need('small', 6.4e9, 'rereads');
  const fitting = tellModelMemory({ availableBytes: 5e9, exact, int8: need('small', 4.2e9, 'fits') });
  expect(fitting.ok).toBe(true);
  expect(fitting.detail).toContain('exact needs 6.4 GB (memory small), less than it needs: each pass reads weights');
  const failing = tellModelMemory({ availableBytes: 3e9, exact, int8: need('small', 4.2e9, 'fails') });
  expect(failing.ok).toBe(false);
  expect(failing.detail).toContain('int8 needs 4.2 GB (memory small), too little: the system would end the process');
  expect(failing.remedy).toContain('int8');
});
