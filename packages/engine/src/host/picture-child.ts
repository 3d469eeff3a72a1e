// The entry of a process that reads pictures: see `createPictureHost`.
import { type PictureSettings, readSettings } from '@easel/parameters';
import { EngineError } from '../errors.ts';
import { decodeImage, decodeMask, measureImage } from '../image/decode-image.ts';
import { encodeImage } from '../image/encode-image.ts';
import { maskPicture } from '../image/mask.ts';
import type { DecodedPicture } from '../image/picture.ts';
import type { PictureSize } from '../model.ts';
import { blurredMask, fitMask, fitPicture, requireSomething } from '../pipeline/start-picture.ts';
import {
  type FromChild,
  isPictureCall,
  isToChild,
  type PictureCall,
  type PictureLimits,
  toWireError,
} from './protocol.ts';

/** What a decoder can allocate in this time is small compared with the limit. */
const WATCH_MS = 20;

let opened: { readonly file: Uint8Array; readonly limits: PictureLimits } | undefined;

// Decoding does not block the event loop, so this message is received while it runs. Reading settings does: then neither this nor a limit
// interrupts it, and the parent kills this process when it has lost patience, or exits itself.
process.on('disconnect', () => process.exit(0));
process.on('message', (message: unknown) => {
  if (!isToChild(message) || !isPictureCall(message)) throw new TypeError('a message that is not of the protocol');
  void answer(message.id, message);
});

async function answer(id: number, call: PictureCall): Promise<void> {
  if (call.type === 'open') opened = call;
  const watch = opened && watchLimits(id, call.type === 'mask' ? 'mask' : 'image', opened.limits);
  try {
    send({ id, type: 'done', value: await perform(call) });
  } catch (thrown) {
    send({ id, type: 'failed', error: toWireError(thrown) });
  } finally {
    clearInterval(watch);
  }
}

async function perform(call: PictureCall): Promise<PictureSize | PictureSettings | Uint8Array | null> {
  if (opened === undefined) throw new EngineError('internal', 'a call before the picture was opened');
  const { file } = opened;
  if (call.type === 'open') return measureImage(file);
  if (call.type === 'settings') return readSettings(file);
  if (call.type === 'mask') return encodeImage(await fittingMask(file, call), { format: 'png' });
  opened = undefined;
  const picture = await decodeImage(file);
  return encodeImage(call.size ? fitPicture(picture, call.size) : picture, { format: 'png' });
}

/** Not blurred yet, but it has something to repaint when it is. @param picture the start image that the mask is for */
async function fittingMask(
  picture: Uint8Array,
  { file, size, blur }: Extract<PictureCall, { type: 'mask' }>,
): Promise<DecodedPicture> {
  const shown = await measureImage(picture);
  const mask = fitMask(requireSomething(await decodeMask(file)), shown, size ?? shown);
  blurredMask(mask, blur);
  return maskPicture(mask);
}

/**
 * A running decoder cannot be stopped, so the process exits. Its CPU time counts, not the elapsed time: a busy machine
 * rejects no picture that an idle one could read.
 */
function watchLimits(id: number, param: 'image' | 'mask', { cpuSeconds, memoryBytes }: PictureLimits): NodeJS.Timeout {
  const before = process.cpuUsage();
  return setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    const isSlow = user + system > cpuSeconds * 1e6;
    if (!isSlow && process.memoryUsage.rss() <= memoryBytes) return;
    const limit = isSlow ? `${cpuSeconds} s of processor time` : `${Math.round(memoryBytes / 2 ** 20)} MB of memory`;
    const message = `the ${param} cannot be read: decoding it takes more than ${limit}, the most that is allowed`;
    const remedy = 'send a smaller one, or save it again as PNG or baseline JPEG';
    const error = new EngineError('image_unreadable', message, { remedy, details: { param } });
    send({ id, type: 'failed', error: toWireError(error) }, () => process.exit(1));
  }, WATCH_MS);
}

/** When the parent has exited, the closed channel ends this process. */
function send(message: FromChild, then: () => void = () => {}): void {
  process.send?.(message, then);
}
