import { join } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import { requireEndpoint } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { FileImageStore } from '../pictures/file-image-store.ts';
import { prepareImageFolder } from '../pictures/image-folder.ts';
import type { ImageStore } from '../pictures/image-store.ts';
import { BucketError, type BucketSettings, S3Bucket } from '../pictures/s3-bucket.ts';
import { S3ImageStore } from '../pictures/s3-image-store.ts';
import { StartupError } from '../startup-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface OpenPicturesOptions {
  readonly config: Config;
  readonly dataDir: string;
  /** Of this process, for the usual variables of Amazon's tools. */
  readonly env: Environment;
}

export interface OpenedPictures {
  readonly store: ImageStore;
  close(): void;
}

/**
 * Opens the place of the pictures: a bucket, or else a folder.
 *
 * @throws ConfigError, StartupError for a place that cannot be used. A bucket that does not answer is no such place: it may come back, and jobs
 *   wait for it
 */
export async function openPictures({ config, dataDir, env }: OpenPicturesOptions): Promise<OpenedPictures> {
  const settings = bucketSettings(config, env);
  if (settings !== null) {
    const bucket = new S3Bucket(settings);
    const store = new S3ImageStore(bucket, config.s3.prefix);
    await store.check().catch(refuseDefinite);
    return { store, close: () => bucket.close() };
  }
  const folder = config.imagesDir ?? join(dataDir, 'images');
  await prepareImageFolder(folder, { isOwn: config.imagesDir === null });
  return { store: await FileImageStore.open(folder), close: () => {} };
}

/** The start goes on without a store that is away. */
function refuseDefinite(error: unknown): void {
  if (!(error instanceof BucketError)) throw error;
  if (error.mayPass) return;
  throw new StartupError('storage_unavailable', error.message, { remedy: error.remedy, cause: error });
}

/** With what the settings leave open from the variables that Amazon's own tools read. @returns null without a bucket */
export function bucketSettings({ s3 }: Pick<Config, 's3'>, env: Environment): BucketSettings | null {
  if (s3.bucket === null) return null;
  const region = s3.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
  const own = s3.endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  if (own !== undefined) requireEndpoint(own);
  const endpoint = own ?? `https://s3.${region}.amazonaws.com`;
  // A name with dots does not fit Amazon's certificates.
  const pathStyle = s3.pathStyle ?? (own !== undefined || s3.bucket.includes('.'));
  return { bucket: s3.bucket, endpoint, region, pathStyle, credentials: credentialsOf(s3, env) };
}

/** Both halves come from the same place. */
function credentialsOf(s3: Config['s3'], env: Environment): BucketSettings['credentials'] {
  const own = { id: s3.accessKeyId, secret: s3.secretAccessKey, token: s3.sessionToken };
  const usual = { id: env.AWS_ACCESS_KEY_ID, secret: env.AWS_SECRET_ACCESS_KEY, token: env.AWS_SESSION_TOKEN };
  const { id, secret, token } = own.id === null && own.secret === null ? usual : own;
  if (id && secret) return { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) };
  throw new ConfigError(`there is no ${id ? 'secret ' : ''}access key for the bucket ${s3.bucket}`, {
    remedy: 'set s3.accessKeyId and s3.secretAccessKey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  });
}
