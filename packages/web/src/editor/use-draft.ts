import type { Model, Size } from '@easel/contract';
import { useEffect, useRef, useState } from 'react';
import { addressOfCanvas, blankCanvas, drawMask, loadPicture, sizeOf } from '../files/compose-start.ts';
import { contextOf, readMask } from '../files/start-picture.ts';
import { messageOf } from '../session/requests.ts';
import { frameOf, placeOf } from '../settings/frame.ts';
import { setPendingSettings } from '../settings/initial-settings.ts';
import { type Settings, strengthWith } from '../settings/settings.ts';
import type { EditorProps } from './editing.ts';
import { MaskRaster } from './mask-raster.ts';

export interface Draft {
  readonly settings: Settings;
  readonly change: (part: Partial<Settings>) => void;
  readonly image: HTMLImageElement | undefined;
  /** The mask as it is painted; undefined until it is loaded. */
  readonly raster: MaskRaster | undefined;
  /** Another number after each change of the mask. */
  readonly version: number;
  /** To be called when the mask has changed. */
  readonly keepMask: () => void;
  readonly problem: string | undefined;
  readonly takeMaskFile: (file: File, model: Model | undefined) => Promise<void>;
  /** Whether this is an edit that was closed before. */
  readonly isRestored: boolean;
  readonly startOver: () => void;
}

/** The last edit of a picture that was closed without a word: painting is not lost by a key. */
let closed: Settings | undefined;

/** What is being edited, with all that its pixels need. */
export function useDraft({ settings: opened, tool, isForm }: Omit<EditorProps, 'onClose'>): Draft {
  const [restored] = useState(() => (!isForm && tool === 'mask' ? closedEditOf(opened) : undefined));
  const [isRestored, setRestored] = useState(restored !== undefined);
  const [settings, setSettings] = useState(restored ?? opened);
  const [image, setImage] = useState<HTMLImageElement>();
  const [problem, setProblem] = useState<string>();
  const [version, setVersion] = useState(0);
  const change = (part: Partial<Settings>) =>
    setSettings((before) => {
      const next = { ...before, ...part };
      return { ...next, strength: part.strength ?? strengthWith(before, next) };
    });
  useEffect(() => {
    loadPicture(opened.startImage ?? '', 'picture').then(setImage, (error: unknown) => setProblem(messageOf(error)));
  }, [opened.startImage]);
  const [raster, loadRaster] = useRaster(settings, image, setProblem);
  const keepMask = () => {
    setVersion((before) => before + 1);
    if (raster === undefined || image === undefined) return;
    const mask = raster.isEmpty ? null : addressOfCanvas(canvasOf(raster));
    const maskPlace = { width: raster.width, height: raster.height, frame: frameOf(settings, sizeOf(image), settings) };
    change({ mask, maskPlace: mask === null ? null : maskPlace });
  };
  const latest = useRef(settings);
  latest.current = settings;
  useEffect(() => {
    return () => {
      if (latest.current === opened) return;
      if (isForm) setPendingSettings(latest.current);
      else closed = latest.current;
    };
  }, [isForm, opened]);
  const takeMaskFile = async (file: File, model: Model | undefined) => {
    if (raster === undefined || image === undefined) return;
    try {
      const mask = await loadPicture(await readMask(file, model?.limits.max_side ?? 1), 'mask');
      const canvas = blankCanvas(raster);
      const { x, y, width, height } = placeOf(frameOf(settings, sizeOf(image), settings), sizeOf(image), settings);
      contextOf(canvas).drawImage(mask, x, y, width, height);
      raster.replace(bytesOf(canvas));
      setProblem(undefined);
      keepMask();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  const startOver = () => {
    closed = undefined;
    setRestored(false);
    setSettings(opened);
    loadRaster(opened);
  };
  return { settings, change, image, raster, version, keepMask, problem, takeMaskFile, isRestored, startOver };
}

function closedEditOf({ startImage }: Settings): Settings | undefined {
  return closed !== undefined && closed.startImage === startImage ? closed : undefined;
}

/** The mask's pixels, loaded again when what is sent of the picture has changed. */
function useRaster(settings: Settings, image: HTMLImageElement | undefined, onProblem: (problem: string) => void) {
  const [raster, setRaster] = useState<MaskRaster>();
  const { width, height, framing, frame } = settings;
  const load = (from: Settings) => {
    if (image === undefined) return undefined;
    let isCurrent = true;
    // What is around the picture is painted anyway; here it is only what was painted by hand.
    drawMask({ ...from, around: 'edges' }, image).then(
      (canvas) => {
        if (isCurrent) setRaster(new MaskRaster(from, canvas ? bytesOf(canvas) : undefined));
      },
      (error: unknown) => onProblem(messageOf(error)),
    );
    return () => {
      isCurrent = false;
    };
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is painted changes the settings, too, and is in the raster already
  useEffect(() => load(settings), [image, width, height, framing, frame]);
  const isFitting = raster?.width === width && raster.height === height;
  return [isFitting ? raster : undefined, load] as const;
}

/** The brightness of a grey picture. */
function bytesOf(canvas: HTMLCanvasElement): Uint8Array {
  const { data } = contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height);
  return Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] ?? 0);
}

function canvasOf(raster: MaskRaster & Size): HTMLCanvasElement {
  const canvas = blankCanvas(raster);
  const context = contextOf(canvas);
  const pixels = context.createImageData(raster.width, raster.height);
  raster.data.forEach((value, i) => {
    pixels.data.fill(value, 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  });
  context.putImageData(pixels, 0, 0);
  return canvas;
}
