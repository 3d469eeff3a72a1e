import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** One instruction: https://docs.docker.com/reference/dockerfile/ */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Of a Dockerfile without here-documents and parser directives. */
export function readDockerfile(text: string): Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '');
  return lines.split('\n').flatMap((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return name === undefined || rest === undefined ? [] : [{ name, text: rest.trim() }];
  });
}

/** A stage as it is built: its root folder, and what its later instructions have set. */
export interface Stage {
  readonly root: string;
  readonly env: Record<string, string>;
  workdir: string;
  user: string;
  command: { entrypoint: string[]; arguments: string[]; health: string[] };
}

/** What the steps of a stage are built from. */
export interface Sources {
  /** Makes the root folder of a base image. */
  readonly base: (image: string, folder: string) => void;
  /** The files that a build is sent. */
  readonly context: string;
  /** Is told of each instruction. */
  readonly report: (line: string) => void;
  /** Variables of RUN alone: how this machine reaches the registries. */
  readonly network: Readonly<Record<string, string>>;
}

/** Carries out the instructions in folders below `folder`, as root, with chroot. @returns the last stage */
export function buildStages(instructions: readonly Instruction[], folder: string, sources: Sources): Stage {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const { name, text } of instructions) {
    sources.report(`${name} ${text.slice(0, 120)}`);
    if (name === 'FROM') {
      const [image = '', , alias = `stage ${stages.size}`] = text.split(/\s+/);
      stage = newStage(join(folder, alias));
      sources.base(image, stage.root);
      stages.set(alias, stage);
    } else if (stage === undefined) throw new Error(`${name} before FROM`);
    else if (name === 'COPY') copy(stage, text, sources.context, stages);
    else if (name === 'RUN') execute(stage, text, sources.network);
    else set(stage, name, text);
  }
  if (stage === undefined) throw new Error('the Dockerfile has no stage');
  return stage;
}

const newStage = (root: string): Stage => ({
  root,
  env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  workdir: '/',
  user: 'root',
  command: { entrypoint: [], arguments: [], health: [] },
});

function copy(stage: Stage, text: string, context: string, stages: ReadonlyMap<string, Stage>): void {
  const [, from, source = '', target = ''] = /^(?:--from=(\S+)\s+)?(\S+)\s+(\S+)$/.exec(text) ?? [];
  const origin = from === undefined ? context : stages.get(from)?.root;
  if (origin === undefined) throw new Error(`COPY from ${from}, which is no stage`);
  const into = join(stage.root, target.startsWith('/') ? target : join(stage.workdir, target));
  cpSync(join(origin, source), into, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

function execute(stage: Stage, command: string, network: Readonly<Record<string, string>>): void {
  const script = `mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" sh -c "cd '${stage.workdir}' && $1"`;
  execFileSync('unshare', ['--mount', 'sh', '-c', script, stage.root, command], {
    env: { ...stage.env, ...network, HOME: '/root' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** @throws Error on an instruction that this cannot carry out */
function set(stage: Stage, name: string, text: string): void {
  const list = (): string[] => JSON.parse(text.slice(text.indexOf('[')));
  if (name === 'ENV') for (const [, key = '', value = ''] of text.matchAll(/(\w+)=(\S+)/g)) stage.env[key] = value;
  else if (name === 'WORKDIR') {
    stage.workdir = text;
    mkdirSync(join(stage.root, text), { recursive: true });
  } else if (name === 'USER') stage.user = text;
  else if (name === 'ENTRYPOINT') stage.command.entrypoint = list();
  else if (name === 'CMD') stage.command.arguments = list();
  else if (name === 'HEALTHCHECK') stage.command.health = list();
  else if (!['VOLUME', 'EXPOSE', 'STOPSIGNAL'].includes(name)) throw new Error(`${name} is not known here`);
}

/** Removes what .dockerignore keeps from a build: names, folders, and `**` before them. */
export function applyDockerignore(context: string, patterns: string): void {
  for (const pattern of patterns.split('\n').filter((line) => line !== ''))
    for (const found of globSync(pattern, { cwd: context })) rmSync(join(context, found), { recursive: true });
  if (!existsSync(join(context, 'package.json'))) throw new Error('.dockerignore leaves nothing to build');
}
