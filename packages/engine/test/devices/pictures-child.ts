/** Makes pictures on a device. */
import { answer } from '../../../../tests/support/software-device.ts';
import { makePictures } from './pictures.ts';

await answer(makePictures);
