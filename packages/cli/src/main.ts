#!/usr/bin/env -S node --max-semi-space-size=4
// With the usual young generation a server would take 100 MB more, and keep it.
import { systemCode } from '@easel/errors';

/** As in package.json: the syntax in use (`using`) needs it. */
const MIN_NODE = 24;

// `easel … | head` closes the pipe early: there is no reader left.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (systemCode(error) !== 'EPIPE') throw error;
  });
}

if (Number.parseInt(process.versions.node, 10) < MIN_NODE) {
  console.error(
    `easel: Node.js ${MIN_NODE} or newer is needed (this is ${process.version}): install it from https://nodejs.org`,
  );
  process.exitCode = 1;
} else {
  // Loaded here, because an older Node.js cannot even read it.
  const { runCli } = await import('./run-cli.ts');
  process.exitCode = await runCli(process.argv.slice(2), process);
}
// The work is done. If something still keeps the process alive, such as a hanging connection, exit anyway.
setTimeout(() => process.exit(), 2000).unref();
