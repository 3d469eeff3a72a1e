import type { Claims } from './believable.ts';

type Inputs = Readonly<Record<string, unknown>>;
/** The inputs of each node by its id. A value is a constant, or a link `[id, output]` to another node. */
type Graph = ReadonlyMap<string, Inputs>;

/** Nodes between a sampler and what is looked for: reroutes, loaders of adapters and the like. */
const LONGEST_WAY = 12;

/**
 * Reads the graph that ComfyUI keeps under `prompt`. There is no one place for a prompt in it: the first sampler is asked, and
 * its links are followed to a text, a size and a checkpoint. Graphs with nodes that keep them elsewhere give less.
 */
export function parseComfyui(value: unknown): Claims | null {
  const graph = graphOf(value);
  const sampler = [...graph.values()].find((inputs) => 'positive' in inputs && 'steps' in inputs);
  if (sampler === undefined) return null;
  const follow = (link: unknown, names: readonly string[]) => valueAlong(graph, link, names, LONGEST_WAY);
  const textAlong = (link: unknown) => follow(link, ['text', 'text_g', 'value', 'string', 'conditioning']);
  const latent = inputsAlong(graph, sampler.latent_image, 'width', LONGEST_WAY);
  const checkpoint = follow(sampler.model, ['ckpt_name', 'model']);
  return {
    prompt: textAlong(sampler.positive),
    negativePrompt: textAlong(sampler.negative),
    steps: sampler.steps,
    seed: sampler.seed ?? sampler.noise_seed,
    guidanceScale: sampler.cfg,
    width: latent?.width,
    height: latent?.height,
    sampler: sampler.sampler_name,
    model: typeof checkpoint === 'string' ? checkpoint.replace(/\.\w+$/, '') : undefined,
  };
}

function graphOf(value: unknown): Graph {
  const graph = new Map<string, Inputs>();
  if (!isObject(value)) return graph;
  for (const [id, node] of Object.entries(value))
    if (isObject(node) && isObject(node.inputs)) graph.set(id, node.inputs);
  return graph;
}

/** The first constant among the named inputs, over as many links as it takes. */
function valueAlong(graph: Graph, link: unknown, names: readonly string[], way: number): unknown {
  const inputs = linked(graph, link);
  if (inputs === undefined || way === 0) return undefined;
  for (const name of names) {
    const value = inputs[name];
    if (value === undefined) continue;
    return isLink(value) ? valueAlong(graph, value, names, way - 1) : value;
  }
  return undefined;
}

/** The inputs of the first node on the way that has the one looked for. */
function inputsAlong(graph: Graph, link: unknown, name: string, way: number): Inputs | undefined {
  const inputs = linked(graph, link);
  if (inputs === undefined || way === 0 || (name in inputs && !isLink(inputs[name]))) return inputs;
  return inputsAlong(graph, inputs.samples ?? inputs.latent_image, name, way - 1);
}

function linked(graph: Graph, link: unknown): Inputs | undefined {
  return isLink(link) ? graph.get(String(link[0])) : undefined;
}

function isLink(value: unknown): value is readonly [string | number, unknown] {
  return Array.isArray(value) && value.length === 2;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
