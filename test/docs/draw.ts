/* eslint-disable @n8n/community-nodes/no-restricted-imports -- a program of its own, run by npm run draw */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT } from '../support/n8n';
import { drawArrows, readBoxes } from './arrows';

writeFileSync(join(PROJECT, 'docs', 'arrows.svg'), drawArrows(readBoxes()));
