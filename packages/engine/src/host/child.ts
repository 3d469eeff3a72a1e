// The entry of the child process: the engine, served over the channel to the parent. ORT_DISABLE_TELEMETRY is set by the parent.
import { loadModel } from '../load-model.ts';
import { serveEngine } from './serve.ts';

serveEngine(loadModel);
