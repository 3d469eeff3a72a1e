/** Quantizes a model, says when the first tensor is written, and waits there to be killed. */
import { quantizeModel } from '../src/inspect-and-quantize.ts';

await quantizeModel(process.argv[2], {
  onProgress: () => {
    process.stdout.write('written\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
