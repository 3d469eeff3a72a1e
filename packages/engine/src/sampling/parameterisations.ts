/** What turns the raw network F into the denoiser D(x; σ) = cSkip·x + cOut·F(cIn·x; t), at one noise level. */
export interface Preconditioning {
  readonly cIn: number;
  readonly cSkip: number;
  readonly cOut: number;
}

/** What a network was trained to predict: the noise in its input, the clean sample, or v, a mixture of both (Salimans and Ho 2022). */
export type Prediction = 'epsilon' | 'v_prediction' | 'sample';

/** How a network's output is interpreted. Samplers are independent of it: they receive D. */
export type Parameterisation = (sigma: number) => Preconditioning;

/**
 * The EDM coefficients (Karras et al. 2022, table 1, column "Ours"). They keep the network's input and training target at unit
 * variance at every noise level. `v_prediction` flips the sign of cOut, as in the reference.
 *
 * @param sigmaData standard deviation of the training data
 */
export function edmParameterisation(sigmaData: number, prediction: Prediction): Parameterisation {
  return (sigma) => {
    const variance = sigma ** 2 + sigmaData ** 2;
    const cOut = (sigma * sigmaData) / Math.sqrt(variance);
    return {
      cIn: 1 / Math.sqrt(variance),
      cSkip: sigmaData ** 2 / variance,
      cOut: prediction === 'epsilon' ? cOut : -cOut,
    };
  };
}

/**
 * Networks trained on variance-preserving noise, α·x₀ + √(1−α²)·ε. In the scale of the samplers, x₀ + σ·ε with σ = √(1−α²)/α, their
 * input is x/√(σ²+1) (Karras et al. 2022, table 1, column "VP").
 */
export function vpParameterisation(prediction: Prediction): Parameterisation {
  return (sigma) => {
    const variance = sigma ** 2 + 1;
    const cIn = 1 / Math.sqrt(variance);
    switch (prediction) {
      case 'epsilon':
        return { cIn, cSkip: 1, cOut: -sigma };
      case 'v_prediction':
        return { cIn, cSkip: 1 / variance, cOut: -sigma * cIn };
      case 'sample':
        return { cIn, cSkip: 0, cOut: 1 };
    }
  };
}

/** cIn·x: the network's input. `x` [4·h·w] is not modified. */
export function networkInput(x: Float32Array, { cIn }: Preconditioning): Float32Array {
  return x.map((value) => cIn * value);
}

/** D = cSkip·x + cOut·F. `x` and the network's output F, after guidance, are [4·h·w]. */
export function denoisedFrom(x: Float32Array, output: Float32Array, { cSkip, cOut }: Preconditioning): Float32Array {
  return x.map((value, i) => cSkip * value + cOut * output[i]);
}
