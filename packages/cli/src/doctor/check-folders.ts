import { checkFolder, createFolder } from '../output/check-folder.ts';
import { type Finding, failed, well } from './finding.ts';

export function checkCache(folder: string): Finding {
  try {
    createFolder(folder);
    checkFolder(folder);
    return well('cache', `${folder} can be written`);
  } catch (error) {
    return failed('cache', error, 'set XDG_CACHE_HOME to a folder that can be written');
  }
}

export function checkOutput(folder: string): Finding {
  try {
    checkFolder(folder);
    return well('output', `${folder} can be written`);
  } catch (error) {
    return failed('output', error, 'pictures are saved in the current folder unless --output names another');
  }
}
