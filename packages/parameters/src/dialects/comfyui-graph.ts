import { isObject, type JsonObject, own } from '../json.ts';

export interface GraphNode {
  readonly id: string;
  readonly type: string;
  /** Constants, and links to other nodes' outputs. */
  readonly inputs: ReadonlyMap<string, unknown>;
}

export type Graph = ReadonlyMap<string, GraphNode>;

export type NodeLink = readonly [node: string | number, output: number];

export function isLink(value: unknown): value is NodeLink {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [node, output] = value;
  return (typeof node === 'string' || typeof node === 'number') && typeof output === 'number';
}

export function linkedNode(graph: Graph, link: unknown): GraphNode | undefined {
  return isLink(link) ? graph.get(String(link[0])) : undefined;
}

export function linksOf(node: GraphNode): readonly (readonly [name: string, link: NodeLink])[] {
  return [...node.inputs].flatMap(([name, value]) => (isLink(value) ? [[name, value] as const] : []));
}

/** A graph with more is an attempt to keep the reader busy. */
export const MAX_NODES = 5000;

/** The node and all its dependencies, nearest first. */
export function upstream(graph: Graph, start: GraphNode | undefined): ReadonlySet<GraphNode> {
  const seen = new Set<GraphNode>(start === undefined ? [] : [start]);
  for (const node of seen) {
    for (const [, link] of linksOf(node)) {
      const before = linkedNode(graph, link);
      if (before !== undefined) seen.add(before);
    }
  }
  return seen;
}

/** The graph that ComfyUI keeps under `prompt`: nodes by their ids, each with `class_type` and `inputs`. */
export function graphOfPrompt(value: JsonObject): Graph {
  const graph = new Map<string, GraphNode>();
  for (const [id, node] of Object.entries(value)) {
    if (!isObject(node)) continue;
    const [type, inputs] = [own(node, 'class_type'), own(node, 'inputs')];
    if (!isObject(inputs)) continue;
    graph.set(id, { id, type: typeof type === 'string' ? type : '', inputs: new Map(Object.entries(inputs)) });
  }
  return graph;
}

/** The names of the widgets of common nodes, in the order of their values; `-` is a value that only the editor uses. */
const widgets: Readonly<Record<string, string>> = {
  KSampler: 'seed - steps cfg sampler_name scheduler denoise',
  KSamplerAdvanced: 'add_noise noise_seed - steps cfg sampler_name scheduler start_at_step end_at_step',
  SamplerCustom: 'add_noise noise_seed - cfg',
  RandomNoise: 'noise_seed -',
  KSamplerSelect: 'sampler_name',
  BasicScheduler: 'scheduler steps denoise',
  KarrasScheduler: 'steps sigma_max sigma_min rho',
  ExponentialScheduler: 'steps sigma_max sigma_min',
  CFGGuider: 'cfg',
  FluxGuidance: 'guidance',
  CLIPTextEncode: 'text',
  CLIPTextEncodeSDXL: 'width height crop_w crop_h target_width target_height text_g text_l',
  CLIPTextEncodeFlux: 'clip_l t5xxl guidance',
  CLIPSetLastLayer: 'stop_at_clip_layer',
  EmptyLatentImage: 'width height batch_size',
  EmptySD3LatentImage: 'width height batch_size',
  CheckpointLoaderSimple: 'ckpt_name',
  UNETLoader: 'unet_name weight_dtype',
  LoraLoader: 'lora_name strength_model strength_clip',
  LoraLoaderModelOnly: 'lora_name strength_model',
  ControlNetLoader: 'control_net_name',
  ControlNetApply: 'strength',
  ControlNetApplyAdvanced: 'strength start_percent end_percent',
  PrimitiveNode: 'value -',
  PrimitiveInt: 'value -',
  PrimitiveFloat: 'value',
  PrimitiveString: 'value',
  PrimitiveStringMultiline: 'value',
  SaveImage: 'filename_prefix',
};

/** ComfyUI's editor modes of a node: 2 is muted, 4 is bypassed. */
const MUTED = 2;
const BYPASSED = 4;

interface EditorLink {
  readonly from: NodeLink;
  readonly type: unknown;
}

/** The same graph from what the editor stores under `workflow`: nodes with sockets, and unnamed values. */
export function graphOfWorkflow(value: JsonObject): Graph {
  const links = new Map<unknown, EditorLink>();
  for (const link of listOf(own(value, 'links'))) {
    const parts: readonly unknown[] = Array.isArray(link) ? link : isObject(link) ? linkParts(link) : [];
    const [id, node, output, , , type] = parts;
    if (isLink([node, output])) links.set(id, { from: [String(node), Number(output)], type });
  }
  const graph = new Map<string, GraphNode>();
  for (const node of listOf(own(value, 'nodes'))) {
    if (!isObject(node) || own(node, 'mode') === MUTED) continue;
    const [id, type] = [String(own(node, 'id')), String(own(node, 'type') ?? '')];
    const isPassedBy = own(node, 'mode') === BYPASSED;
    graph.set(id, {
      id,
      type: isPassedBy ? 'Reroute' : type,
      inputs: isPassedBy ? passedBy(node, links) : inputsOf(node, type, links),
    });
  }
  return graph;
}

function linkParts(link: JsonObject): unknown[] {
  return ['id', 'origin_id', 'origin_slot', 'target_id', 'target_slot', 'type'].map((name) => own(link, name));
}

function inputsOf(
  node: JsonObject,
  type: string,
  links: ReadonlyMap<unknown, EditorLink>,
): ReadonlyMap<string, unknown> {
  const inputs = new Map<string, unknown>();
  const sockets = listOf(own(node, 'inputs')).filter(isObject);
  const values = own(node, 'widgets_values');
  if (isObject(values)) for (const [name, value] of Object.entries(values)) inputs.set(name, value);
  const names = Object.hasOwn(widgets, type) ? (widgets[type] ?? '').split(' ') : widgetsOfSockets(sockets);
  for (const [index, value] of listOf(values).entries()) {
    const name = names[index];
    if (name !== undefined && name !== '-') inputs.set(name, value);
  }
  for (const socket of sockets) {
    const link = links.get(own(socket, 'link'));
    if (link !== undefined) inputs.set(String(own(socket, 'name')), link.from);
  }
  return inputs;
}

/** Newer editors have a socket for every widget; a seed is followed by the setting for changing it after a run. */
function widgetsOfSockets(sockets: readonly JsonObject[]): string[] {
  return sockets.flatMap((socket) => {
    const widget = own(socket, 'widget');
    const name = isObject(widget) ? String(own(widget, 'name')) : undefined;
    if (name === undefined) return [];
    return name === 'seed' || name === 'noise_seed' ? [name, '-'] : [name];
  });
}

/** Each output of a bypassed node is its first input of that type; the first linked input stands for all. */
function passedBy(node: JsonObject, links: ReadonlyMap<unknown, EditorLink>): ReadonlyMap<string, unknown> {
  const outputs = listOf(own(node, 'outputs')).filter(isObject);
  const types = outputs.map((output) => own(output, 'type'));
  const found = listOf(own(node, 'inputs'))
    .filter(isObject)
    .map((socket) => links.get(own(socket, 'link')))
    .filter((link) => link !== undefined);
  const inputs = new Map<string, unknown>();
  for (const [output, type] of types.entries()) {
    const link = found.find((each) => each.type === type);
    if (link !== undefined) inputs.set(`output ${output}`, link.from);
  }
  return inputs;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
