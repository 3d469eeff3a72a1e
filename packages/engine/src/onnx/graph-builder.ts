import { create, toBinary } from '@bufbuild/protobuf';
import { ELEMENT, type ElementType } from './elements.ts';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.ts';

/** A tensor in the graph under construction. Shapes are static, so every builder function can compute that of its result. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A range of a weight file: the model refers to it and never contains it. */
export interface ExternalBytes {
  /** Path relative to the folder that the session is given. */
  readonly location: string;
  readonly offset: number;
  readonly byteLength: number;
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** ONNX Runtime's own operators (`com.microsoft`). */
  readonly domain?: 'com.microsoft';
}

/** A plain number is an INT attribute; FLOAT must be explicit, since 1 and 1.0 are the same value in JavaScript. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

const OPSET = 21n;
const IR_VERSION = 10n;
const EXTERNAL = 1;

/** The type in which a graph computes; its inputs and outputs are float32 either way. */
export type Arithmetic = 'float32' | 'float16';

/** Collects nodes and weights and writes them as one ONNX model of about a megabyte, whatever the weights' size. */
export class GraphBuilder {
  readonly arithmetic: Arithmetic;
  readonly #name: string;
  readonly #prologue: NodeProto[] = [];
  readonly #nodes: NodeProto[] = [];
  readonly #initializers = new Map<string, TensorProto>();
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #cpuNodes: string[] = [];
  #foldsWeights = false;
  #serial = 0;

  constructor(name: string, arithmetic: Arithmetic = 'float32') {
    this.#name = name;
    this.arithmetic = arithmetic;
  }

  /** Nodes that are to run on the CPU, whatever the device of the others. */
  get cpuNodes(): readonly string[] {
    return this.#cpuNodes;
  }

  /** Whether some weights are to be converted on the CPU, when a session is created. */
  get foldsWeights(): boolean {
    return this.#foldsWeights;
  }

  input(name: string, shape: readonly number[], type: ElementType = 'float32'): Value {
    this.#inputs.push(valueInfo(name, shape, type));
    const value = { name, shape };
    return type === 'float32' && this.arithmetic !== 'float32' ? this.cast(value, this.arithmetic) : value;
  }

  output(name: string, value: Value): void {
    const attributes = { to: ELEMENT.float32 };
    const last: [string, NodeOptions] = this.arithmetic === 'float32' ? ['Identity', {}] : ['Cast', { attributes }];
    this.#nodes.push(node(last[0], `output:${name}`, [value.name], [name], last[1]));
    this.#outputs.push(valueInfo(name, value.shape, 'float32'));
  }

  /** One node with one result of the given shape; an absent optional input is `undefined`. */
  node(op: string, inputs: readonly (Value | undefined)[], shape: readonly number[], options: NodeOptions = {}): Value {
    return this.nodeOf(op, inputs, [shape], options)[0];
  }

  /** One node with a result for each of the given shapes. */
  nodeOf(
    op: string,
    inputs: readonly (Value | undefined)[],
    shapes: readonly (readonly number[])[],
    options: NodeOptions = {},
  ): Value[] {
    const name = `${op}_${this.#serial++}`;
    const names = inputs.map((value) => value?.name ?? '');
    const results = shapes.map((shape, index) => ({ name: index === 0 ? name : `${name}:${index}`, shape }));
    const outputs = results.map((result) => result.name);
    this.#nodes.push(node(op, name, names, outputs, options));
    return results;
  }

  cast(value: Value, to: ElementType): Value {
    return this.node('Cast', [value], value.shape, { attributes: { to: ELEMENT[to] } });
  }

  /** Has the node that makes this value run on the CPU. */
  runOnCpu(value: Value): Value {
    this.#cpuNodes.push(value.name);
    return value;
  }

  /**
   * Converts a stored weight to the type in which the graph computes. These Casts come first in the node list: ONNX Runtime then schedules each right
   * before its consumer; anywhere else all of them run up front and the whole float32 model is in memory at once.
   *
   * @param scale factor for the converted values; factors of 8-bit weights are too small for half precision
   * @param isReadable whether the device reads the weight as it is stored
   */
  convert(weight: Value, scale?: number, isReadable = true): Value {
    this.#foldsWeights ||= !isReadable;
    if (scale === undefined) return this.#castFirst(weight, this.arithmetic);
    const widened = this.#castFirst(weight, 'float32');
    const scaled = { name: `${weight.name}:scaled`, shape: weight.shape };
    const factor = this.floats([scale], [], 'float32');
    this.#prologue.push(node('Mul', scaled.name, [widened.name, factor.name], [scaled.name], {}));
    return this.arithmetic === 'float32' ? scaled : this.#castFirst(scaled, this.arithmetic);
  }

  #castFirst(value: Value, to: Arithmetic): Value {
    const name = `${value.name}:${to}`;
    this.#prologue.push(node('Cast', name, [value.name], [name], { attributes: { to: ELEMENT[to] } }));
    return { name, shape: value.shape };
  }

  external(name: string, shape: readonly number[], type: ElementType, bytes: ExternalBytes): Value {
    const entries = { location: bytes.location, offset: String(bytes.offset), length: String(bytes.byteLength) };
    this.#initializers.set(
      name,
      create(TensorProtoSchema, {
        name,
        dims: shape.map(BigInt),
        dataType: ELEMENT[type],
        dataLocation: EXTERNAL,
        externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
      }),
    );
    return { name, shape };
  }

  /** A constant, of the type in which the graph computes unless another is given. */
  floats(
    values: readonly number[],
    shape: readonly number[] = [values.length],
    type: Arithmetic = this.arithmetic,
  ): Value {
    const data = type === 'float32' ? Float32Array.from(values) : halvesOf(values);
    return this.#constant(`${type}[${values}]:${shape}`, shape, type, data);
  }

  ints(values: readonly number[]): Value {
    return this.#constant(`int64[${values}]`, [values.length], 'int64', BigInt64Array.from(values.map(BigInt)));
  }

  /** Constants stored in the model itself. */
  int8s(name: string, shape: readonly number[], values: Int8Array): Value {
    return this.#constant(name, shape, 'int8', values);
  }

  int32s(name: string, values: Int32Array): Value {
    return this.#constant(name, [values.length], 'int32', values);
  }

  float32s(name: string, shape: readonly number[], values: Float32Array): Value {
    return this.#constant(name, shape, 'float32', values);
  }

  /** A constant of any type, as its bytes. */
  stored(name: string, shape: readonly number[], type: ElementType, bytes: Uint8Array): Value {
    return this.#constant(name, shape, type, bytes);
  }

  /** The finished model. */
  toBytes(): Uint8Array {
    const graph: GraphProto = create(GraphProtoSchema, {
      name: this.#name,
      node: [...this.#prologue, ...this.#nodes],
      initializer: [...this.#initializers.values()],
      input: this.#inputs,
      output: this.#outputs,
    });
    const opsetImport = [
      { domain: '', version: OPSET },
      { domain: 'com.microsoft', version: 1n },
    ];
    const model = create(ModelProtoSchema, { irVersion: IR_VERSION, producerName: 'easel', graph, opsetImport });
    return toBinary(ModelProtoSchema, model);
  }

  #constant(
    name: string,
    shape: readonly number[],
    type: ElementType,
    data: Float32Array | Uint16Array | BigInt64Array | Int8Array | Int32Array | Uint8Array,
  ): Value {
    if (!this.#initializers.has(name)) {
      const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const dims = shape.map(BigInt);
      this.#initializers.set(name, create(TensorProtoSchema, { name, dims, dataType: ELEMENT[type], rawData }));
    }
    return { name, shape };
  }
}

/** The nearest values in half precision, as their bits. */
function halvesOf(values: readonly number[]): Uint16Array {
  return new Uint16Array(Float16Array.from(values).buffer);
}

function node(op: string, name: string, input: string[], output: string[], options: NodeOptions): NodeProto {
  const attribute = Object.entries(options.attributes ?? {}).map(([key, value]) => attributeProto(key, value));
  return create(NodeProtoSchema, { opType: op, name, input, output, attribute, domain: options.domain ?? '' });
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: 3, s: new TextEncoder().encode(value) });
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: 2, i: BigInt(value) });
  if ('float' in value) return create(AttributeProtoSchema, { name, type: 1, f: value.float });
  return create(AttributeProtoSchema, { name, type: 7, ints: value.map(BigInt) });
}

function valueInfo(name: string, shape: readonly number[], type: ElementType): ValueInfoProto {
  const dim = shape.map((size) => ({ dimValue: BigInt(size) }));
  return create(ValueInfoProtoSchema, { name, type: { tensorType: { elemType: ELEMENT[type], shape: { dim } } } });
}
