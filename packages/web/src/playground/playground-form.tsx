import { defaults, type Model } from '@easel/contract';
import { type FormEvent, useState } from 'react';
import { readMask } from '../files/start-picture.ts';
import { Credits } from '../format/credits.tsx';
import { balance, credits } from '../format/text.ts';
import { ControlFields } from '../parts/fields.tsx';
import { ModelNote } from '../parts/model-name.tsx';
import { Notice } from '../parts/notices.tsx';
import { messageOf, useDebouncedReply } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { type FormControl, formControls } from '../settings/form-controls.ts';
import { nearestSize, type Settings, settingsForModel, withoutMask } from '../settings/settings.ts';
import { LoraField, SeedField, SizePicker } from './picture-fields.tsx';
import { PromptFields } from './prompt-fields.tsx';
import { StartImage, useDroppedFile } from './start-image.tsx';

interface SettingsProps {
  readonly models: readonly Model[];
  readonly settings: Settings;
  readonly onChange: (part: Partial<Settings>) => void;
}

export interface PlaygroundFormProps extends SettingsProps {
  /** @throws Error with the reason why nothing can be generated */
  readonly onMake: () => Promise<void>;
}

interface Note {
  readonly kind: 'error' | 'hint';
  readonly text: string;
}

/** The prompt and everything else that decides what is generated. */
export function PlaygroundForm({ models, settings, onChange, onMake }: PlaygroundFormProps) {
  const [note, setNote] = useState<Note>();
  const takeFile = useFileReader({ models, settings, onChange }, setNote);
  const isDragging = useDroppedFile(takeFile);
  const model = models.find((each) => each.id === settings.model) ?? models[0];
  const run = () => {
    if (settings.prompt.trim() === '') {
      setNote({ kind: 'error', text: 'Enter a prompt.' });
      return;
    }
    setNote(undefined);
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
  const takeMask = useMaskReader(onChange, setNote, model);
  const startImage = <StartImage settings={settings} onChange={onChange} onFile={takeFile} onMask={takeMask} />;
  return (
    <form className="card stack" onSubmit={submit} noValidate>
      {isDragging && <p className="drop-here">Drop a picture to restore its settings or use it as a start image</p>}
      <PromptFields settings={settings} onChange={changePrompt} onEnter={run} />
      {note && (
        <Notice kind={note.kind} onClose={() => setNote(undefined)}>
          {note.text}
        </Notice>
      )}
      <RunButton settings={settings} />
      {model && <ModelNote model={model} />}
      {settings.startImage !== null && startImage}
      <PictureSettings models={models} settings={settings} onChange={onChange} />
      {settings.startImage === null && startImage}
    </form>
  );
}

/** Reads a picture that the user gives to the page: restores its settings, or else makes it the start image. */
function useFileReader({ models, settings, onChange }: SettingsProps, onNote: (note: Note) => void) {
  const model = models.find((each) => each.id === settings.model) ?? models[0];
  const read = async (file: File) => {
    try {
      const { readDropped } = await import('../files/settings-of-file.ts'); // loaded on demand: few users need it
      const { settings: found, note, image } = await readDropped(file, models, model?.limits.max_side ?? 1);
      const size = settings.isShapeChosen ? undefined : nearestSize(model?.sizes ?? [], image);
      const start = { startImage: image.address, ...(size && { width: size.width, height: size.height }) };
      onChange({ ...withoutMask(settings), ...(found ?? start) });
      onNote({ kind: 'hint', text: note });
    } catch (error) {
      onNote({ kind: 'error', text: messageOf(error) });
    }
  };
  return (file: File | undefined) => {
    if (file !== undefined) void read(file);
  };
}

/** Reads the picture that says what of the start image is repainted. What is repainted starts from noise unless the user says otherwise. */
function useMaskReader(onChange: SettingsProps['onChange'], onNote: (note: Note) => void, model: Model | undefined) {
  const read = async (file: File) => {
    try {
      const { address } = await readMask(file, model?.limits.max_side ?? 1);
      onChange({ mask: address, strength: defaults.maskedStrength });
    } catch (error) {
      onNote({ kind: 'error', text: messageOf(error) });
    }
  };
  return (file: File | undefined) => {
    if (file !== undefined) void read(file);
  };
}

/** Everything below the button: aspect ratio, numbers, seed, and what is folded away. */
function PictureSettings({ models, settings, onChange }: SettingsProps) {
  const model = models.find((each) => each.id === settings.model) ?? models[0];
  const choose = (id: string) => {
    const other = models.find((each) => each.id === id);
    if (other !== undefined) onChange(settingsForModel(settings, model, other));
  };
  const controls = formControls(model ?? { parameters: {} });
  const fieldsOf = (place: FormControl['place']) => (
    <ControlFields
      controls={controls.filter((control) => control.place === place)}
      values={settings}
      onChange={(name, value) => onChange({ [name]: value })}
    />
  );
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
      {fieldsOf('main')}
      <SeedField seed={settings.seed} onChange={(seed) => onChange({ seed })} />
      <details>
        <summary>Advanced</summary>
        <div className="stack">
          {models.length > 1 && (
            <label className="field">
              Model
              <select value={settings.model} onChange={(event) => choose(event.target.value)}>
                {models.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.id} ({each.name}), {credits(each.price.picture)} credits a picture
                  </option>
                ))}
              </select>
            </label>
          )}
          {fieldsOf('more')}
          {model && <LoraField model={model} loras={settings.loras} onChange={(loras) => onChange({ loras })} />}
        </div>
      </details>
    </>
  );
}

function RunButton({ settings }: { readonly settings: Settings }) {
  return (
    <div className="run">
      <button
        type="submit"
        className="primary big"
        // The second half of a double click would be charged, too.
        onClick={(event) => event.detail > 1 && event.preventDefault()}
      >
        Generate {settings.samples === 1 ? 'a picture' : `${settings.samples} pictures`}
      </button>
      <PriceLine settings={settings} />
    </div>
  );
}

/** What the next run costs, and whether the balance covers it. */
function PriceLine({ settings }: { readonly settings: Settings }) {
  const { client, remaining } = useSession();
  const { model, samples, steps, width, height, profile } = settings;
  const quote = useDebouncedReply([model, samples, steps, width, height, profile].join(), (signal) =>
    client.account.price(
      { model, samples, num_inference_steps: steps, img_width: width, img_height: height, profile },
      { signal },
    ),
  );
  if (quote === undefined) return <small className="quiet">&nbsp;</small>;
  if (remaining !== undefined && remaining < quote.price) {
    return (
      <small className="wrong">
        <Credits amount={quote.price} /> credits needed, {balance(remaining)} available
      </small>
    );
  }
  return (
    <small className="quiet">
      <Credits amount={quote.price} /> credits
    </small>
  );
}
