import { type PriceQuote, type Profile, pictureFields } from '@easel/contract';
import { duration } from '../format/text.ts';
import { useLastKnown } from '../session/requests.ts';

const labels: Readonly<Record<Profile, string>> = pictureFields.profile.labels;

export interface ProfileTimesProps {
  /** Of the settings; undefined: not known yet. */
  readonly quote: Pick<PriceQuote, 'profiles'> | undefined;
  readonly chosen: Profile;
}

/** How long the settings take in each profile, as this server has measured it. Nothing where there is one profile. */
export function ProfileTimes({ quote: current, chosen }: ProfileTimesProps) {
  const quote = useLastKnown(current);
  if (quote === undefined || quote.profiles.length < 2) return null;
  return (
    <ul className="profile-times" aria-label="Time of each profile">
      {quote.profiles.map(({ profile, seconds }) => (
        <li key={profile} className={profile === chosen ? 'chosen' : undefined}>
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
