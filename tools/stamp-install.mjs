// The root's postinstall: notes which package-lock.json has been installed, for tools/ensure-installed to compare.
// Runs on whatever Node npm runs on, on every platform.
import { copyFileSync } from 'node:fs';

copyFileSync('package-lock.json', 'node_modules/.easel-lock');
