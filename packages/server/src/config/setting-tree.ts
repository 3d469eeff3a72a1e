/** Settings of one source, nested as in the file; not validated yet. */
export interface SettingTree {
  [name: string]: unknown;
}

export function isSettingTree(value: unknown): value is SettingTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function putSetting(tree: SettingTree, [name, ...rest]: readonly string[], value: unknown): void {
  if (name === undefined) return;
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  const child = isSettingTree(tree[name]) ? tree[name] : {};
  tree[name] = child;
  putSetting(child, rest, value);
}

/** What the second tree has replaces what the first has, setting by setting. `atomic` names what is replaced as a whole. */
export function overlaid(below: SettingTree, above: SettingTree, atomic: ReadonlySet<string>): SettingTree {
  const result: SettingTree = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const lower = result[name];
    const nested = isSettingTree(value) && isSettingTree(lower) && !atomic.has(name);
    result[name] = nested ? overlaid(lower, value, atomic) : value;
  }
  return result;
}
