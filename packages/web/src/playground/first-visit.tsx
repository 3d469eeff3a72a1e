import type { AspectRatio, Model } from '@easel/contract';
import { Credits } from '../format/credits.tsx';
import { Link } from '../parts/buttons.tsx';
import { addressOf } from '../router.ts';
import type { Settings } from '../settings/settings.ts';
import apple from './samples/apple.webp';
import cactus from './samples/cactus.webp';
import castle from './samples/castle.webp';
import fox from './samples/fox.webp';
import guitar from './samples/guitar.webp';
import panda from './samples/panda.webp';
import rocket from './samples/rocket.webp';
import sunflowers from './samples/sunflowers.webp';
import { priceQueryOf, useQuote } from './use-price.ts';

interface Sample {
  readonly prompt: string;
  readonly ratio: AspectRatio;
  /** A picture that the embedded model made of it. */
  readonly source: string;
  readonly width: number;
  readonly height: number;
}

const samples: readonly Sample[] = [
  { prompt: 'a red apple on a blue background', ratio: '1:1', source: apple, width: 256, height: 256 },
  { prompt: 'a fox in the forest', ratio: '4:3', source: fox, width: 256, height: 192 },
  { prompt: 'a rocket in space', ratio: '9:16', source: rocket, width: 144, height: 256 },
  { prompt: 'two sunflowers under a blue sky', ratio: '16:9', source: sunflowers, width: 256, height: 144 },
  { prompt: 'a panda in the snow', ratio: '1:1', source: panda, width: 256, height: 256 },
  { prompt: 'a castle on a hill at sunset', ratio: '4:3', source: castle, width: 256, height: 192 },
  { prompt: 'a cactus in the desert at sunset', ratio: '3:4', source: cactus, width: 192, height: 256 },
  { prompt: 'line art of a guitar', ratio: '1:1', source: guitar, width: 256, height: 256 },
];

export interface FirstVisitProps {
  readonly model: Model;
  readonly settings: Settings;
  /** Fills the form and runs it. */
  readonly onPick: (settings: Settings) => void;
}

/** In place of pictures that are not there yet: those of the embedded model, each of which makes one of its own on a press. */
export function FirstVisit({ model, settings, onPick }: FirstVisitProps) {
  const price = useQuote(priceQueryOf({ ...settings, samples: 1 }))?.price;
  return (
    <div className="first-visit">
      <h2>What would you like to see?</h2>
      <p className="quiet">
        Type a prompt and press Enter, or press a picture to make one like it
        {price !== undefined && (
          <>
            {' '}
            for <Credits amount={price} /> credits
          </>
        )}
        .
      </p>
      <ul>
        {samples.map(({ prompt, ratio, source, width, height }) => {
          const size = model.sizes.find((each) => each.aspect_ratio === ratio) ?? settings;
          const picked = { ...settings, prompt, samples: 1, isEachLine: false, width: size.width, height: size.height };
          return (
            <li key={prompt} style={{ flexGrow: width / height, aspectRatio: `${width} / ${height}` }}>
              <button
                type="button"
                className="sample"
                // The second half of a double click would be charged, too.
                onClick={({ detail }) => detail < 2 && onPick(picked)}
              >
                <img src={source} alt="" width={width} height={height} loading="lazy" draggable={false} />
                <span>{prompt}</span>
              </button>
            </li>
          );
        })}
      </ul>
      <p className="quiet">
        The small model that ships with Easel made these. <Link href={addressOf('gallery')}>View earlier pictures</Link>
      </p>
    </div>
  );
}
