import { MAX_PROMPT_LENGTH, type Model } from '@easel/contract';
import { type FormEvent, type KeyboardEvent, useId, useState } from 'react';
import { nearestShape } from '../files/start-picture.ts';
import { balance, credits } from '../format/text.ts';
import { ControlFields } from '../parts/fields.tsx';
import { DrawnBy } from '../parts/model-name.tsx';
import { Notice } from '../parts/notices.tsx';
import { messageOf, useAnswer } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { type ControlPlace, formControls } from '../settings/form-controls.ts';
import type { Settings } from '../settings/settings.ts';
import { SeedField, SizePicker } from './picture-fields.tsx';
import { TokenCount } from './prompt-fields.tsx';
import { StartImage, useDroppedFile } from './start-image.tsx';

export interface PlaygroundFormProps {
  readonly models: readonly Model[];
  readonly settings: Settings;
  readonly onChange: (part: Partial<Settings>) => void;
  /** @throws Error that says why nothing can be made */
  readonly onMake: () => Promise<void>;
}

export function PlaygroundForm({ models, settings, onChange, onMake }: PlaygroundFormProps) {
  const [note, setNote] = useState<{ readonly kind: 'error' | 'hint'; readonly text: string }>();
  const id = useId();
  const model = models.find((each) => each.id === settings.model) ?? models[0];
  const controls = formControls(model ?? { parameters: {} });
  const controlsAt = (place: ControlPlace) => controls.filter((control) => control.place === place);
  const setControl = (name: string, value: string | number) => onChange({ [name]: value });

  const run = () => {
    if (settings.prompt.trim() === '') {
      setNote({ kind: 'error', text: 'Say what to draw first.' });
      return;
    }
    setNote(undefined);
    onMake().catch((error: unknown) => setNote({ kind: 'error', text: messageOf(error) }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run();
  };
  const runOnEnter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    // A key that is held down would be paid for again and again.
    if (!event.repeat) run();
  };
  const takeFile = async (file: File | undefined) => {
    if (file === undefined) return;
    try {
      const { readDropped } = await import('../files/settings-of-file.ts'); // not with the page: few ever need it
      const { settings: found, note: text, image } = await readDropped(file, models, model?.limits.max_side ?? 1);
      const shape = settings.isShapeChosen ? undefined : nearestShape(model?.sizes ?? [], image);
      const start = { startImage: image.address, ...(shape && { width: shape.width, height: shape.height }) };
      onChange(found ?? start);
      setNote({ kind: 'hint', text });
    } catch (error) {
      setNote({ kind: 'error', text: messageOf(error) });
    }
  };
  const isFileHeld = useDroppedFile((file) => void takeFile(file));

  const startImage = <StartImage settings={settings} onChange={onChange} onFile={(file) => void takeFile(file)} />;

  return (
    <form className="card stack" onSubmit={submit} noValidate>
      {isFileHeld && <p className="drop-here">Drop the picture to restore its settings, or to start from it</p>}
      <div className="field">
        <label htmlFor={`${id}-prompt`}>Prompt</label>
        <textarea
          id={`${id}-prompt`}
          rows={3}
          dir="auto"
          maxLength={MAX_PROMPT_LENGTH}
          value={settings.prompt}
          placeholder="a red apple on a blue background"
          onChange={(event) => {
            onChange({ prompt: event.target.value });
            if (note?.kind === 'error') setNote(undefined);
          }}
          onKeyDown={runOnEnter}
          aria-describedby={`${id}-tokens`}
        />
        <TokenCount id={`${id}-tokens`} text={settings.prompt} model={settings.model} />
      </div>
      <div className="field negative">
        <label htmlFor={`${id}-negative`}>Negative prompt</label>
        <textarea
          id={`${id}-negative`}
          rows={1}
          dir="auto"
          maxLength={MAX_PROMPT_LENGTH}
          value={settings.negativePrompt}
          placeholder="what should not be in it"
          onChange={(event) => onChange({ negativePrompt: event.target.value })}
          onKeyDown={runOnEnter}
          aria-describedby={`${id}-negative-tokens`}
        />
        <TokenCount id={`${id}-negative-tokens`} text={settings.negativePrompt} model={settings.model} />
      </div>
      {note && (
        <Notice kind={note.kind} onClose={() => setNote(undefined)}>
          {note.text}
        </Notice>
      )}
      <div className="run">
        <button
          type="submit"
          className="primary big"
          // The second half of a double click would be paid for, too.
          onClick={(event) => event.detail > 1 && event.preventDefault()}
        >
          Make {settings.samples === 1 ? 'a picture' : `${settings.samples} pictures`}
        </button>
        <PriceLine settings={settings} />
      </div>
      {model && <DrawnBy model={model} />}
      {settings.startImage !== null && startImage}
      {model && (
        <SizePicker
          model={model}
          width={settings.width}
          height={settings.height}
          onChange={(size) => onChange({ ...size, isShapeChosen: true })}
        />
      )}
      <ControlFields controls={controlsAt('main')} values={settings} onChange={setControl} />
      <SeedField seed={settings.seed} onChange={(seed) => onChange({ seed })} />
      <details>
        <summary>More</summary>
        <div className="stack">
          {models.length > 1 && (
            <label className="field">
              Model
              <select value={settings.model} onChange={(event) => onChange({ model: event.target.value })}>
                {models.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.id} ({each.name})
                  </option>
                ))}
              </select>
            </label>
          )}
          <ControlFields controls={controlsAt('more')} values={settings} onChange={setControl} />
        </div>
      </details>
      {settings.startImage === null && startImage}
    </form>
  );
}

/** What pressing the button costs, and what will be left. */
export function PriceLine({ settings }: { readonly settings: Settings }) {
  const { client, remaining } = useSession();
  const { model, samples, steps, width, height } = settings;
  const quote = useAnswer([model, samples, steps, width, height].join(), (signal) =>
    client.account.price(
      { model, samples, num_inference_steps: steps, img_width: width, img_height: height },
      { signal },
    ),
  );
  if (quote === undefined) return <small className="quiet">&nbsp;</small>;
  if (remaining !== undefined && remaining < quote.price) {
    return (
      <small className="wrong">
        {credits(quote.price)} credits, and there are {balance(remaining)}
      </small>
    );
  }
  return <small className="quiet">{credits(quote.price)} credits</small>;
}
