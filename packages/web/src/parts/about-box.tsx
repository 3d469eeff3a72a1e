import type { Model } from '@easel/contract';
import { useRef, useState } from 'react';
import { useSession } from '../session/session.tsx';

/** What draws here, and whose work it is. */
export function AboutBox() {
  const { client } = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const [models, setModels] = useState<readonly Model[]>([]);
  const open = () => {
    dialog.current?.showModal();
    client.models().then(
      (reply) => setModels(reply.models),
      () => setModels([]),
    );
  };
  return (
    <>
      <button type="button" className="plain" onClick={open}>
        About
      </button>
      <dialog ref={dialog} className="card narrow" aria-label="About Easel">
        <h2>Easel</h2>
        <p>
          Pictures from prompts on your own machine, in TypeScript from the tokenizer to this page. Apache License 2.0.
        </p>
        {models.map((model) => (
          <p key={model.id}>
            <b>{model.id}</b> is drawn by {model.name}, {model.defaults.img_width}×{model.defaults.img_height}.
            {model.is_embedded &&
              ' That is the small model that comes along, trained on Fluent Emoji, Copyright (c) Microsoft Corporation, MIT License.'}
          </p>
        ))}
        <p className="quiet">
          No content filter is built in. What is made here is the responsibility of whoever runs this server.
        </p>
        <form method="dialog">
          <button type="submit" className="primary">
            Close
          </button>
        </form>
      </dialog>
    </>
  );
}
