/* eslint-disable @n8n/community-nodes/no-restricted-imports -- a program of its own, run by npm run draw */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT } from '../support/n8n';
import { drawArrows, readBoxes } from './arrows';
import { withGenerated } from './fieldReference';

const docs = join(PROJECT, 'docs');
writeFileSync(join(docs, 'arrows.svg'), drawArrows(readBoxes()));
const fields = join(docs, 'fields.md');
writeFileSync(fields, withGenerated(readFileSync(fields, 'utf8')));
