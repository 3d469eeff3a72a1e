import { isRecord } from '@easel/contract';
import { nearMiss } from '@easel/errors';
import { ConfigError } from './config-error.ts';
import { putSetting, type Setting, type SettingTree, settings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of commands, the engine or clients, which are not settings of the server. */
const otherVariables: readonly string[] = [
  'EASEL_MODELS_DIR',
  'EASEL_LORAS_DIR',
  'EASEL_DEVICES_DIR',
  'EASEL_DEBUG',
  'EASEL_SERVER',
  'EASEL_API_KEY',
];

/**
 * Variables that Kubernetes and Docker set for services whose names begin with `easel`: EASEL_SERVICE_HOST, EASEL_PORT=tcp://10.0.0.1:80,
 * EASEL_PORT_8400_TCP_ADDR … (Kubernetes: "Discovering services"; Docker: legacy container links).
 */
const serviceLink =
  /^EASEL_(?:.+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;
const serviceAddress = /^(?:tcp|udp|sctp):\/\//;

function isServiceLink(name: string, value = ''): boolean {
  return serviceLink.test(name) || (/^EASEL_(?:.+_)?PORT$/.test(name) && serviceAddress.test(value));
}

/**
 * Reads the settings from the environment. Empty variables count as absent.
 *
 * @throws ConfigError for an unknown variable that begins with EASEL_
 */
export function readEnvironment(given: Environment): SettingTree {
  const env = Object.fromEntries(Object.entries(given).filter(([name, value]) => !isServiceLink(name, value)));
  refuseUnknown(env);
  const tree: SettingTree = {};
  for (const setting of settings) {
    const text = env[setting.variable];
    if (text !== undefined && text !== '') putSetting(tree, setting.path, readAs(setting, text));
  }
  return tree;
}

function refuseUnknown(env: Environment): void {
  const known = [...settings.map(({ variable }) => variable), ...otherVariables];
  for (const [name, value = ''] of Object.entries(env)) {
    if (!name.startsWith('EASEL_') || value === '' || known.includes(name)) continue;
    if (name === 'EASEL_DATABASE_URL') {
      throw new ConfigError(`${name} is not read`, { remedy: 'set DATABASE_URL instead, without EASEL_' });
    }
    const meant = nearMiss(name, known);
    throw new ConfigError(`the variable ${name} is not a setting of Easel`, {
      remedy: meant === undefined ? 'unset it; docs/operations.md lists the settings' : `did you mean ${meant}?`,
    });
  }
}

/** Converts text to the type of the setting; text that cannot be converted is kept, so that validation explains what is wrong. */
function readAs({ schema, variable }: Setting, text: string): unknown {
  if (hasLiteral(schema, text)) return text;
  // A name or a path, or an object where one can be given instead.
  if (hasObject(schema) && text.trimStart().startsWith('{')) return parseObject(variable, text);
  switch (typeOf(schema)) {
    case 'boolean':
      return booleans.get(text.toLowerCase()) ?? text;
    case 'number':
    case 'integer':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'array':
      return readList(schema, text);
    case 'object':
      return parseObject(variable, text);
    default:
      return text;
  }
}

/** Whether the text is one of the words that a union allows beside other types. */
function hasLiteral(schema: object, text: string): boolean {
  if (!('anyOf' in schema) || !Array.isArray(schema.anyOf)) return false;
  return schema.anyOf.some((member: unknown) => isRecord(member) && member.const === text);
}

function hasObject(schema: object): boolean {
  if (!('anyOf' in schema) || !Array.isArray(schema.anyOf)) return false;
  return schema.anyOf.some((member: unknown) => isRecord(member) && member.type === 'object');
}

/** A list; of numbers where the first member of its union is one. Words among them are kept as they are, so that validation tells all that is allowed. */
function readList(schema: object, text: string): unknown {
  const parts = text.split(',').map((part) => part.trim());
  const [list]: unknown[] = 'anyOf' in schema && Array.isArray(schema.anyOf) ? schema.anyOf : [schema];
  if (!(isRecord(list) && isRecord(list.items) && list.items.type === 'integer')) return parts;
  return parts.every((part) => /^\d+$/.test(part)) ? parts.map(Number) : text;
}

const booleans = new Map([
  ['1', true],
  ['true', true],
  ['0', false],
  ['false', false],
]);

/** The type of a schema; of a union, which nullable settings are, that of its first member. */
function typeOf(schema: object): unknown {
  if ('anyOf' in schema && Array.isArray(schema.anyOf)) return typeOf(schema.anyOf[0]);
  return 'type' in schema ? schema.type : undefined;
}

function parseObject(variable: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${variable} must be a JSON object such as {"slug": "/path"}`, { cause });
  }
}
