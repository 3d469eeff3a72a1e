import { relative } from 'node:path';
import { EngineError } from '../errors.ts';
import type { ElementType } from '../onnx/elements.ts';
import type { Arithmetic, GraphBuilder, Value } from '../onnx/graph-builder.ts';
import type { GraphForm } from '../runtime/devices/device.ts';
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
  readonly #form: Pick<GraphForm, 'stored'>;
  readonly #onProblem: (problem: EngineError) => void;
  readonly #bound = new Map<string, Value>();

  /**
   * @param folder against which the session resolves external data; every weight file must be below it
   * @param form of graphs for the device
   * @param onProblem called for a missing or unusable tensor; the default throws, an inspection collects
   */
  constructor(
    graph: GraphBuilder,
    tensors: TensorTable,
    folder: string,
    form: Pick<GraphForm, 'stored'>,
    onProblem = throwIt,
  ) {
    this.#graph = graph;
    this.#form = form;
    this.#tensors = tensors;
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  isTransposed(name: string): boolean {
    return this.#tensors.get(name)?.transposed === true;
  }

  /** The weight in the type that the graph computes in. */
  get(name: string, shape: readonly number[], view: WeightView = {}): Value {
    const key = `${name}${view.rows ? `[${view.rows}]` : ''}${view.as ? `{${view.as}}` : ''}`;
    return this.#remember(key, () => {
      const stored = this.#bind(key, name, shape, view);
      const { dtype, scale } = this.#tensors.get(name) ?? {};
      const isReady = dtype === (this.#graph.arithmetic === 'float32' ? 'F32' : 'F16') && scale === undefined;
      return isReady ? stored : this.#graph.convert(stored, scale, this.#isReadable(elementTypeOf(dtype)));
    });
  }

  /** Some rows of a table, gathered as stored and then converted, so that the whole vocabulary is never converted. */
  gather(name: string, shape: readonly number[], indices: Value): Value {
    const { dtype = 'F32', scale } = this.#tensors.get(name) ?? {};
    const is8Bit = dtype === 'F8_E4M3' || dtype === 'F8_E5M2';
    const table = this.#remember(`${name}:stored`, () =>
      this.#bind(`${name}:stored`, name, shape, is8Bit ? { type: 'uint8' } : {}),
    );
    const onDevice = this.#isReadable(is8Bit ? 'uint8' : elementTypeOf(dtype));
    const place = (value: Value) => (onDevice ? value : this.#graph.runOnCpu(value));
    const stored = place(this.#graph.node('Gather', [table, indices], [...indices.shape, ...shape.slice(1)]));
    const { arithmetic } = this.#graph;
    const type = scale === undefined ? arithmetic : 'float32'; // in which the factor is not too small
    const rows = is8Bit ? this.#valuesOfCodes(stored, dtype, type, place) : place(this.#graph.cast(stored, type));
    if (scale === undefined) return rows;
    const scaled = this.#graph.node('Mul', [rows, this.#graph.floats([scale], [1], type)], rows.shape);
    return arithmetic === type ? scaled : this.#graph.cast(scaled, arithmetic);
  }

  /** Gather takes no 8-bit floats (ONNX, Gather-13), so their codes are gathered and then looked up. */
  #valuesOfCodes(codes: Value, dtype: 'F8_E4M3' | 'F8_E5M2', type: Arithmetic, place: (value: Value) => Value): Value {
    const values = this.#graph.floats(valuesOf8Bits(dtype), [256], type);
    const indices = place(this.#graph.cast(codes, 'int64'));
    return place(this.#graph.node('Gather', [values, indices], codes.shape));
  }

  #isReadable(type: ElementType): boolean {
    return this.#form.stored.includes(type);
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

/** How ONNX calls a type of the weight files. */
export function elementTypeOf(dtype = 'F32'): ElementType {
  return isFloatType(dtype) ? ELEMENT_TYPES[dtype] : 'float32'; // any other is a problem that has been reported
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
