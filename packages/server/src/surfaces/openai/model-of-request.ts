import type { RouteContext } from '../../http/http-app.ts';
import { modelOf } from '../../http/requests/model-of.ts';
import type { ModelCard } from '../../models/model-card.ts';

/** No name and the names of OpenAI's own models mean the default model. @throws DomainError `not_found` */
export function modelOfRequest({ services, options }: RouteContext, name: string | undefined): ModelCard {
  const isAlias = name !== undefined && options.openaiModelAliases.includes(name);
  return modelOf(
    services,
    isAlias ? undefined : name,
    '; names that mean the default model are set with openai.modelAliases',
  );
}
