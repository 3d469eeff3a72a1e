import type { Model } from '@easel/contract';
import { type FormEvent, type ReactNode, useState } from 'react';
import { readMask } from '../files/start-picture.ts';
import { Credits } from '../format/credits.tsx';
import { balance } from '../format/text.ts';
import { CopyButton } from '../parts/buttons.tsx';
import { ControlFields, ignoreEnterWhereChoosing } from '../parts/fields.tsx';
import { ModelNote } from '../parts/model-name.tsx';
import { Notice } from '../parts/notices.tsx';
import { messageOf } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { type FormControl, formControls } from '../settings/form-controls.ts';
import {
  MOST_PROMPTS,
  promptCount,
  type Settings,
  strengthWith,
  withoutStart,
  withStart,
} from '../settings/settings.ts';
import { addressOfSettings } from '../settings/settings-address.ts';
import { EndNoticeFields } from './end-notice-fields.tsx';
import { DropOverlay, useGivenFile } from './given-file.tsx';
import { LiveStatus, LiveSwitch } from './live/live-switch.tsx';
import type { Live } from './live/use-live.ts';
import { LoraPicker } from './lora-picker.tsx';
import { ModelPicker, useModelChange } from './model-picker.tsx';
import { SeedField, SizePicker } from './picture-fields.tsx';
import { ProfileTimes } from './profile-times.tsx';
import { NegativeField, PromptField } from './prompt-fields.tsx';
import { useNarrow } from './sheet.tsx';
import { StartImage } from './start-image.tsx';
import { StylePicker } from './style-picker.tsx';

interface SettingsProps {
  readonly models: readonly Model[];
  readonly settings: Settings;
  readonly onChange: (part: Partial<Settings>) => void;
}

export interface PlaygroundFormProps extends SettingsProps {
  /** What the address asked for in vain. */
  readonly faults: readonly string[];
  readonly live: Live;
  /** @throws Error with the reason why nothing can be generated */
  readonly onMake: () => Promise<void>;
}

interface Note {
  readonly kind: 'error' | 'hint';
  readonly text: string;
}

/** The prompt and everything else that decides what is generated. */
export function PlaygroundForm({ models, settings, faults, live, onChange, onMake }: PlaygroundFormProps) {
  const [note, setNote] = useState(noteOf(faults));
  const takeFile = useFileReader({ models, settings, onChange }, setNote);
  const isDragging = useGivenFile(takeFile);
  const model = models.find((each) => each.id === settings.model) ?? models[0];
  const run = () => {
    const problem = problemOf(settings);
    setNote(problem === undefined ? undefined : { kind: 'error', text: problem });
    if (problem !== undefined) return;
    onMake().catch((error: unknown) => setNote({ kind: 'error', text: messageOf(error) }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run();
  };
  const changePrompt = (part: Partial<Settings>) => {
    onChange(part);
    if (part.prompt !== undefined && note?.kind === 'error') setNote(undefined);
  };
  const takeMask = useMaskReader(settings, onChange, setNote, model);
  const startImage = <StartImage settings={settings} onChange={onChange} onFile={takeFile} onMask={takeMask} />;
  return (
    <form className="playground-form" onSubmit={submit} onKeyDown={ignoreEnterWhereChoosing} noValidate>
      {isDragging && <DropOverlay />}
      <div className="form-first">
        <PromptField settings={settings} onChange={changePrompt} onEnter={run} />
        {note && (
          <Notice kind={note.kind} onClose={() => setNote(undefined)}>
            {note.text}
          </Notice>
        )}
        <LiveStatus live={live} />
        <RunButton settings={settings} price={live.quote?.price} />
        <LiveSwitch live={live} settings={settings} />
        <ModelChoice models={models} settings={settings} onChange={onChange} />
      </div>
      <div className="form-rest">
        {settings.startImage !== null && startImage}
        <PictureSettings models={models} settings={settings} quote={live.quote} onChange={onChange}>
          <NegativeField settings={settings} onChange={changePrompt} onEnter={run} />
          <StylePicker settings={settings} onChange={onChange} />
          {settings.startImage === null && startImage}
        </PictureSettings>
      </div>
    </form>
  );
}

function noteOf(faults: readonly string[]): Note | undefined {
  if (faults.length === 0) return undefined;
  return { kind: 'error', text: `Not taken over from the address: ${faults.join(', ')}.` };
}

function problemOf(settings: Settings): string | undefined {
  if (settings.prompt.trim() === '') return 'Enter a prompt.';
  const count = promptCount(settings);
  if (count <= MOST_PROMPTS) return undefined;
  const many = count > 1e6 ? 'more than a million' : count;
  return `This stands for ${many} prompts; at most ${MOST_PROMPTS} are made at once.`;
}

/** Reads a picture that the user gives to the page: restores its settings, or else makes it the start image. */
function useFileReader({ models, settings, onChange }: SettingsProps, onNote: (note: Note) => void) {
  const model = models.find((each) => each.id === settings.model) ?? models[0];
  const read = async (file: File) => {
    try {
      const { readDropped } = await import('../files/settings-of-file.ts'); // loaded on demand: few users need it
      const { settings: found, note, image } = await readDropped(file, models, model?.limits.max_side ?? 1);
      const start = withStart(settings, image.address, image, model?.sizes ?? []);
      onChange(found === null ? start : { ...withoutStart(settings), ...found });
      onNote({ kind: 'hint', text: found === null && image.note !== undefined ? `${note} ${image.note}` : note });
    } catch (error) {
      onNote({ kind: 'error', text: messageOf(error) });
    }
  };
  return (file: File | undefined) => {
    if (file !== undefined) void read(file);
  };
}

/** Reads the picture that says what of the start image is repainted. What is repainted starts from noise unless the user says otherwise. */
function useMaskReader(
  settings: Settings,
  onChange: SettingsProps['onChange'],
  onNote: (note: Note) => void,
  model: Model | undefined,
) {
  const read = async (file: File) => {
    try {
      const mask = await readMask(file, model?.limits.max_side ?? 1);
      const { around } = settings;
      onChange({ mask, maskPlace: null, strength: strengthWith(settings, { mask, around }) });
    } catch (error) {
      onNote({ kind: 'error', text: messageOf(error) });
    }
  };
  return (file: File | undefined) => {
    if (file !== undefined) void read(file);
  };
}

/** Whether the settings are unfolded; at first where they fit. */
const UNFOLDED = 'easel.settings';
const TALL = 800;

function isUnfolded(isNarrow: boolean): boolean {
  const stored = localStorage.getItem(UNFOLDED);
  return stored === null ? isNarrow || window.innerHeight >= TALL : stored === 'open';
}

interface PictureSettingsProps extends SettingsProps {
  readonly quote: Live['quote'];
  readonly children: ReactNode;
}

/** Everything below the button: aspect ratio, number of pictures, and what is folded away. */
function PictureSettings({ models, settings, quote, onChange, children }: PictureSettingsProps) {
  const [isOpen, setOpen] = useState(isUnfolded(useNarrow()));
  const model = models.find((each) => each.id === settings.model) ?? models[0];
  const controls = formControls(model ?? { parameters: {} });
  const fieldsOf = (isWanted: (control: FormControl) => boolean) => (
    <ControlFields
      controls={controls.filter(isWanted)}
      values={settings}
      onChange={(name, value) => onChange({ [name]: value })}
    />
  );
  const fold = (isUnfoldedNow: boolean) => {
    setOpen(isUnfoldedNow);
    localStorage.setItem(UNFOLDED, isUnfoldedNow ? 'open' : 'closed');
  };
  return (
    <>
      {model && (
        <SizePicker
          model={model}
          width={settings.width}
          height={settings.height}
          onChange={(size) => onChange({ ...size, isShapeChosen: true })}
        />
      )}
      {fieldsOf(({ name }) => name === 'samples')}
      <details open={isOpen} onToggle={({ currentTarget: { open } }) => open !== isOpen && fold(open)}>
        <summary>Settings</summary>
        <div className="stack">
          {children}
          {fieldsOf(({ name, place }) => place === 'main' && name !== 'samples')}
          <ProfileTimes quote={quote} chosen={settings.profile} />
          <SeedField seed={settings.seed} onChange={(seed) => onChange({ seed })} />
          <AdvancedSettings model={model} settings={settings} onChange={onChange}>
            {fieldsOf(({ place }) => place === 'more')}
          </AdvancedSettings>
          <label className="row check">
            <input
              type="checkbox"
              checked={settings.isEachLine}
              onChange={({ target }) => onChange({ isEachLine: target.checked })}
            />
            One picture per line of the prompt
          </label>
          <EndNoticeFields />
        </div>
      </details>
    </>
  );
}

interface AdvancedSettingsProps extends Pick<SettingsProps, 'settings' | 'onChange'> {
  readonly model: Model | undefined;
  readonly children: ReactNode;
}

/** What few change. */
function AdvancedSettings({ model, settings, onChange, children }: AdvancedSettingsProps) {
  return (
    <details>
      <summary>Advanced</summary>
      <div className="stack">
        {children}
        {settings.variationStrength > 0 && (
          <SeedField
            label="Variation seed"
            seed={settings.variationSeed}
            onChange={(variationSeed) => onChange({ variationSeed })}
          />
        )}
        {model && <LoraPicker model={model} loras={settings.loras} onChange={(loras) => onChange({ loras })} />}
        <CopyButton text={new URL(addressOfSettings(settings), window.location.origin).href}>
          Copy link to these settings
        </CopyButton>
      </div>
    </details>
  );
}

/** The model: which one it is, or where there are several, which one is wanted. */
function ModelChoice({ models, settings, onChange }: SettingsProps) {
  const model = models.find((each) => each.id === settings.model) ?? models[0];
  const settingsFor = useModelChange(settings, model);
  return (
    <>
      {models.length > 1 && (
        <ModelPicker models={models} chosen={settings.model} onChoose={(other) => onChange(settingsFor(other))} />
      )}
      {model && <ModelNote model={model} />}
    </>
  );
}

interface RunButtonProps {
  readonly settings: Settings;
  /** Of one prompt; undefined: not known yet. */
  readonly price: number | undefined;
}

function RunButton({ settings, price }: RunButtonProps) {
  const prompts = promptCount(settings);
  const count = Math.max(1, prompts) * settings.samples;
  return (
    <div className="run">
      <button
        type="submit"
        className="primary big"
        // The second half of a double click would be charged, too.
        onClick={(event) => event.detail > 1 && event.preventDefault()}
      >
        Generate{' '}
        {count === 1 ? 'a picture' : count > MOST_PROMPTS * settings.samples ? 'pictures' : `${count} pictures`}
      </button>
      <PriceLine price={price} prompts={prompts} />
    </div>
  );
}

interface PriceLineProps extends Pick<RunButtonProps, 'price'> {
  readonly prompts: number;
}

/** What the next run costs, or all of several prompts, and whether the balance covers it. */
function PriceLine({ price: one, prompts }: PriceLineProps) {
  const { remaining } = useSession();
  if (one === undefined) return <small className="quiet">&nbsp;</small>;
  if (prompts > MOST_PROMPTS) return <small className="wrong">at most {MOST_PROMPTS} prompts at once</small>;
  const price = one * Math.max(1, prompts);
  if (remaining !== undefined && remaining < price) {
    return (
      <small className="wrong">
        <Credits amount={price} /> credits needed, {balance(remaining)} available
      </small>
    );
  }
  return (
    <small className="quiet">
      <Credits amount={price} /> credits{prompts > 1 && `, ${prompts} prompts`}
    </small>
  );
}
