import { type Profile, pictureFields } from '@easel/contract';
import { duration } from '../format/text.ts';
import { useDebouncedReply, useLastKnown } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';

const labels: Readonly<Record<Profile, string>> = pictureFields.profile.labels;

type Timed = Pick<Settings, 'model' | 'samples' | 'steps' | 'width' | 'height' | 'profile'>;

/** How long these settings take in each profile, as this server has measured it. Nothing where there is one profile. */
export function ProfileTimes({ settings }: { readonly settings: Timed }) {
  const { client } = useSession();
  const { model, samples, steps, width, height } = settings;
  const quote = useLastKnown(
    useDebouncedReply([model, samples, steps, width, height].join(), (signal) =>
      client.account.price(
        { model, samples, num_inference_steps: steps, img_width: width, img_height: height },
        { signal },
      ),
    ),
  );
  if (quote === undefined || quote.profiles.length < 2) return null;
  return (
    <ul className="profile-times" aria-label="Time of each profile">
      {quote.profiles.map(({ profile, seconds }) => (
        <li key={profile} className={profile === settings.profile ? 'chosen' : undefined}>
          {nameOf(profile)}: {seconds === null ? 'not measured yet' : `about ${duration(seconds)}`}
        </li>
      ))}
    </ul>
  );
}

/** Its label without the explanation. */
function nameOf(profile: Profile): string {
  return labels[profile].split(':', 1)[0] ?? profile;
}
