import type { ModelCard } from '../../../domain/ports/painter.ts';
import type { RouteContext } from '../../http-app.ts';
import { modelOf } from '../../requests/model-of.ts';

/** No name and the names of OpenAI's own models mean the default model. @throws DomainError `not_found` */
export function modelOfRequest({ services, options }: RouteContext, name: string | undefined): ModelCard {
  const isAlias = name !== undefined && options.openaiModelAliases.includes(name);
  return modelOf(
    services,
    isAlias ? undefined : name,
    '; names that mean the default model are set with openai.modelAliases',
  );
}
