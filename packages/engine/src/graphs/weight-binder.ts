import { relative } from 'node:path';
import { EngineError } from '../errors.ts';
import type { ElementType } from '../onnx/elements.ts';
import type { GraphBuilder, Value } from '../onnx/graph-builder.ts';
import type { Dtype, TensorInfo, TensorTable } from '../weights/safetensors.ts';
import { rowsOf } from '../weights/tensor-views.ts';

const ELEMENT_TYPES: Partial<Record<Dtype, ElementType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

export interface WeightView {
  /** Declare the same elements under another shape, e.g. a norm's [C] as [C, 1, 1] to broadcast over pixels. */
  readonly as?: readonly number[];
  /** Only the rows [begin, end) of the first dimension. */
  readonly rows?: readonly [begin: number, end: number];
}

/**
 * Gives a graph its weights by name. Nothing is read: a weight becomes ONNX external data that points into the
 * checkpoint's own file. Asking checks presence, shape and type, so building a graph is checking a checkpoint.
 */
export class WeightBinder {
  readonly #graph: GraphBuilder;
  readonly #tensors: TensorTable;
  readonly #folder: string;
  readonly #onProblem: (problem: EngineError) => void;
  readonly #bound = new Map<string, Value>();

  /**
   * @param folder that the session resolves external data against; every weight file must lie below it
   * @param onProblem called for a missing or unusable tensor; the default throws, an inspection collects
   */
  constructor(graph: GraphBuilder, tensors: TensorTable, folder: string, onProblem = throwIt) {
    this.#graph = graph;
    this.#tensors = tensors;
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  isTransposed(name: string): boolean {
    return this.#tensors.get(name)?.transposed === true;
  }

  /** The weight as float32. */
  get(name: string, shape: readonly number[], view: WeightView = {}): Value {
    const key = `${name}${view.rows ? `[${view.rows}]` : ''}${view.as ? `{${view.as}}` : ''}`;
    return this.#remember(key, () => {
      const stored = this.#bind(key, name, shape, view);
      return this.#tensors.get(name)?.dtype === 'F32' ? stored : this.#graph.widen(stored);
    });
  }

  /** Some rows of a table, gathered as stored and then widened: a whole vocabulary is never widened. */
  gather(name: string, shape: readonly number[], indices: Value): Value {
    const table = this.#remember(`${name}:stored`, () => this.#bind(`${name}:stored`, name, shape, {}));
    const rows = this.#graph.node('Gather', [table, indices], [...indices.shape, ...shape.slice(1)]);
    const attributes = { to: 1 };
    return this.#graph.node('Cast', [rows], rows.shape, { attributes });
  }

  #bind(key: string, name: string, shape: readonly number[], view: WeightView): Value {
    const tensor = this.#tensors.get(name);
    const type = tensor && ELEMENT_TYPES[tensor.dtype];
    const problem = problemOf(name, shape, tensor);
    if (problem) this.#onProblem(problem);
    if (problem || !tensor || !type) return { name: key, shape: view.as ?? shape };
    const part = view.rows ? rowsOf(tensor, ...view.rows) : tensor;
    const stored = tensor.transposed ? part.shape.toReversed() : part.shape;
    const { offset, byteLength } = part;
    const location = relative(this.#folder, part.file);
    return this.#graph.external(key, view.as ?? stored, type, { location, offset, byteLength });
  }

  #remember(key: string, make: () => Value): Value {
    const known = this.#bound.get(key);
    if (known) return known;
    const value = make();
    this.#bound.set(key, value);
    return value;
  }
}

function problemOf(name: string, shape: readonly number[], tensor: TensorInfo | undefined): EngineError | undefined {
  if (!tensor) {
    const message = `the tensor ${name} [${shape}] is missing; the checkpoint is incomplete or of another architecture`;
    return new EngineError('tensor_missing', message, { details: { tensor: name } });
  }
  const details = { file: tensor.file, tensor: name };
  if (tensor.shape.length !== shape.length || tensor.shape.some((side, axis) => side !== shape[axis])) {
    const message = `${tensor.file}: the tensor ${name} has the shape [${tensor.shape}] where the configuration asks for [${shape}]; use the configuration that belongs to these weights`;
    return new EngineError('tensor_shape', message, { details });
  }
  if (!ELEMENT_TYPES[tensor.dtype]) {
    const message = `${tensor.file}: the tensor ${name} has the type ${tensor.dtype}; use fp16, bf16 or fp32 weights`;
    return new EngineError('tensor_dtype', message, { details });
  }
  return undefined;
}

function throwIt(problem: EngineError): void {
  throw problem;
}
