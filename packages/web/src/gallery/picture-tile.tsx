import { memo, type SyntheticEvent, useEffect, useRef, useState } from 'react';
import { isSlowConnection } from '../browser.ts';
import { thumbnailSource } from '../files/picture-file.ts';
import { moment } from '../format/text.ts';
import { CheckIcon, CompareIcon, DeleteIcon, MoreIcon, StarIcon } from '../parts/icons.tsx';
import { modelNameOf } from '../parts/model-name.tsx';
import { useModels } from '../session/session.tsx';
import { type ListedPicture, nameOf, titleOf } from './pictures.ts';
import type { Box } from './rows.ts';
import type { ScrollPace } from './use-scroll-window.ts';

/** What can be done with a picture of the wall. */
export interface TileActions {
  readonly onOpen: (picture: ListedPicture) => void;
  /** @param isRange with all between it and the one selected before */
  readonly onSelect: (picture: ListedPicture, isRange: boolean) => void;
  readonly onCompare: (picture: ListedPicture) => void;
  readonly onFavourite: (picture: ListedPicture) => void;
  readonly onDelete: (picture: ListedPicture) => void;
}

export interface PictureTileProps extends Box {
  readonly picture: ListedPicture;
  /** Its number among all, from 1. */
  readonly place: number;
  readonly total: number;
  /** Whether the Tab key leads to it. */
  readonly isActive: boolean;
  readonly isSelected: boolean;
  /** While scrolling is fast, the file is not loaded yet; the buttons appear once it is slow. */
  readonly pace: ScrollPace;
  readonly actions: TileActions;
  readonly onActive: (id: string) => void;
}

/** A picture of the wall; what can be done with it, and its facts, come with the pointer or the focus. */
export const PictureTile = memo(function PictureTile(props: PictureTileProps) {
  const { picture, place, total, left, top, width, height, isActive, isSelected, pace, actions, onActive } = props;
  const { image } = picture;
  const isWanted = useOnce(pace !== 'fast');
  const hasTools = useOnce(pace === 'slow' || isActive || isSelected || picture.job.favourite);
  const [isAsking, setAsking] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const classes = ['entry', isSelected && 'selected', isOpen && 'open', isAsking && 'asked'].filter(Boolean);
  return (
    <li
      className={classes.join(' ')}
      style={{ left, top, width, height }}
      aria-posinset={place}
      aria-setsize={total}
      onFocus={() => onActive(image.id)}
    >
      <button
        type="button"
        className="picture"
        data-picture={image.id}
        tabIndex={isActive ? 0 : -1}
        aria-label={`Open ${nameOf(picture)}`}
        onClick={() => actions.onOpen(picture)}
      >
        {isWanted && (
          <img
            // A size smaller where that is what makes it come at all.
            {...thumbnailSource(image, Math.round(isSlowConnection() ? width * 0.7 : width))}
            alt=""
            width={width}
            height={height}
            loading="lazy"
            decoding="async"
          />
        )}
      </button>
      {hasTools && <Caption picture={picture} />}
      {isAsking ? (
        <DeleteQuestion
          name={nameOf(picture)}
          onDelete={() => {
            setAsking(false);
            actions.onDelete(picture);
          }}
          onKeep={() => setAsking(false)}
        />
      ) : hasTools ? (
        <Tools {...{ picture, isActive, isSelected, isOpen, actions }} onOpen={setOpen} onAsk={() => setAsking(true)} />
      ) : null}
    </li>
  );
});

/** Whether it was so at some time since the first render. */
function useOnce(isSo: boolean): boolean {
  const [was, setWas] = useState(isSo);
  if (isSo && !was) setWas(true);
  return was || isSo;
}

function Caption({ picture: { job, image } }: Pick<PictureTileProps, 'picture'>) {
  const { reply: models = [] } = useModels();
  return (
    <div className="wall-caption">
      <p className="prompt" dir="auto">
        {job.prompt === null ? 'Prompt not stored.' : titleOf(job)}
      </p>
      <small>
        {image.width}×{image.height} · seed {image.seed} · {modelNameOf(job, models)} · {moment(job.created_at)}
      </small>
    </div>
  );
}

interface ToolsProps extends Pick<PictureTileProps, 'picture' | 'isActive' | 'isSelected' | 'actions'> {
  /** By touch: they are shown. */
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
  readonly onAsk: () => void;
}

function Tools({ picture, isActive, isSelected, isOpen, actions, onOpen, onAsk }: ToolsProps) {
  const name = nameOf(picture);
  const tabIndex = isActive ? 0 : -1;
  return (
    <>
      <button
        type="button"
        className="wall-tool select"
        tabIndex={tabIndex}
        aria-pressed={isSelected}
        aria-label={`Select ${name}`}
        title="Select"
        onClick={(event) => actions.onSelect(picture, event.shiftKey)}
      >
        <CheckIcon />
      </button>
      <div className="wall-tools">
        <FavouriteTool {...{ picture, isActive, actions }} />
        <button
          type="button"
          className="wall-tool"
          tabIndex={tabIndex}
          aria-label={`Compare ${name}`}
          title="Compare with another picture"
          onClick={() => actions.onCompare(picture)}
        >
          <CompareIcon />
        </button>
        <button
          type="button"
          className="wall-tool"
          tabIndex={tabIndex}
          aria-label={`Delete ${name}`}
          title="Delete this picture"
          onClick={onAsk}
        >
          <DeleteIcon />
        </button>
      </div>
      <button
        type="button"
        className="wall-tool more"
        tabIndex={tabIndex}
        aria-expanded={isOpen}
        aria-label={`Actions for ${name}`}
        onClick={() => onOpen(!isOpen)}
      >
        <MoreIcon />
      </button>
    </>
  );
}

function FavouriteTool({ picture, isActive, actions }: Pick<ToolsProps, 'picture' | 'isActive' | 'actions'>) {
  const { job } = picture;
  const isOfMany = job.images.length > 1;
  return (
    <button
      type="button"
      className="wall-tool favourite"
      tabIndex={isActive ? 0 : -1}
      aria-pressed={job.favourite}
      aria-label={`Favourite: ${titleOf(job)}`}
      title={isOfMany ? `Favourite: all ${job.images.length} pictures of this run` : 'Favourite'}
      onClick={() => actions.onFavourite(picture)}
    >
      <StarIcon isFull={job.favourite} />
    </button>
  );
}

interface DeleteQuestionProps {
  readonly name: string;
  readonly onDelete: () => void;
  readonly onKeep: () => void;
}

/** Asks in place; Escape, or going elsewhere, keeps the picture. */
function DeleteQuestion({ name, onDelete, onKeep }: DeleteQuestionProps) {
  const box = useRef<HTMLFieldSetElement>(null);
  useEffect(() => box.current?.querySelector('button')?.focus({ preventScroll: true }), []);
  const keep = ({ currentTarget }: SyntheticEvent<HTMLElement>) => {
    const opener = currentTarget.parentElement?.querySelector<HTMLElement>('[data-picture]');
    onKeep();
    opener?.focus({ preventScroll: true });
  };
  return (
    <fieldset
      ref={box}
      className="wall-question"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault(); // it is about this picture, not about those that are selected
        keep(event);
      }}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (relatedTarget instanceof Node && !currentTarget.contains(relatedTarget)) onKeep();
      }}
    >
      <legend className="visually-hidden">Delete {name}?</legend>
      <span aria-hidden="true">Delete?</span>
      <div className="row">
        {/* The second half of a double click does not confirm. */}
        <button type="button" className="confirm" onClick={({ detail }) => detail < 2 && onDelete()}>
          Delete
        </button>
        <button type="button" onClick={onKeep}>
          Keep
        </button>
      </div>
    </fieldset>
  );
}
