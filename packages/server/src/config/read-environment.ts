import { ConfigError } from './config-error.ts';
import { type Setting, settings } from './setting.ts';
import type { SettingTree } from './setting-tree.ts';
import { putSetting } from './setting-tree.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings that the environment has. An empty variable counts as absent. */
export function readEnvironment(env: Environment): SettingTree {
  const tree: SettingTree = {};
  for (const setting of settings) {
    const text = env[setting.variable];
    if (text !== undefined && text !== '') putSetting(tree, setting.path, readAs(setting, text));
  }
  return tree;
}

/** Text in the setting's own type; what does not read as that stays text, so that validation says what is wrong. */
function readAs({ schema, variable }: Setting, text: string): unknown {
  switch (typeOf(schema)) {
    case 'boolean':
      return booleans.get(text.toLowerCase()) ?? text;
    case 'number':
    case 'integer':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'array':
      return text.split(',').map((part) => part.trim());
    case 'object':
      return parseObject(variable, text);
    default:
      return text;
  }
}

const booleans = new Map([
  ['1', true],
  ['true', true],
  ['0', false],
  ['false', false],
]);

/** The type of the schema, or of the first alternative: settings that may be null are a union with their real type first. */
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
