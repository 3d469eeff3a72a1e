/** An entry of ONNX Runtime's profile, which is in the Chrome trace format; times in µs. */
export interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
  };
}

/** One operator of a run. */
export interface Node {
  readonly operator: string;
  /** Of its inputs, such as `1024×640 640×640`. */
  readonly shapes: string;
  readonly microseconds: number;
}

/** The operators of the run that took least. */
export function nodesOfFastestRun(events: readonly TraceEvent[]): Node[] {
  const runs = events.filter(({ name }) => name === 'model_run');
  const fastest = runs.reduce<TraceEvent | undefined>(
    (best, run) => (best === undefined || (run.dur ?? 0) < (best.dur ?? 0) ? run : best),
    undefined,
  );
  if (fastest === undefined) throw new Error('the profile has no run');
  const [begin = 0, length = 0] = [fastest.ts, fastest.dur];
  return events.flatMap(({ cat, name, ts = 0, dur = 0, args }) => {
    const isInRun = ts >= begin && ts <= begin + length;
    if (cat !== 'Node' || !name?.endsWith('_kernel_time') || !isInRun) return [];
    const shapes = (args?.input_type_shape ?? [])
      .flatMap((input) => Object.values(input))
      .filter(({ length: rank }) => rank > 1);
    return [
      { operator: args?.op_name ?? '', shapes: shapes.map((shape) => shape.join('×')).join(' '), microseconds: dur },
    ];
  });
}

export interface Group {
  readonly count: number;
  readonly microseconds: number;
}

/** The time of each operator and of the heaviest shapes, the longest first. */
export function summary(nodes: readonly Node[], shapes: number) {
  const operators = grouped(nodes, ({ operator }) => operator).map(([{ operator }, group]) => ({ operator, ...group }));
  const heaviest = grouped(nodes, ({ operator, shapes: of }) => `${operator} ${of}`)
    .slice(0, shapes)
    .map(([{ operator, shapes: of }, group]) => ({ operator, shapes: of, ...group }));
  return { total: nodes.reduce((sum, { microseconds }) => sum + microseconds, 0), operators, heaviest };
}

function grouped(nodes: readonly Node[], keyOf: (node: Node) => string): (readonly [Node, Group])[] {
  return [...Map.groupBy(nodes, keyOf).values()]
    .map((group) => {
      const microseconds = group.reduce((sum, node) => sum + node.microseconds, 0);
      return [group[0], { count: group.length, microseconds }] as const;
    })
    .sort(([, a], [, b]) => b.microseconds - a.microseconds);
}
