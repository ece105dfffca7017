/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { outputNames, type BranchBy } from '../../../nodes/AnchorBrowser/output/branch';
import type { WorkflowFile, WorkflowNode } from '../../support/n8n';
import { TRIGGER_TYPE } from '../trigger';

const FOLDER = join(__dirname, '..', '..', '..', 'examples');

export const STICKY_NOTE = 'n8n-nodes-base.stickyNote';
/** n8n calls it Loop Over Items. */
export const LOOP = 'n8n-nodes-base.splitInBatches';
export const WAIT = 'n8n-nodes-base.wait';

/** The folder that the examples write to as they are: the one that n8n's Docker image allows. */
export const EXAMPLE_FOLDER = '/home/node/.n8n-files';

/** The file names of all examples. */
export function exampleFiles(): string[] {
	return readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
}

/** What an example's file holds, as text. */
export function exampleText(file: string): string {
	return readFileSync(join(FOLDER, file), 'utf8');
}

export function readExample(file: string): WorkflowFile {
	return JSON.parse(exampleText(file)) as WorkflowFile;
}

/** The type of the credential that a node of the examples asks its user for; undefined for one that needs none. */
export function credentialTypeOf({ type, parameters }: WorkflowNode): string | undefined {
	if (type === 'n8n-nodes-base.httpRequest') return parameters?.nodeCredentialType as string;
	const types: Record<string, string> = {
		[TRIGGER_TYPE]: 'anchorBrowserApi',
		'n8n-nodes-base.slack': 'slackApi',
		'n8n-nodes-base.emailSend': 'smtp',
		'n8n-nodes-base.googleSheets': 'googleSheetsOAuth2Api',
		'n8n-nodes-base.pagerDuty': 'pagerDutyApi',
		'n8n-nodes-base.telegram': 'telegramApi',
		'n8n-nodes-base.discord': 'discordWebhookApi',
	};
	return types[type];
}

interface Box {
	left: number;
	top: number;
	right: number;
	bottom: number;
}

/** Where a node and its name stand on n8n's canvas: 96 pixels wide, a third output and each more makes it 32 taller. */
export function boxOf({ type, position = [0, 0], parameters = {} }: WorkflowNode): Box {
	const [left, top] = position;
	if (type === STICKY_NOTE) {
		const { width, height } = parameters as { width: number; height: number };
		return { left, top, right: left + width, bottom: top + height };
	}
	const outputs = outputsOf(type, parameters);
	const height = 96 + 32 * Math.max(0, outputs - 2);
	// A name takes two lines at most and is wider than its node.
	return { left: left - 40, top, right: left + 96 + 40, bottom: top + height + 56 };
}

/** How many outputs a node has in the editor. */
function outputsOf(type: string, parameters: Record<string, unknown>): number {
	if (type === 'n8n-nodes-base.switch') {
		return (parameters.rules as { values: unknown[] }).values.length + 1;
	}
	if (type === LOOP || type === 'n8n-nodes-base.if') return 2;
	if (type !== TRIGGER_TYPE) return 1;
	const { branchBy = 'none', events } = parameters as { branchBy?: BranchBy; events: string[] };
	return outputNames(branchBy, events).length;
}

/** How many outputs a node has in the editor, the one for its errors included. */
export function handlesOf({ type, parameters = {}, onError }: WorkflowNode): number {
	return outputsOf(type, parameters) + (onError === 'continueErrorOutput' ? 1 : 0);
}

export function overlap(one: Box, other: Box): boolean {
	return (
		one.left < other.right &&
		other.left < one.right &&
		one.top < other.bottom &&
		other.top < one.bottom
	);
}
