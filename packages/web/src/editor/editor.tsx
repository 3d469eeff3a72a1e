import type { Image, Job } from '@easel/contract';
import { type ComponentType, createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { pathOf } from '../files/picture-file.ts';
import { Notice } from '../parts/notices.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { messageOf } from '../session/requests.ts';
import { useModels } from '../session/session.tsx';
import { type Extension, extendPart } from '../settings/frame.ts';
import { drawnSize, modelOfJob, settingsOfJob, strengthWith } from '../settings/settings.ts';
import { DraggedPicture } from './dragged-picture.tsx';
import { type EditorProps, paintedAround, panDirections, wayOf, zoomsOut } from './editing.ts';

export interface Editor {
  open(request: Omit<EditorProps, 'onClose'>): void;
}

const EditorContext = createContext<Editor | null>(null);

/** The editor of start images and masks, over whichever view; its code is loaded when it is first opened. */
export function EditorProvider({ children }: { readonly children: ReactNode }) {
  const [request, setRequest] = useState<Omit<EditorProps, 'onClose'>>();
  const [Dialog, setDialog] = useState<ComponentType<EditorProps>>();
  const [problem, setProblem] = useState<string>();
  const isOpen = request !== undefined;
  const close = () => setRequest(undefined);
  useEffect(() => {
    if (!isOpen) return;
    import('./editor-dialog.tsx').then(
      ({ EditorDialog }) => setDialog(() => EditorDialog),
      (error: unknown) => {
        setProblem(`The editor could not be loaded. ${messageOf(error)}`);
        setRequest(undefined);
      },
    );
  }, [isOpen]);
  const editor = useMemo<Editor>(
    () => ({
      open(next) {
        setProblem(undefined);
        setRequest(next);
      },
    }),
    [],
  );
  return (
    <EditorContext value={editor}>
      {problem !== undefined && (
        <Notice kind="error" onClose={() => setProblem(undefined)}>
          {problem}
        </Notice>
      )}
      {children}
      <DraggedPicture />
      {request !== undefined && (
        <Overlay label="Edit picture" className="editor" onClose={close}>
          {Dialog === undefined ? <p className="quiet centred">Loading…</p> : <Dialog {...request} onClose={close} />}
        </Overlay>
      )}
    </EditorContext>
  );
}

export function useEditor(): Editor {
  const editor = use(EditorContext);
  if (editor === null) throw new Error('useEditor needs an EditorProvider');
  return editor;
}

export interface EditActionsProps {
  readonly job: Job;
  readonly image: Image;
  /** Called before the editor opens. */
  readonly onOpen?: () => void;
  /** Called before the playground is shown with what was made of the picture. */
  readonly onLeave?: () => void;
}

/** Opens the editor with a picture of this server, or with more space around it. @returns null while that is not possible */
function useOpen({
  job,
  image,
  onOpen = () => {},
  onLeave = () => {},
}: EditActionsProps): ((extension?: Extension) => void) | null {
  const editor = useEditor();
  const { reply: models = [] } = useModels();
  const model = modelOfJob(job, models);
  if (model === undefined) return null;
  return (extension) => {
    onOpen();
    const restored = settingsOfJob(job, { seed: null, startImage: pathOf(image.url), model });
    const sized = { ...restored, ...drawnSize(model, image) };
    if (extension === undefined) {
      editor.open({ settings: sized, tool: 'mask', isForm: false, onLeave });
      return;
    }
    const extended = { ...sized, ...extendPart(image, extension, model.limits), ...paintedAround };
    const settings = { ...extended, strength: strengthWith(sized, extended) };
    editor.open({ settings, tool: 'frame', isForm: false, onLeave });
  };
}

/** Repaints a part of a picture. */
export function EditButton(props: EditActionsProps) {
  const open = useOpen(props);
  return (
    <button
      type="button"
      disabled={open === null}
      title="Repaint a part of the picture, or show another part of it"
      onClick={() => open?.()}
    >
      Edit
    </button>
  );
}

/** Shows more around a picture, which the model paints. */
export function ExtendActions(props: EditActionsProps) {
  const open = useOpen(props);
  return (
    <fieldset className="row wrap extend-actions">
      <legend>Zoom out and pan</legend>
      {zoomsOut.map((zoomOut) => (
        <button
          key={zoomOut}
          type="button"
          disabled={open === null}
          title="Shows more around the picture, which the model paints"
          aria-label={`Zoom out ${zoomOut}×`}
          onClick={() => open?.({ zoomOut })}
        >
          {zoomOut}×
        </button>
      ))}
      {panDirections.map(([pan, arrow]) => (
        <button
          key={pan}
          type="button"
          disabled={open === null}
          title={`Extends the picture ${wayOf(pan)}`}
          aria-label={`Pan ${pan}`}
          onClick={() => open?.({ pan })}
        >
          {arrow}
        </button>
      ))}
    </fieldset>
  );
}
