import {
  applyStyle,
  builtInStyles,
  faultOfStyle,
  limits,
  type PictureRequest,
  type Style,
  type StyleTexts,
} from '@easel/contract';
import type { Database, Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';

/** The engine's own limit, in UTF-16 units; a style may push a long prompt beyond it. */
const MAX_TEXT_LENGTH = 20_000;

/** Easel's own styles, and those that an account has saved. */
export class StyleService {
  readonly #database: Database;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
  }

  /** Those of the account, by name. */
  async listOwn(accountId: string): Promise<readonly Style[]> {
    const rows = await this.#database.transaction((queries) =>
      queries.selectFrom('styles').selectAll().where('account_id', '=', accountId).orderBy('name').execute(),
    );
    return rows.map(styleOf);
  }

  /**
   * The style that a request names, whose result fits the model's texts.
   *
   * @returns undefined: it names none
   * @throws DomainError `invalid_request`
   */
  async ofRequest(accountId: string, request: PictureRequest): Promise<StyleTexts | undefined> {
    const name = request.style ?? undefined;
    if (name === undefined) return undefined;
    const style = builtInStyles.find((each) => each.name === name) ?? (await this.#findOwn(accountId, name));
    if (style === undefined) return this.#refuseUnknown(accountId, name);
    const texts = Object.values(applyStyle(style, request));
    if (texts.some((text) => (text?.length ?? 0) > MAX_TEXT_LENGTH)) {
      const message = `style ${name} makes the prompt longer than ${MAX_TEXT_LENGTH} characters`;
      throw new DomainError('invalid_request', message, { remedy: 'shorten the prompt', param: 'style' });
    }
    return { prompt: style.prompt, ...(style.negativePrompt && { negativePrompt: style.negativePrompt }) };
  }

  /** Replaces a style of the account of that name. @throws DomainError `invalid_request` */
  async save(accountId: string, style: Style): Promise<void> {
    const fault = faultOfStyle(style);
    if (fault !== undefined) throw new DomainError('invalid_request', fault, { param: 'name' });
    const { name, prompt, negativePrompt: negative_prompt = null } = style;
    await this.#database.transaction(async (queries) => {
      await queries
        .insertInto('styles')
        .values({ account_id: accountId, name, prompt, negative_prompt })
        .onConflict((conflict) => conflict.columns(['account_id', 'name']).doUpdateSet({ prompt, negative_prompt }))
        .execute();
      if ((await countOf(queries, accountId)) <= limits.styles.max) return;
      const message = `an account can save ${limits.styles.max} styles`;
      throw new DomainError('invalid_request', message, { remedy: 'delete one first', param: 'name' });
    });
  }

  /** @throws DomainError `not_found` */
  async remove(accountId: string, name: string): Promise<void> {
    const { numDeletedRows } = await this.#database.transaction((queries) =>
      queries.deleteFrom('styles').where('account_id', '=', accountId).where('name', '=', name).executeTakeFirst(),
    );
    if (numDeletedRows > 0n) return;
    const isBuiltIn = builtInStyles.some((style) => style.name === name);
    const why = isBuiltIn ? `${name} is one of Easel's own styles and cannot be deleted` : `there is no style ${name}`;
    throw new DomainError('not_found', why, { param: 'name' });
  }

  async #findOwn(accountId: string, name: string): Promise<Style | undefined> {
    return (await this.listOwn(accountId)).find((style) => style.name === name);
  }

  async #refuseUnknown(accountId: string, name: string): Promise<never> {
    const known = [...builtInStyles, ...(await this.listOwn(accountId))].map((style) => style.name);
    throw new DomainError('invalid_request', `style must be a known style (got ${JSON.stringify(name)})`, {
      remedy: `the styles are ${known.join(', ')}`,
      param: 'style',
    });
  }
}

interface StyleRow {
  readonly name: string;
  readonly prompt: string;
  readonly negative_prompt: string | null;
}

function styleOf({ name, prompt, negative_prompt: negativePrompt }: StyleRow): Style {
  return { name, prompt, ...(negativePrompt !== null && { negativePrompt }) };
}

async function countOf(queries: Queries, accountId: string): Promise<number> {
  const { count } = await queries
    .selectFrom('styles')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow();
  return Number(count);
}
