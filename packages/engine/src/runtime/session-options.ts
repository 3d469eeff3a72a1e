import type { InferenceSession } from 'onnxruntime-node';

export interface SessionProfile {
  /** External data is resolved against this folder. */
  readonly weightFolder: string;
  readonly threads: number;
  /** `mapped`: weights stay in their file, widened at each use. `resident`: widened and packed once, at load. */
  readonly weights: 'mapped' | 'resident';
}

/** Without both, half-precision weights are folded to float32 at load (ORT 1.30). */
const FOLDING_PASSES = 'ConstantFolding;FuseFp16InitializerToFp32NodeTransformer';

/**
 * What was measured to matter on the CPU: packing copies weights to anonymous memory; the arena keeps the peak for ever;
 * spinning threads slow each other down on a shared machine.
 */
export function sessionOptions(profile: SessionProfile): InferenceSession.SessionOptions {
  const session: Record<string, string> = {
    model_external_initializers_file_folder_path: profile.weightFolder,
    'intra_op.allow_spinning': '0',
  };
  if (profile.weights === 'mapped') session.disable_prepacking = '1';
  const extra =
    profile.weights === 'mapped'
      ? { session, optimization: { disable_specified_optimizers: FOLDING_PASSES } }
      : { session };
  return {
    executionProviders: ['cpu'],
    graphOptimizationLevel: profile.weights === 'mapped' ? 'extended' : 'all',
    enableCpuMemArena: false,
    intraOpNumThreads: profile.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra,
  };
}
