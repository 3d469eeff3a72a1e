import { readFileSync } from 'node:fs';
import type { PinnedWheel } from '../../src/device/cuda-packages.ts';
import { runCli } from '../../src/run-cli.ts';

// The command `easel`, but `device install cuda` installs the packages of a file: `small-packages.ts PACKAGES.json ARGUMENT…`
const [file = '', ...args] = process.argv.slice(2);
const packages: PinnedWheel[] = JSON.parse(readFileSync(file, 'utf8'));
process.exitCode = await runCli(args, process, packages);
