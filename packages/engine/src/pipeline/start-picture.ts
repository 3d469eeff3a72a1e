import { resizeLanczos, toMultipleOf8 } from '../image/lanczos.ts';
import type { GenerateRequest } from '../model.ts';
import { invalid, requireSize } from './limits.ts';

/**
 * Brings the picture of an image-to-image request to a size the model can have: the request's, if it names one, else
 * the picture's own with both sides rounded down to multiples of 8, as the reference does it.
 *
 * @throws EngineError `invalid_request`
 */
export function withFittingPicture(request: GenerateRequest): GenerateRequest {
  if (!request.image) return request;
  const { picture } = request.image;
  if (picture.data.length !== picture.width * picture.height * 3) {
    const message = `image must have width × height × 3 bytes (got ${picture.data.length} for ${picture.width}×${picture.height})`;
    throw invalid('image', message);
  }
  const fitting = toMultipleOf8(picture);
  const width = requireSize('width', request.width ?? fitting.width);
  const height = requireSize('height', request.height ?? fitting.height);
  const isFitting = width === fitting.width && height === fitting.height;
  return {
    ...request,
    image: { ...request.image, picture: isFitting ? fitting : resizeLanczos(picture, width, height) },
  };
}
