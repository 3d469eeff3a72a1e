import { limitDenoised, type Noise, type Sampler, walk } from './sampler.ts';

/**
 * Euler's method on the probability-flow ODE dx/dσ = (x − D(x; σ))/σ (Karras et al. 2022, algorithm 1 without the correction;
 * algorithm 2 with S_churn = 0 likewise).
 */
export const sampleEuler: Sampler = (denoise, x, levels, run) => {
  const { sigmas } = levels;
  return walk(x, levels, run, async (latents, index) => {
    const denoised = await denoise(latents, sigmas[index], index);
    return { latents: along(latents, denoised, sigmas[index], sigmas[index + 1]), denoised };
  });
};

/**
 * Heun's method (ibid., algorithm 1): the slope at the end of Euler's step is evaluated as well, and the mean of the two is used. Two
 * passes of the denoiser per step, one for a step to σ = 0.
 */
export const sampleHeun: Sampler = (denoise, x, levels, run) => {
  const { sigmas } = levels;
  return walk(x, levels, run, async (latents, index) => {
    const [sigma, next] = [sigmas[index], sigmas[index + 1]];
    const first = limitDenoised(await denoise(latents, sigma, index), run.solver);
    const ended = along(latents, first, sigma, next);
    if (next === 0) return { latents: ended, denoised: first };
    const euler = run.keep ? run.keep(ended, index + 1) : ended;
    const denoised = limitDenoised(await denoise(euler, next, index + 1), run.solver);
    const mean = (value: number, i: number) => ((value - first[i]) / sigma + (euler[i] - denoised[i]) / next) / 2;
    return { latents: latents.map((value, i) => value + mean(value, i) * (next - sigma)), denoised };
  });
};

/** Euler's steps to a level below the next, and noise back up to it (k-diffusion's `sample_euler_ancestral`). */
export const sampleEulerAncestral: Sampler = (denoise, x, levels, run) => {
  const { sigmas } = levels;
  return walk(x, levels, run, async (latents, index) => {
    const sigma = sigmas[index];
    const denoised = await denoise(latents, sigma, index);
    const { down, up } = ancestralLevels(sigma, sigmas[index + 1], 1);
    return { latents: addNoise(along(latents, denoised, sigma, down), up, run.noise), denoised };
  });
};

/**
 * DDIM (Song et al. 2021, eq. 12): Euler's step for η = 0, the ancestral one for η = 1. Limiting D does not change the direction, as in
 * the reference. Where timesteps are not whole strides apart, a step ends at a different level from the one the next starts at; the
 * reference then keeps the state in the network's scale, α·x₀ + √(1−α²)·ε, and so does this.
 */
export const sampleDdim: Sampler = (denoise, x, levels, run) => {
  const { sigmas, arrivals = sigmas.subarray(1) } = levels;
  return walk(x, levels, run, async (latents, index) => {
    const [sigma, arrival] = [sigmas[index], arrivals[index]];
    const predicted = await denoise(latents, sigma, index);
    const denoised = limitDenoised(predicted, run.solver);
    const { down, up } = ancestralLevels(sigma, arrival, run.solver.eta ?? 0);
    const arrived = denoised.map((value, i) => value + ((latents[i] - predicted[i]) / sigma) * down);
    const scale = Math.sqrt((1 + sigmas[index + 1] ** 2) / (1 + arrival ** 2));
    const next = addNoise(arrived, up, run.noise);
    return { latents: scale === 1 ? next : next.map((value) => value * scale), denoised };
  });
};

/**
 * Latent consistency models (Luo et al. 2023, algorithm 1): each step predicts the clean sample and returns to the next level with new
 * noise. The boundary condition (ibid. eq. 9) makes it the identity at timestep 0; its σ_data is 0.5 in all published models.
 */
export const sampleLcm: Sampler = (denoise, x, levels, run) => {
  const { sigmas, timesteps } = levels;
  return walk(x, levels, run, async (latents, index) => {
    const sigma = sigmas[index];
    const predicted = limitDenoised(await denoise(latents, sigma, index), run.solver);
    const scaled = timesteps[index] * run.solver.timestepScaling;
    const variance = scaled ** 2 + 0.25;
    const cSkip = 0.25 / variance / Math.sqrt(sigma ** 2 + 1); // the state in the network's scale
    const cOut = scaled / Math.sqrt(variance);
    const denoised = predicted.map((value, i) => cOut * value + cSkip * latents[i]);
    return { latents: addNoise(denoised, sigmas[index + 1], run.noise), denoised };
  });
};

/**
 * Trajectory consistency distillation (Zheng et al. 2024, algorithm 4, where η is called γ): a step goes to a level below the next
 * one, given by the schedule's `arrivals`, and back up with new noise.
 */
export const sampleTcd: Sampler = (denoise, x, levels, run) => {
  const { sigmas, arrivals = sigmas.subarray(1) } = levels;
  return walk(x, levels, run, async (latents, index) => {
    const [sigma, arrival] = [sigmas[index], arrivals[index]];
    const denoised = await denoise(latents, sigma, index);
    const arrived = denoised.map((value, i) => value + ((latents[i] - value) / sigma) * arrival);
    const up = Math.sqrt(sigmas[index + 1] ** 2 - arrival ** 2);
    return { latents: addNoise(arrived, up, run.noise), denoised };
  });
};

/** Directly from σ to another level, without noise. */
function along(x: Float32Array, denoised: Float32Array, sigma: number, to: number): Float32Array {
  const step = to - sigma;
  return x.map((value, i) => value + ((value - denoised[i]) / sigma) * step);
}

/** Down, then up with noise, so that the step ends at `to`; η = 0: no noise (Song et al. 2021, eq. 16). */
function ancestralLevels(from: number, to: number, eta: number): { readonly down: number; readonly up: number } {
  const up = eta * Math.sqrt((to ** 2 * (from ** 2 - to ** 2)) / from ** 2);
  return { down: Math.sqrt(to ** 2 - up ** 2), up };
}

/** Noise is only drawn if some is added. */
function addNoise(x: Float32Array, deviation: number, noise: Noise): Float32Array {
  if (deviation === 0) return x;
  const drawn = noise();
  return x.map((value, i) => value + drawn[i] * deviation);
}
