import { useState } from 'react';
import { convertPicture, pictureTypes, saveFile } from '../files/picture-file.ts';
import { ConfirmedButton } from '../parts/buttons.tsx';
import { Notice } from '../parts/notices.tsx';
import { messageOf } from '../session/requests.ts';

export interface DownloadsProps {
  /** Of the picture on this server. */
  readonly path: string;
  /** Names the file. */
  readonly seed: number | string;
}

/** The file in each format, with its settings in it as far as it has them. */
export function Downloads({ path, seed }: DownloadsProps) {
  const [problem, setProblem] = useState<string>();
  const download = async (type: (typeof pictureTypes)[number]) => {
    try {
      saveFile(await convertPicture(path, type), `${seed}.${type === 'jpeg' ? 'jpg' : type}`);
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <>
      <fieldset className="row wrap">
        <legend>Download</legend>
        {pictureTypes.map((type) => (
          <button key={type} type="button" onClick={() => void download(type)}>
            {type === 'webp' ? 'WebP' : type.toUpperCase()}
          </button>
        ))}
      </fieldset>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
    </>
  );
}

/** Only in secure contexts (HTTPS and localhost), and not in every browser. */
export const canCopyPictures = window.isSecureContext && 'ClipboardItem' in window && 'write' in navigator.clipboard;

/** Puts the picture itself on the clipboard; every browser that takes pictures takes PNG. */
export function CopyPictureButton({ path }: { readonly path: string }) {
  const copy = async () => {
    try {
      // Safari wants the promise: after waiting for the file the press would no longer count.
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': convertPicture(path, 'png') })]);
      return true;
    } catch {
      return false;
    }
  };
  return <ConfirmedButton act={copy}>Picture</ConfirmedButton>;
}
