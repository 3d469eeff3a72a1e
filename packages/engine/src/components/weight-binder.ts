import { relative } from 'node:path';
import { EngineError } from '../errors.ts';
import { ELEMENT, type ElementType } from '../onnx/elements.ts';
import type { GraphBuilder, Value } from '../onnx/graph-builder.ts';
import type { OperatorForms } from '../runtime/devices/device.ts';
import { type FloatType, isFloatType, valuesOf8Bits } from '../weights/element-values.ts';
import type { TensorInfo, TensorTable } from '../weights/safetensors.ts';
import { rowsOf } from '../weights/tensor-views.ts';

const ELEMENT_TYPES: Readonly<Record<FloatType, ElementType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F8_E4M3: 'float8e4m3fn',
  F8_E5M2: 'float8e5m2',
};

export interface WeightView {
  /** Declare the same elements under another shape, e.g. a norm's [C] as [C, 1, 1] to broadcast over pixels. */
  readonly as?: readonly number[];
  /** Only the rows [begin, end) of the first dimension. */
  readonly rows?: readonly [begin: number, end: number];
}

/**
 * Gives a graph its weights by name. Nothing is read: a weight becomes ONNX external data that points into the
 * checkpoint's own file. Each lookup checks presence, shape and type, so building a graph validates a checkpoint.
 */
export class WeightBinder {
  readonly #graph: GraphBuilder;
  readonly #tensors: TensorTable;
  readonly #folder: string;
  readonly #operators: Pick<OperatorForms, 'weight'>;
  readonly #onProblem: (problem: EngineError) => void;
  readonly #bound = new Map<string, Value>();

  /**
   * @param folder against which the session resolves external data; every weight file must be below it
   * @param operators of the device: how it handles a weight that is not float32
   * @param onProblem called for a missing or unusable tensor; the default throws, an inspection collects
   */
  constructor(
    graph: GraphBuilder,
    tensors: TensorTable,
    folder: string,
    operators: Pick<OperatorForms, 'weight'>,
    onProblem = throwIt,
  ) {
    this.#graph = graph;
    this.#operators = operators;
    this.#tensors = tensors;
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  isTransposed(name: string): boolean {
    return this.#tensors.get(name)?.transposed === true;
  }

  /** The weight as float32. */
  get(name: string, shape: readonly number[], view: WeightView = {}): Value {
    const key = `${name}${view.rows ? `[${view.rows}]` : ''}${view.as ? `{${view.as}}` : ''}`;
    return this.#remember(key, () => {
      const stored = this.#bind(key, name, shape, view);
      const { dtype, scale } = this.#tensors.get(name) ?? {};
      return dtype === 'F32' && scale === undefined ? stored : this.#operators.weight(this.#graph, stored, scale);
    });
  }

  /** Some rows of a table, gathered as stored and then widened, so that the whole vocabulary is never widened. */
  gather(name: string, shape: readonly number[], indices: Value): Value {
    const { dtype = 'F32', scale } = this.#tensors.get(name) ?? {};
    const is8Bit = dtype === 'F8_E4M3' || dtype === 'F8_E5M2';
    const table = this.#remember(`${name}:stored`, () =>
      this.#bind(`${name}:stored`, name, shape, is8Bit ? { type: 'uint8' } : {}),
    );
    const stored = this.#graph.node('Gather', [table, indices], [...indices.shape, ...shape.slice(1)]);
    const rows = is8Bit ? this.#valuesOfCodes(stored, dtype) : this.#cast(stored, 'float32');
    return scale === undefined ? rows : this.#graph.node('Mul', [rows, this.#graph.floats([scale])], rows.shape);
  }

  /** Gather takes no 8-bit floats (ONNX, Gather-13), so their codes are gathered and then looked up. */
  #valuesOfCodes(codes: Value, dtype: 'F8_E4M3' | 'F8_E5M2'): Value {
    const values = this.#graph.floats(valuesOf8Bits(dtype));
    return this.#graph.node('Gather', [values, this.#cast(codes, 'int64')], codes.shape);
  }

  #cast(value: Value, to: ElementType): Value {
    return this.#graph.node('Cast', [value], value.shape, { attributes: { to: ELEMENT[to] } });
  }

  #bind(
    key: string,
    name: string,
    shape: readonly number[],
    view: WeightView & { readonly type?: ElementType },
  ): Value {
    const tensor = this.#tensors.get(name);
    const problem = problemOf(name, shape, tensor);
    if (problem) this.#onProblem(problem);
    if (problem || !tensor || !isFloatType(tensor.dtype)) return { name: key, shape: view.as ?? shape };
    const type = view.type ?? ELEMENT_TYPES[tensor.dtype];
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
    const message = `the tensor ${name} [${shape}] is missing`;
    return new EngineError('tensor_missing', message, { details: { tensor: name } });
  }
  const details = { file: tensor.file, tensor: name };
  if (tensor.shape.length !== shape.length || tensor.shape.some((side, axis) => side !== shape[axis])) {
    const message = `${tensor.file}: the tensor ${name} has the shape [${tensor.shape}] where the configuration asks for [${shape}]`;
    return new EngineError('tensor_shape', message, {
      remedy: 'use the configuration that belongs to these weights',
      details,
    });
  }
  if (!isFloatType(tensor.dtype)) {
    const message = `${tensor.file}: the tensor ${name} has the type ${tensor.dtype}, which is not supported`;
    return new EngineError('tensor_dtype', message, { details });
  }
  return undefined;
}

function throwIt(problem: EngineError): void {
  throw problem;
}
