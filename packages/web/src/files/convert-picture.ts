export const pictureTypes = ['jpeg', 'png', 'webp'] as const;

/** The picture as a file of that type; the file of the server itself, with its parameters, where it already is one. */
export async function convertPicture(path: string, type: (typeof pictureTypes)[number]): Promise<Blob> {
  const reply = await fetch(path);
  if (!reply.ok) throw new Error('the picture is no longer kept');
  const file = await reply.blob();
  if (file.type === `image/${type}`) return file;
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: `image/${type}`, quality: 0.95 });
}
