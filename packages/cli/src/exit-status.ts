/** The statuses that the command ends with; docs/cli.md and `easel --help` list them for scripts. */
export const exitStatus = {
  ok: 0,
  failed: 1,
  usage: 2,
  model: 3,
  output: 4,
  server: 5,
  // 128 + the signal's number, as shells have it.
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];
