/** Where the child's code is: beside this file, under the extension this file runs by (.ts from source, .js when built). */
export function childModule(thisModule: string = import.meta.url): URL {
  return new URL(thisModule.endsWith('.ts') ? './child.ts' : './child.js', thisModule);
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
