import { demoModelPath } from '@easel/demo-model';
import { findModel } from '@easel/engine';

/**
 * The folder or file meant by a model's name or path: `demo` is the embedded model (write `./demo` for a folder of that name), an
 * existing path is itself, any other name is looked up in the models folder.
 *
 * @throws EngineError `model_not_found`, saying where it was looked for.
 * @example
 * resolveModel('demo', process.env);          // /…/packages/demo-model/model
 * resolveModel('playground-v2.5', process.env); // ~/.local/share/easel/models/playground-v2.5
 */
export function resolveModel(nameOrPath: string, env: Readonly<Record<string, string | undefined>>): string {
  return nameOrPath === 'demo' ? demoModelPath : findModel(nameOrPath, env, ['demo']);
}
