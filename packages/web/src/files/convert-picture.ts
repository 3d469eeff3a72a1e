export const pictureTypes = ['jpeg', 'png', 'webp'] as const;

/**
 * The picture as a file of that type, which says of itself what the server's says: the file of the server where it already is of
 * that type, else one that the browser makes.
 */
export async function convertPicture(path: string, type: (typeof pictureTypes)[number]): Promise<Blob> {
  const reply = await fetch(path);
  if (!reply.ok) throw new Error('the picture is no longer kept');
  const file = await reply.blob();
  if (file.type === `image/${type}`) return file;
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d', { alpha: false })?.drawImage(bitmap, 0, 0);
  const converted = await canvas.convertToBlob({ type: `image/${type}`, quality: 0.95 });
  // A canvas keeps pixels only. What it cannot encode it makes a PNG of.
  if (converted.type !== `image/${type}`) throw new Error(`this browser cannot make ${type.toUpperCase()} files`);
  const { copyParameters } = await import('@easel/parameters'); // not with the page: few ever need it
  const [from, to] = await Promise.all([file.arrayBuffer(), converted.arrayBuffer()]);
  return new Blob([copyParameters(new Uint8Array(from), new Uint8Array(to))], { type: converted.type });
}
