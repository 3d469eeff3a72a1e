import { faultOfStyle, STYLE_PLACE, type StyleReply } from '@easel/contract';
import { type FormEvent, useId, useState } from 'react';
import { ConfirmButton } from '../parts/buttons.tsx';
import { Notice } from '../parts/notices.tsx';
import { SmallDialog } from '../parts/small-dialog.tsx';
import { messageOf, toSentence } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';
import samples from './style-samples.webp';

/** What is on the sheet of samples, tile by tile, nine in a row: the same prompt in each style, made by the embedded model. */
const sampled = (
  ' photo portrait macro black-and-white night film-still instant-photo studio ' +
  'oil-painting watercolour ink pencil charcoal woodcut poster flat comic ' +
  'anime storybook pixel-art isometric clay paper-cut render low-poly stained-glass'
).split(' ');
const PER_ROW = 9;
const ROWS = 3;

export interface StyleDialogProps {
  readonly styles: readonly StyleReply[];
  readonly settings: Pick<Settings, 'style' | 'prompt' | 'negativePrompt'>;
  readonly onChoose: (name: string) => void;
  readonly onClose: () => void;
  /** Styles were saved or deleted. */
  readonly onChanged: () => void;
}

/** All styles with a sample each, and the form that saves one of one's own. */
export function StyleDialog({ styles, settings, onChoose, onClose, onChanged }: StyleDialogProps) {
  const { client } = useSession();
  const [problem, setProblem] = useState<string>();
  const remove = async (name: string) => {
    try {
      setProblem(undefined);
      await client.styles.remove(name);
      if (settings.style === name) onChoose('');
      onChanged();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  const own = styles.filter(({ is_own: isOwn }) => isOwn);
  return (
    <SmallDialog title="Styles" className="wide" onClose={onClose}>
      <p className="quiet">The samples show a fox in the forest, made by the small embedded model.</p>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <ul className="style-grid">
        <StyleTile name="" prompt="No style" isChosen={settings.style === ''} onChoose={onChoose} />
        {styles.map(({ name, prompt }) => (
          <StyleTile key={name} {...{ name, prompt, onChoose }} isChosen={settings.style === name} />
        ))}
      </ul>
      {own.length > 0 && (
        <section className="stack" aria-label="Your styles">
          <h3>Yours</h3>
          <ul className="own-styles">
            {own.map(({ name, prompt }) => (
              <li key={name} className="row wrap">
                <b>{name}</b>
                <small className="quiet" dir="auto">
                  {prompt}
                </small>
                <ConfirmButton
                  className="plain"
                  question="Really delete?"
                  aria-label={`Delete style ${name}`}
                  onConfirm={() => void remove(name)}
                >
                  Delete
                </ConfirmButton>
              </li>
            ))}
          </ul>
        </section>
      )}
      <SaveStyle settings={settings} onSaved={onChanged} />
    </SmallDialog>
  );
}

interface StyleTileProps {
  /** Empty: none. */
  readonly name: string;
  readonly prompt: string;
  readonly isChosen: boolean;
  readonly onChoose: (name: string) => void;
}

function StyleTile({ name, prompt, isChosen, onChoose }: StyleTileProps) {
  const place = sampled.indexOf(name);
  const at = {
    backgroundImage: `url(${samples})`,
    backgroundSize: `${PER_ROW * 100}% ${ROWS * 100}%`,
    backgroundPosition: `${((place % PER_ROW) / (PER_ROW - 1)) * 100}% ${(Math.floor(place / PER_ROW) / (ROWS - 1)) * 100}%`,
  };
  return (
    <li>
      <button type="button" aria-pressed={isChosen} title={prompt} onClick={() => onChoose(name)}>
        <span className="style-sample" style={place < 0 ? undefined : at} aria-hidden="true">
          {place < 0 && 'Aa'}
        </span>
        <span>{name === '' ? 'none' : name}</span>
      </button>
    </li>
  );
}

/** Saves a style; begins with the prompt of the form. */
function SaveStyle({ settings, onSaved }: Pick<StyleDialogProps, 'settings'> & { readonly onSaved: () => void }) {
  const { client } = useSession();
  const id = useId();
  const [name, setName] = useState('');
  const [prompt, setPrompt] = useState(() =>
    settings.prompt.trim() === '' ? STYLE_PLACE : `${STYLE_PLACE}, ${settings.prompt.trim()}`,
  );
  const [negative, setNegative] = useState(settings.negativePrompt);
  const [said, setSaid] = useState<{ readonly kind: 'error' | 'hint'; readonly text: string }>();
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = name.trim().toLowerCase().replaceAll(/\s+/g, '-');
    const fault = faultOfStyle({ name: wanted, prompt });
    if (fault !== undefined) {
      setSaid({ kind: 'error', text: toSentence(fault) });
      return;
    }
    try {
      await client.styles.save(wanted, { prompt, ...(negative.trim() !== '' && { negative_prompt: negative.trim() }) });
      setSaid({ kind: 'hint', text: `Saved as ${wanted}.` });
      setName('');
      onSaved();
    } catch (error) {
      setSaid({ kind: 'error', text: messageOf(error) });
    }
  };
  return (
    <details>
      <summary>Save a style of your own</summary>
      <form className="stack" onSubmit={(event) => void save(event)}>
        <label className="field">
          Name
          <input value={name} placeholder="my-style" maxLength={40} onChange={({ target }) => setName(target.value)} />
        </label>
        <label className="field" htmlFor={`${id}-prompt`}>
          Prompt of the style
        </label>
        <textarea
          id={`${id}-prompt`}
          rows={2}
          dir="auto"
          maxLength={2000}
          value={prompt}
          aria-describedby={`${id}-place`}
          onChange={({ target }) => setPrompt(target.value)}
        />
        <small id={`${id}-place`} className="quiet">
          {STYLE_PLACE} stands for the prompt of the form.
        </small>
        <label className="field">
          Added to the negative prompt
          <input dir="auto" maxLength={2000} value={negative} onChange={({ target }) => setNegative(target.value)} />
        </label>
        {said && <Notice kind={said.kind}>{said.text}</Notice>}
        <button type="submit">Save style</button>
      </form>
    </details>
  );
}
