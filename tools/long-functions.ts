import ts from 'typescript';

/** The longest function allowed in the product, in lines from its first to its last. */
export const MAX_FUNCTION_LINES = 60;

export interface LongFunction {
  readonly name: string;
  /** Where it starts. */
  readonly line: number;
  readonly lines: number;
}

/**
 * The functions of a file that are too long. JSX counts like any other code: a component that shows too much is split along what it
 * shows. (Biome's noExcessiveLinesPerFunction does not count it.)
 */
export function longFunctions(file: string, text: string): LongFunction[] {
  const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, kind);
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const found: LongFunction[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const line = lineAt(node.getStart(source));
      const lines = lineAt(node.end) - line + 1;
      if (lines > MAX_FUNCTION_LINES) found.push({ name: nameOf(node, source), line, lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameOf(node: ts.SignatureDeclaration, source: ts.SourceFile): string {
  if (node.name !== undefined) return node.name.getText(source);
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText(source) : 'a function without a name';
}
