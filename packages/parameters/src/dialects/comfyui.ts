import { Findings, type PictureSettings } from '../findings.ts';
import { isObject, type JsonObject, own } from '../json.ts';
import {
  type Graph,
  type GraphNode,
  graphOfPrompt,
  graphOfWorkflow,
  linkedNode,
  MAX_NODES,
  upstream,
} from './comfyui-graph.ts';
import { ValueReader } from './comfyui-values.ts';

/** Whether the value is one of ComfyUI's two graphs: the one that is run (`prompt`) or the one in the editor (`workflow`). */
export function isComfyuiGraph(value: JsonObject): boolean {
  if (Array.isArray(own(value, 'nodes')) && Array.isArray(own(value, 'links'))) return true;
  return Object.values(value).some((node) => isObject(node) && isObject(own(node, 'inputs')));
}

/**
 * Follows a ComfyUI graph back from the saved picture to its first sampler, and from there to texts, numbers, size
 * and model. Nodes on the way without a counterpart here are reported.
 */
export function readComfyui(value: JsonObject): PictureSettings {
  const graph = Array.isArray(own(value, 'nodes')) ? graphOfWorkflow(value) : graphOfPrompt(value);
  const findings = new Findings();
  const sampler = graph.size > MAX_NODES ? undefined : firstSampler(graph, findings);
  if (sampler === undefined) {
    const why = graph.size > MAX_NODES ? `it has more than ${MAX_NODES} nodes` : 'no sampler of a known form in it';
    findings.leave('graph', '', why);
    return findings.done('comfyui');
  }
  const values = new ValueReader(graph, findings);
  readPrompts(graph, sampler, values, findings);
  readSampling(graph, sampler, values, findings);
  readLatents(graph, sampler, values, findings);
  readModel(graph, sampler, findings);
  return findings.done('comfyui');
}

function isSampler({ type, inputs }: GraphNode): boolean {
  if (type === 'KSamplerSelect') return false;
  const hasSteps = inputs.has('steps') || inputs.has('sigmas');
  return (
    hasSteps && (inputs.has('positive') || inputs.has('guider') || (inputs.has('sampler_name') && inputs.has('model')))
  );
}

function latentLink({ inputs }: GraphNode): unknown {
  return ['latent_image', 'latent', 'samples', 'image']
    .map((name) => inputs.get(name))
    .find((link) => link !== undefined);
}

const MAX_SAMPLERS = 20;
const MAX_OUTPUTS = 50;

/** A picture may go through several samplers: the first one makes it, the others refine it. */
function firstSampler(graph: Graph, findings: Findings): GraphNode | undefined {
  const outputs = [...graph.values()]
    .filter(({ type, inputs }) => inputs.has('filename_prefix') || /^(Save|Preview)Image/.test(type))
    .slice(0, MAX_OUTPUTS);
  const reached = outputs.map((output) => upstream(graph, output)).find((nodes) => [...nodes].some(isSampler));
  const nodes = reached ?? new Set(graph.values());
  const samplers = [...nodes].filter(isSampler).slice(0, MAX_SAMPLERS);
  const before = (sampler: GraphNode) => upstream(graph, linkedNode(graph, latentLink(sampler)));
  const first = samplers.find((sampler) => ![...before(sampler)].some(isSampler)) ?? samplers[0];
  for (const other of samplers) {
    if (other !== first) findings.leave('further sampler', other.type, 'only the first pass is restored');
  }
  for (const { type } of reached ?? []) {
    if (/upscale|detailer|faceswap|reactor/i.test(type) && !/loader/i.test(type))
      findings.leave('node', type, 'not supported');
  }
  return first;
}

function readPrompts(graph: Graph, sampler: GraphNode, values: ValueReader, findings: Findings): void {
  const source = linkedNode(graph, sampler.inputs.get('guider')) ?? sampler;
  const link = (...names: readonly string[]) =>
    names.map((name) => source.inputs.get(name)).find((each) => each !== undefined);
  const positive = values.conditioning(link('positive', 'conditioning', 'cond1'), 'positive');
  findings.text('prompt', positive);
  const negativeLink = link('negative');
  const negative = values.conditioning(negativeLink, 'negative');
  if (negative !== undefined) findings.set({ negativePrompt: negative });
  else if (negativeLink !== undefined) findings.leave('negative prompt', '', 'not found in the file');
}

function readSampling(graph: Graph, sampler: GraphNode, values: ValueReader, findings: Findings): void {
  const { inputs } = sampler;
  const sigmas = values.nearest(inputs.get('sigmas'), 'steps');
  const guider = linkedNode(graph, inputs.get('guider'));
  const noise = linkedNode(graph, inputs.get('noise'));
  const get = (name: string, ...nodes: readonly (GraphNode | undefined)[]) => {
    const node = nodes.find((each) => each?.inputs.has(name));
    const value = values.constant(
      node?.inputs.get(name),
      [name, 'seed', 'noise_seed'].includes(name) ? ['seed', 'noise_seed'] : [name],
    );
    if (node !== undefined && value === undefined) findings.leave(name, '', 'its value is not in the file');
    return value;
  };
  findings.number('steps', get('steps', sampler, sigmas));
  findings.number('guidanceScale', get('cfg', sampler, guider));
  const seedName = ['seed', 'noise_seed'].find((name) => inputs.has(name) || noise?.inputs.has(name)) ?? 'seed';
  findings.seed(get(seedName, sampler, noise));
  const selected = linkedNode(graph, inputs.get('sampler'));
  findings.sampler(
    get('sampler_name', sampler, selected) ?? selected?.type,
    scheduleOf(inputs.get('scheduler'), sigmas),
  );
  if (Number(inputs.get('start_at_step') ?? 0) > 0)
    findings.leave('start at step', inputs.get('start_at_step'), 'not supported');
  const denoise = values.constant(inputs.get('denoise') ?? sigmas?.inputs.get('denoise'), ['denoise']);
  if (typeof denoise === 'number' && denoise < 1) findings.number('strength', denoise);
}

/** The noise levels by name, or by the node that produces them. */
function scheduleOf(name: unknown, sigmas: GraphNode | undefined): unknown {
  const given = name ?? sigmas?.inputs.get('scheduler');
  return given ?? sigmas?.type.replace(/Scheduler$/, '');
}

function readLatents(graph: Graph, sampler: GraphNode, values: ValueReader, findings: Findings): void {
  const link = latentLink(sampler);
  const nodes = [...upstream(graph, linkedNode(graph, link))];
  if (nodes.some(({ inputs, type }) => inputs.has('pixels') || /^(VAEEncode|LoadImage)/.test(type)))
    findings.startImage();
  else if (findings.settings.strength !== undefined) {
    findings.leave('denoise', findings.settings.strength, 'not supported without a start image');
  }
  const sized = values.nearest(link, 'width', 'height');
  if (sized !== undefined) {
    const side = (name: 'width' | 'height') => values.constant(sized.inputs.get(name), [name]);
    findings.size(side('width'), side('height'));
  }
  const batch = values.nearest(link, 'batch_size')?.inputs.get('batch_size');
  if (typeof batch === 'number' && batch > 1)
    findings.leave('batch', batch, 'which picture of it this is, the file does not say');
}

const modelNames = ['ckpt_name', 'unet_name', 'base_ckpt_name', 'model_name', 'gguf_name'];

/** The chain of nodes that modify the model, back to the one that loads it. */
function readModel(graph: Graph, sampler: GraphNode, findings: Findings): void {
  const guider = linkedNode(graph, sampler.inputs.get('guider'));
  const seen = new Set<GraphNode>();
  let node = linkedNode(graph, sampler.inputs.get('model') ?? guider?.inputs.get('model'));
  while (node !== undefined && !seen.has(node)) {
    seen.add(node);
    const { type, inputs } = node;
    leaveLoras(node, findings);
    const name = modelNames.map((each) => inputs.get(each)).find((each) => typeof each === 'string');
    if (name !== undefined) {
      findings.model(name);
      return;
    }
    const isPassedOn = /reroute|lora/i.test(type) || type === '';
    if (!isPassedOn) findings.leave('node', type, 'not supported');
    node = linkedNode(graph, inputs.get('model') ?? inputs.get('') ?? inputs.get('output 0'));
  }
}

function leaveLoras({ inputs }: GraphNode, findings: Findings): void {
  const plain = inputs.get('lora_name');
  if (typeof plain === 'string' && plain !== 'None') findings.lora(plain, inputs.get('strength_model'));
  for (const [name, value] of inputs) {
    // rgthree's loader has several, each of them enabled or disabled.
    if (/^lora_\d+$/.test(name) && isObject(value) && own(value, 'on') !== false)
      findings.lora(own(value, 'lora'), own(value, 'strength'));
  }
}
