/** Where a child's code is: beside this file, under the extension this file runs by (.ts from source, .js when built). */
export function childModule(name: 'child' | 'picture-child', thisModule: string = import.meta.url): URL {
  return new URL(`./${name}${thisModule.endsWith('.ts') ? '.ts' : '.js'}`, thisModule);
}

/**
 * Node's own arguments for the child: the conditions under which this process resolves packages (a workspace package may be
 * its sources) and nothing else. Inheriting all would hand on `--eval`, `--input-type`, `--inspect-brk` or `--watch` too.
 */
export function childArguments(ofThisProcess: readonly string[]): string[] {
  return ofThisProcess.filter((argument, index) => {
    const previous = ofThisProcess[index - 1] ?? '';
    return /^(--conditions|-C)(=|$)/.test(argument) || /^(--conditions|-C)$/.test(previous);
  });
}
