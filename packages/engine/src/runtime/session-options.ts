import type { InferenceSession } from 'onnxruntime-node';

export interface SessionProfile {
  /** External data is resolved against this folder. */
  readonly weightFolder: string;
  readonly threads: number;
  /** `mapped`: weights stay in their file, widened at each use. `resident`: widened and packed once, at load. */
  readonly weights: 'mapped' | 'resident';
}

/**
 * What was measured to matter on the CPU: packing copies weights to anonymous memory; the arena keeps the peak for ever;
 * spinning threads slow each other down on a shared machine. Optimising the graph of mapped weights would fold their
 * half-precision values to float32 in memory, takes seconds at full size, and gains nothing: the graphs are written optimised.
 */
export function sessionOptions(profile: SessionProfile): InferenceSession.SessionOptions {
  const isMapped = profile.weights === 'mapped';
  const session: Record<string, string> = {
    model_external_initializers_file_folder_path: profile.weightFolder,
    'intra_op.allow_spinning': '0',
  };
  if (isMapped) session.disable_prepacking = '1';
  return {
    executionProviders: ['cpu'],
    graphOptimizationLevel: isMapped ? 'disabled' : 'all',
    enableCpuMemArena: false,
    intraOpNumThreads: profile.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session },
  };
}
