import type { Findings } from '../findings.ts';
import { type Graph, type GraphNode, isLink, linkedNode, linksOf, upstream } from './comfyui-graph.ts';

/** The most nodes between a sampler and a value; more means a cycle, or a graph made to be followed forever. */
const MAX_PATH_LENGTH = 60;
const MAX_VISITS = 3000;
const MAX_TEXT_LENGTH = 100_000;

export type Role = 'positive' | 'negative';

/** Where nodes that encode or produce a text store it. */
const textNames = [
  'populated_text',
  'text',
  'text_l',
  'clip_l',
  'string',
  'value',
  'prompt',
  'wildcard_text',
  't5xxl',
  'text_g',
  'clip_g',
  'String',
  'STRING',
  'bert',
];
/** Inputs that do not carry text. */
const notText =
  /^(clip|clip_vision|model|vae|image|pixels|control_net|mask|latent|latent_image|samples|seed|noise|sigmas|sampler|guider|basic_pipe)$/;

/** Reads values of a graph along its links, and records unsupported nodes on the way. */
export class ValueReader {
  readonly #graph: Graph;
  readonly #findings: Findings;
  readonly #clips = new Set<GraphNode>();
  #visits = 0;

  constructor(graph: Graph, findings: Findings) {
    this.#graph = graph;
    this.#findings = findings;
  }

  #mayVisit(way: number): boolean {
    return way < MAX_PATH_LENGTH && this.#visits++ < MAX_VISITS;
  }

  /**
   * The text of a conditioning. null: it was zeroed, which means no prompt. undefined: not found.
   */
  conditioning(link: unknown, role: Role, way = 0): string | null | undefined {
    const node = linkedNode(this.#graph, link);
    if (node === undefined || !isLink(link) || !this.#mayVisit(way)) return undefined;
    if (node.type === 'ConditioningZeroOut') return null;
    const passedBy = node.inputs.get(`output ${link[1]}`);
    if (passedBy !== undefined) return this.conditioning(passedBy, role, way + 1);
    this.#nameUnsupported(node);
    const follow = (name: string) => this.conditioning(node.inputs.get(name), role, way + 1);
    const both = conditioningPair(node);
    if (both !== undefined) {
      const [first, second] = both.map(follow);
      if (first && second) this.#findings.leave('combined prompts', node.type, 'their texts are joined by a comma');
      return first && second ? unlessTooLong(`${first}, ${second}`) : (first ?? second);
    }
    if (isLink(node.inputs.get('conditioning'))) return follow('conditioning');
    const branch = branchOf(node, link[1], role);
    if (branch !== undefined && isLink(node.inputs.get(branch))) {
      const words = follow(branch);
      if (words !== undefined) return words;
    }
    const words = this.#encodedText(node, role, way);
    if (words !== undefined) return words;
    for (const [name, next] of linksOf(node)) {
      const found = notText.test(name) ? undefined : this.conditioning(next, role, way + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** SDXL's node has one text per encoder. */
  #encodedText(node: GraphNode, role: Role, way: number): string | undefined {
    const [first, second] = ['text_l', 'text_g'].map((name) => this.text(node.inputs.get(name), role, way + 1));
    if (first && second && first !== second) {
      this.#findings.text(role === 'positive' ? 'prompt2' : 'negativePrompt2', second);
      return first;
    }
    return first || second || this.#textOf(node, 0, role, way);
  }

  /** A constant text, or one from other nodes. */
  text(value: unknown, role: Role, way = 0): string | undefined {
    if (typeof value === 'string') return unlessTooLong(value);
    const node = linkedNode(this.#graph, value);
    if (node === undefined || !isLink(value) || !this.#mayVisit(way)) return undefined;
    return this.#textOf(node, value[1], role, way);
  }

  #textOf(node: GraphNode, output: number, role: Role, way: number): string | undefined {
    if (/concat|join|combine|append/i.test(node.type)) {
      const joined = this.#joined(node, role, way);
      if (joined !== undefined) return joined;
    }
    const passedBy = node.inputs.get(`output ${output}`);
    if (passedBy !== undefined) return this.text(passedBy, role, way + 1);
    const styled = `text_${output === 0 ? 'positive' : output === 1 ? 'negative' : role}`;
    const branch = branchOf(node, output, role);
    const names = [styled, `text_${role}`, ...textNames, ...(branch === undefined ? [] : [branch])];
    for (const name of names) {
      const value = node.inputs.get(name);
      const text = value === undefined ? undefined : this.text(value, role, way + 1);
      if (text !== undefined) return text;
    }
    for (const [name, link] of linksOf(node)) {
      const text = notText.test(name) ? undefined : this.text(link, role, way + 1);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  #joined(node: GraphNode, role: Role, way: number): string | undefined {
    const isPart = /^(?:string|text|prompt|str|input|value)s?[ _-]?(?:[a-z]|\d{1,3})$/i;
    const parts = [...node.inputs]
      .filter(([name]) => isPart.test(name))
      .map(([, value]) => this.text(value, role, way + 1));
    const found = parts.flatMap((part) => (part === undefined || part === '' ? [] : [part]));
    if (found.length === 0 || found.reduce((total, part) => total + part.length, 0) > MAX_TEXT_LENGTH) return undefined;
    if (parts.includes(undefined)) this.#findings.leave('part of the prompt', node.type, 'its text is not in the file');
    const delimiter = node.inputs.get('delimiter') ?? node.inputs.get('separator') ?? '';
    return unlessTooLong(found.join(typeof delimiter === 'string' ? delimiter.replaceAll('\\n', '\n') : ''));
  }

  /** A number or a list entry, constant or from another node. */
  constant(value: unknown, names: readonly string[], way = 0): unknown {
    if (!isLink(value)) return value;
    const node = linkedNode(this.#graph, value);
    if (node === undefined || !this.#mayVisit(way)) return undefined;
    for (const name of [...names, 'value', 'number', 'int', 'float', 'Value', 'INT', 'a', `output ${value[1]}`]) {
      const found = node.inputs.get(name);
      const constant = found === undefined ? undefined : this.constant(found, names, way + 1);
      if (constant !== undefined && typeof constant !== 'object') return constant;
    }
    const [only, ...others] = linksOf(node);
    return only !== undefined && others.length === 0 ? this.constant(only[1], names, way + 1) : undefined;
  }

  /** The nearest dependency of a link that has all of these inputs. */
  nearest(link: unknown, ...names: readonly string[]): GraphNode | undefined {
    const nodes = [...upstream(this.#graph, linkedNode(this.#graph, link))];
    return nodes.find(({ inputs }) => names.every((name) => inputs.has(name)));
  }

  /** What a node between a conditioning and its text requests. */
  #nameUnsupported(node: GraphNode): void {
    const { type, inputs } = node;
    const clip = linkedNode(this.#graph, inputs.get('clip'));
    const isNew = clip !== undefined && !this.#clips.has(clip);
    if (isNew) this.#clips.add(clip);
    for (const before of isNew ? upstream(this.#graph, clip) : []) {
      if (before.inputs.has('stop_at_clip_layer'))
        this.#findings.leave('clip skip', before.inputs.get('stop_at_clip_layer'), 'not supported');
    }
    if (inputs.has('control_net') || /ControlNet/i.test(type)) {
      const net = this.nearest(inputs.get('control_net'), 'control_net_name')?.inputs.get('control_net_name');
      this.#findings.leave('ControlNet', net ?? type, 'not supported');
    } else if (inputs.has('guidance') && /Guidance/.test(type)) {
      this.#findings.leave('distilled guidance', inputs.get('guidance'), 'not supported');
    } else if (inputs.has('conditioning')) this.#findings.leave('node', type, 'not supported');
  }
}

function conditioningPair({ inputs }: GraphNode): readonly [string, string] | undefined {
  const pairs = [
    ['conditioning_1', 'conditioning_2'],
    ['conditioning_to', 'conditioning_from'],
    ['conditioning1', 'conditioning2'],
  ] as const;
  return pairs.find(([first, second]) => isLink(inputs.get(first)) && isLink(inputs.get(second)));
}

/** The input that an output corresponds to on a node that passes both conditionings through, such as a ControlNet's. */
function branchOf({ inputs, type }: GraphNode, output: number, role: Role): Role | undefined {
  if (!inputs.has('positive') && !inputs.has('negative')) return undefined;
  // The first output of loaders that encode as well is the model.
  if (inputs.has('ckpt_name') || /loader/i.test(type)) return role;
  return output === 0 ? 'positive' : output === 1 ? 'negative' : role;
}

function unlessTooLong(text: string): string | undefined {
  return text.length > MAX_TEXT_LENGTH ? undefined : text;
}
