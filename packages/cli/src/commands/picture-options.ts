import { type Field, type FieldTable, optionGroups, pictureFields, type Range, rangeOn } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import { Option } from 'commander';
import { number, wholeNumber } from '../arguments/number-argument.ts';
import { pictureSide, pointOf, sizeOf } from '../arguments/size-argument.ts';

export type OptionGroup = (typeof optionGroups)[number];

/** The options of `easel generate` that are fields of a picture request, by the heading that they stand under in the help. */
export function pictureOptions(table: FieldTable = pictureFields): ReadonlyMap<OptionGroup, readonly Option[]> {
  const options = Object.values(table).flatMap((field) => {
    const { option } = field;
    return option === undefined ? [] : [{ group: option.group, option: optionOf(field, option) }];
  });
  return new Map(
    optionGroups.map((group) => [group, options.filter((each) => each.group === group).map(({ option }) => option)]),
  );
}

function optionOf(
  field: Field,
  { flags, help, note, default: preset, spellings = [] }: NonNullable<Field['option']>,
): Option {
  const option = new Option(
    flags,
    [[help, ...rangeText(field)].join(', '), ...(note === undefined ? [] : [note])].join('; '),
  );
  const { choices } = field;
  const texts = choices?.filter((choice) => typeof choice === 'string') ?? [];
  if (texts.length > 0) option.choices([...texts, ...spellings]);
  const parse = parserOf(field, option.long ?? flags);
  if (parse !== undefined) option.argParser(parse);
  return preset === undefined ? option : option.default(preset);
}

/** Where the pictures are made here the engine's limits apply, and with a server those of its API. */
function localRange({ option, range }: Field): Range | undefined {
  return option?.range ?? range;
}

function rangeText(field: Field): string[] {
  const local = localRange(field);
  const { choices = [] } = field;
  if (choices.some((choice) => typeof choice === 'number')) return [listed(choices)];
  const isNumber = field.kind === 'integer' || field.kind === 'number';
  if (!isNumber || local === undefined) return [];
  const remote = rangeOn(field, 'api');
  const text = `${field.multipleOf === undefined ? '' : `a multiple of ${field.multipleOf} from `}${local.min} to ${local.max}`;
  const isOther = remote !== undefined && (remote.min !== local.min || remote.max !== local.max);
  return [isOther ? `${text} (with --server ${remote.min} to ${remote.max})` : text];
}

function parserOf(field: Field, flag: string): ((text: string) => unknown) | undefined {
  const { kind, choices = [] } = field;
  const { min, max } = localRange(field) ?? { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
  if (kind === 'integer') return field.multipleOf === undefined ? wholeNumber(flag, min, max) : pictureSide(flag);
  if (kind === 'number') return number(flag, min, max);
  if (kind === 'size') return sizeOf(flag);
  if (kind === 'point') return pointOf(flag);
  return choices.some((choice) => typeof choice === 'number') ? oneOf(flag, choices) : undefined;
}

function oneOf(flag: string, choices: readonly (string | number)[]): (text: string) => string | number {
  return (text) => {
    const found = choices.find((choice) => String(choice) === text);
    if (found !== undefined) return found;
    throw new CodedError('usage', `${flag} must be ${listed(choices)} (got ${JSON.stringify(text)})`);
  };
}

function listed(choices: readonly (string | number)[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}
