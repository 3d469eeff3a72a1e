// The entry of a process that reads pictures: see `createPictureHost`.
import { EngineError } from '../errors.ts';
import { decodeImage, measureImage } from '../image/decode-image.ts';
import { encodeImage } from '../image/encode-image.ts';
import { cropToShape, resizeLanczos } from '../image/lanczos.ts';
import type { PictureSize } from '../model.ts';
import {
  type FromChild,
  isToChild,
  type PictureCall,
  type PictureLimits,
  type ToChild,
  toWireError,
} from './protocol.ts';

/** What a decoder can take of memory in this time is little beside the limit. */
const WATCH_MS = 20;

let opened: { readonly file: Uint8Array; readonly limits: PictureLimits } | undefined;

// Decoding leaves the event loop free, so this is heard in the middle of it.
process.on('disconnect', () => process.exit(0));
process.on('message', (message: unknown) => {
  if (!isToChild(message) || !isPictureCall(message)) throw new TypeError('a message that is not of the protocol');
  void answer(message.id, message);
});

function isPictureCall(message: ToChild): message is PictureCall & { readonly id: number } {
  return message.type === 'open' || message.type === 'fit';
}

async function answer(id: number, call: PictureCall): Promise<void> {
  if (call.type === 'open') opened = call;
  const watch = opened && watchLimits(id, opened.limits);
  try {
    send({ id, type: 'done', value: await perform(call) });
  } catch (thrown) {
    send({ id, type: 'failed', error: toWireError(thrown) });
  } finally {
    clearInterval(watch);
  }
}

async function perform(call: PictureCall): Promise<PictureSize | Uint8Array> {
  if (opened === undefined) throw new EngineError('internal', 'a call before the picture was opened');
  const { file } = opened;
  if (call.type === 'open') return measureImage(file);
  opened = undefined;
  const picture = cropToShape(await decodeImage(file), call.size);
  return encodeImage(resizeLanczos(picture, call.size.width, call.size.height), { format: 'png' });
}

/**
 * What runs in a decoder cannot be stopped, so the process ends. Its processor time counts and not the time that passes: on a busy machine
 * no picture is refused that would be read on an idle one.
 */
function watchLimits(id: number, { cpuSeconds, memoryBytes }: PictureLimits): NodeJS.Timeout {
  const before = process.cpuUsage();
  return setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    const isSlow = user + system > cpuSeconds * 1e6;
    if (!isSlow && process.memoryUsage.rss() <= memoryBytes) return;
    const limit = isSlow ? `${cpuSeconds} s of processor time` : `${Math.round(memoryBytes / 2 ** 20)} MB of memory`;
    const message = `the image cannot be read: decoding it takes more than ${limit}, the most that is allowed`;
    const remedy = 'send a smaller one, or save it again as PNG or baseline JPEG';
    const error = new EngineError('image_unreadable', message, { remedy, details: { param: 'image' } });
    send({ id, type: 'failed', error: toWireError(error) }, () => process.exit(1));
  }, WATCH_MS);
}

/** A parent that is gone ends this process by the closed channel. */
function send(message: FromChild, then: () => void = () => {}): void {
  process.send?.(message, then);
}
