import { useCallback, useEffect } from 'react';
import { CopyButton, Link } from '../parts/buttons.tsx';
import { LoadError } from '../parts/notices.tsx';
import { addressOf } from '../router.ts';
import { useLoaded } from '../session/requests.ts';
import { Downloads } from './downloads.tsx';
import { Facts, PromptText } from './picture-facts.tsx';
import { factsOfFile, loadSharedFile, remixAddress, type SharedFile } from './shared-file.ts';
import { ViewerFrame } from './viewer-frame.tsx';

/** Somebody else's picture: what its address and its file give to everybody, and nothing else. */
export function SharedPicture({ name }: { readonly name: string }) {
  const ask = useCallback((signal: AbortSignal) => loadSharedFile(name, signal), [name]);
  const { reply: file, problem, retry } = useLoaded(ask);
  useEffect(() => {
    if (file) document.title = `${file.settings?.prompt ?? 'Picture'} · Easel`;
    return () => {
      if (file) URL.revokeObjectURL(file.source);
    };
  }, [file]);
  if (file === null) return <NoPicture />;
  if (file === undefined)
    return problem === undefined ? (
      <p className="quiet centred">Loading…</p>
    ) : (
      <LoadError problem={problem} retry={retry} />
    );
  return (
    <section className="viewer-page" aria-label="Picture">
      <ViewerFrame
        id={name}
        source={file.source}
        alt={file.settings?.prompt ?? 'Picture'}
        width={file.width}
        height={file.height}
      >
        <SharedPanel file={file} name={name} />
      </ViewerFrame>
    </section>
  );
}

function SharedPanel({ file, name }: { readonly file: SharedFile; readonly name: string }) {
  const { settings } = file;
  const prompt = settings?.prompt;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the window is low, and keys scroll what has the focus (WCAG 2.1.1) */}
      <div className="about stack" tabIndex={0}>
        {prompt === undefined ? (
          <h2>Picture</h2>
        ) : (
          <PromptText text={prompt}>
            <CopyButton text={prompt}>Copy prompt</CopyButton>
          </PromptText>
        )}
        {settings === null && <p className="quiet">The file of this picture does not say how it was made.</p>}
        <Facts facts={factsOfFile(file)} />
      </div>
      <div className="viewer-actions">
        {settings !== null && (
          <Link className="button primary" href={remixAddress(settings)}>
            Remix
          </Link>
        )}
        <Downloads path={`/api/images/${name}`} seed={String(settings?.seed ?? name)} />
      </div>
    </>
  );
}

function NoPicture() {
  return (
    <section className="narrow card">
      <h1>Picture not found</h1>
      <p>There is no picture at this address. It may have been deleted, or part of the address may be missing.</p>
      <p>
        <Link href={addressOf('playground')}>Go to the playground</Link>
      </p>
    </section>
  );
}
