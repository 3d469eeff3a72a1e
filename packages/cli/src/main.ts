#!/usr/bin/env node
import { systemCode } from './cli-error.ts';
import { runCli } from './run-cli.ts';

// `easel … | head` closes the pipe early: there is nobody left to tell.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (systemCode(error) !== 'EPIPE') throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2), process);
// Nothing is under way any more. Should something be left that keeps the process alive, such as a connection that hangs, it ends all the same.
setTimeout(() => process.exit(), 2000).unref();
