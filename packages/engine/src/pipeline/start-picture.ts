import { cropToShape, resizeLanczos } from '../image/lanczos.ts';
import type { GenerateRequest, ModelSizes } from '../model.ts';
import { invalid, requireSize } from './limits.ts';
import { nearestShape } from './picture-sizes.ts';

/**
 * Brings the start image to the size that is made: the request's, if given, else the model's own whose
 * aspect ratio is nearest to the picture's. It is cropped to that ratio at its centre, never distorted.
 *
 * @throws EngineError `invalid_request`
 */
export function withFittingPicture(request: GenerateRequest, sizes: ModelSizes): GenerateRequest {
  if (!request.image) return request;
  const { picture } = request.image;
  const isWhole = picture.width > 0 && picture.height > 0 && picture.data.length === picture.width * picture.height * 3;
  if (!isWhole) {
    const message = `image must have width × height × 3 bytes (got ${picture.data.length} for ${picture.width}×${picture.height})`;
    throw invalid('image', message);
  }
  const nearest = nearestShape(picture, sizes);
  const width = requireSize('width', request.width ?? nearest.width, sizes);
  const height = requireSize('height', request.height ?? nearest.height, sizes);
  const fitting = resizeLanczos(cropToShape(picture, { width, height }), width, height);
  return { ...request, width, height, image: { ...request.image, picture: fitting } };
}
