import type { Size } from '@easel/contract';
import { type KeyboardEvent, useId, useMemo, useState } from 'react';
import { composeStart, drawStart, sizeOf } from '../files/compose-start.ts';
import { credits } from '../format/text.ts';
import { Notice } from '../parts/notices.tsx';
import { addressOf, go } from '../router.ts';
import { useRuns } from '../runs/runs.tsx';
import { messageOf, useDebouncedReply } from '../session/requests.ts';
import { useModels, useSession } from '../session/session.tsx';
import { type FramedSize, frameOf, leavesSpace, placeOf } from '../settings/frame.ts';
import { setPendingSettings } from '../settings/initial-settings.ts';
import { jobOf, MOST_PROMPTS, promptCount, promptsOf, type Settings } from '../settings/settings.ts';
import { type EditorProps, type EditorTool, paintedAround } from './editing.ts';
import { FramePanel } from './frame-panel.tsx';
import { FrameStage } from './frame-stage.tsx';
import { MaskPanel, type MaskPanelProps } from './mask-panel.tsx';
import type { Brush } from './mask-raster.ts';
import { MaskStage, type View, wholeView, zoomView } from './mask-stage.tsx';
import { type Draft, useDraft } from './use-draft.ts';
import '../styles/editor.css';

/** Where a start image is placed in the frame, and its mask is painted. */
export function EditorDialog({ onClose, onLeave = () => {}, ...request }: EditorProps) {
  const draft = useDraft(request);
  const { reply: models = [] } = useModels();
  const [tool, setTool] = useState<EditorTool>(request.tool);
  const [brush, setBrush] = useState<Brush>(() => firstBrush(request.settings));
  const [view, setView] = useState<View>(wholeView);
  const [isHand, setHand] = useState(false);
  const [said, say] = useState('');
  const model = models.find(({ id }) => id === draft.settings.model);
  const parts: EditorParts = { draft, model, tool, brush, setBrush, view, setView, isHand, setHand, say };
  const onKeyDown = useShortcuts(parts);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: shortcuts of buttons that are there, too
    <div className="editor-body" onKeyDown={onKeyDown}>
      <div className="editor-tabs row" role="toolbar" aria-label="Tool">
        {(['frame', 'mask'] as const).map((each) => (
          <button key={each} type="button" aria-pressed={tool === each} onClick={() => setTool(each)}>
            {each === 'frame' ? 'Frame' : 'Mask'}
          </button>
        ))}
      </div>
      <Stage parts={parts} />
      <aside className="editor-panel stack">
        {draft.problem !== undefined && <Notice kind="error">{draft.problem}</Notice>}
        {draft.isRestored && (
          <Notice kind="hint">
            Your last edit of this picture.{' '}
            <button type="button" onClick={draft.startOver}>
              Start over
            </button>
          </Notice>
        )}
        {tool === 'frame' ? <FramePanel draft={draft} model={model} /> : <MaskPanel {...parts} />}
        <Finish draft={draft} isForm={request.isForm} onLeave={onLeave} onClose={onClose} />
      </aside>
      <p className="visually-hidden" role="status">
        {said}
      </p>
    </div>
  );
}

interface EditorParts extends MaskPanelProps {
  readonly tool: EditorTool;
}

function firstBrush({ width, height }: Settings): Brush {
  return { size: Math.round(Math.max(width, height) / 8), hardness: 0.8, isErasing: false };
}

function Stage({ parts }: { readonly parts: EditorParts }) {
  const { draft, model, tool, brush, isHand, view, setView, say } = parts;
  const { image, settings, raster } = draft;
  const { startImage, width, height, framing, frame, around } = settings;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is sent of the picture, without the mask, depends on these
  const picture = useMemo(
    () => image && drawStart(settings, image),
    [image, startImage, width, height, framing, frame, around],
  );
  if (image === undefined || picture === undefined || model === undefined || (tool === 'mask' && raster === undefined))
    return <div className="editor-stage">{draft.problem === undefined && <p className="quiet">Loading…</p>}</div>;
  if (tool === 'frame' || raster === undefined)
    return (
      <FrameStage
        image={image}
        settings={settings}
        limits={model.limits}
        onFrame={(framed) => draft.change(partOfFrame(framed, settings, sizeOf(image)))}
      />
    );
  const place = placeOf(frameOf(settings, sizeOf(image), settings), sizeOf(image), settings);
  return (
    <MaskStage
      picture={picture}
      raster={raster}
      brush={brush}
      kept={settings.around === 'paint' && leavesSpace(place, settings) ? place : null}
      isHand={isHand}
      version={draft.version}
      view={view}
      onView={setView}
      onStroke={draft.keepMask}
      onSay={say}
    />
  );
}

/** What changes with a frame that is moved: what it first shows beyond the picture is for the model to paint. */
function partOfFrame(framed: FramedSize, settings: Settings, picture: Size): Partial<Settings> {
  const hasSpace = (each: Settings) => leavesSpace(placeOf(frameOf(each, picture, each), picture, each), each);
  const isNew = settings.around === 'edges' && !hasSpace(settings) && hasSpace({ ...settings, ...framed });
  const isOtherShape = framed.width !== settings.width || framed.height !== settings.height;
  return { ...framed, ...(isNew && paintedAround), ...(isOtherShape && { isShapeChosen: true }) };
}

/** What the keys of other paint programs do. */
function useShortcuts({ draft, tool, brush, setBrush, view, setView, isHand, setHand, say }: EditorParts) {
  const { raster, keepMask } = draft;
  const change = (act: () => void, words: string) => {
    act();
    keepMask();
    say(words);
  };
  const undo = (isBack: boolean) => {
    if (raster === undefined) return;
    if (isBack && raster.canUndo) change(() => raster.undo(), 'Undone');
    if (!isBack && raster.canRedo) change(() => raster.redo(), 'Redone');
  };
  const keys: Readonly<Record<string, () => void>> = {
    '[': () => setBrush({ ...brush, size: nextSize(brush.size, -1) }),
    ']': () => setBrush({ ...brush, size: nextSize(brush.size, 1) }),
    e: () => setBrush({ ...brush, isErasing: !brush.isErasing }),
    x: () => setBrush({ ...brush, isErasing: !brush.isErasing }),
    i: () => raster && change(() => raster.invert(), 'Inverted'),
    h: () => setHand(!isHand),
    delete: () => raster && change(() => raster.clear(), 'Cleared'),
    '+': () => setView(zoomView(view, 1.25, { x: 0, y: 0 })),
    '=': () => setView(zoomView(view, 1.25, { x: 0, y: 0 })),
    '-': () => setView(zoomView(view, 0.8, { x: 0, y: 0 })),
    '0': () => setView(wholeView),
  };
  return (event: KeyboardEvent) => {
    event.stopPropagation(); // what is under the editor has keys of its own
    const { target, key, altKey, shiftKey } = event;
    const isField = target instanceof HTMLElement && target.matches('textarea, select, input[type=number]');
    if (isField || tool !== 'mask' || altKey) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && ['z', 'Z', 'y'].includes(key)) {
      event.preventDefault();
      undo(key !== 'y' && !shiftKey);
    } else if (!isCommand && Object.hasOwn(keys, key.toLowerCase())) {
      event.preventDefault();
      keys[key.toLowerCase()]?.();
    }
  };
}

const LARGEST_BRUSH = 512;

function nextSize(size: number, way: 1 | -1): number {
  return Math.min(LARGEST_BRUSH, Math.max(1, size + way * Math.max(1, Math.round(size / 6))));
}

interface FinishProps {
  readonly draft: Draft;
  readonly isForm: boolean;
  readonly onLeave: () => void;
  readonly onClose: () => void;
}

/** The prompt and what it costs: a picture can be made here, or the edit goes into the form. */
function Finish({ draft: { settings, change, image }, isForm, onLeave, onClose }: FinishProps) {
  const { start } = useRuns();
  const [problem, setProblem] = useState<string>();
  const leave = () => {
    onLeave();
    onClose();
    go(addressOf('playground'));
  };
  const generate = async () => {
    try {
      if (settings.prompt.trim() === '') throw new Error('enter a prompt');
      if (promptCount(settings) > MOST_PROMPTS) throw new Error(`a prompt may stand for ${MOST_PROMPTS} at most`);
      const sent = await composeStart(settings);
      start(...promptsOf(settings).map((prompt) => jobOf({ ...settings, prompt, ...sent })));
      leave();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <div className="stack finish">
      <RequestFields settings={settings} onChange={change} />
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <div className="row wrap">
        <button
          type="button"
          className="primary"
          disabled={image === undefined}
          // The second half of a double click would be charged, too.
          onClick={({ detail }) => detail < 2 && void generate()}
        >
          Generate
        </button>
        <button
          type="button"
          onClick={() => {
            if (isForm) onClose();
            else {
              setPendingSettings(settings);
              leave();
            }
          }}
        >
          {isForm ? 'Done' : 'Use in the form'}
        </button>
        <Price settings={settings} />
      </div>
    </div>
  );
}

interface RequestFieldsProps {
  readonly settings: Settings;
  readonly onChange: (part: Partial<Settings>) => void;
}

function RequestFields({ settings, onChange }: RequestFieldsProps) {
  const id = useId();
  return (
    <>
      <div className="field">
        <label htmlFor={id}>Prompt</label>
        <textarea
          id={id}
          rows={2}
          dir="auto"
          value={settings.prompt}
          onChange={(event) => onChange({ prompt: event.target.value })}
        />
      </div>
      <label className="row">
        Strength
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={settings.strength}
          onChange={(event) => onChange({ strength: Number(event.target.value) })}
        />
        <span className="number">{settings.strength}</span>
      </label>
    </>
  );
}

function Price({ settings }: { readonly settings: Settings }) {
  const { client } = useSession();
  const { model, samples, steps, width, height, profile } = settings;
  const runs = promptCount(settings);
  const quote = useDebouncedReply([model, samples, steps, width, height, profile].join(), (signal) =>
    client.account.price(
      { model, samples, num_inference_steps: steps, img_width: width, img_height: height, profile },
      { signal },
    ),
  );
  return (
    <small className="quiet">
      {samples * runs > 1 && `${samples * runs} pictures, `}
      {width}×{height}
      {quote !== undefined && `, ${credits(quote.price * runs)} credits`}
    </small>
  );
}
