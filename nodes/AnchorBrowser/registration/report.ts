import { isPermanent } from '../api/client';
import type { ApiFailure } from '../api/client';
import { explain, whatHappened } from '../api/explain';
import type { Explanation } from '../api/explain';
import type { RemoteWebhook } from '../api/webhooks';
import { EVENT_TYPES } from '../events/catalogue';
import { isMarkOfInstance, parseMark } from './mark';
import type { MarkOwner } from './mark';
import type { RotationReason } from './plan';

/** One thing that was done or found while a registration was put in line or ended. */
export type Happening =
	| { what: 'created'; id: string }
	| { what: 'changed'; id: string; fields: string[] }
	| { what: 'rotated'; id: string; reason: RotationReason }
	| { what: 'unmarked'; id: string; failure: ApiFailure }
	/** `isRoutine`: Anchor did not answer a regular look, which is repeated anyway. */
	| { what: 'unchecked'; id: string; failure: ApiFailure; operation: string; isRoutine: boolean }
	| { what: 'yielded'; id: string }
	| { what: 'unsupported'; events: string[] }
	| { what: 'strangers'; ids: string[] }
	| { what: 'removed'; id: string; role: 'served' | 'leftover' }
	| { what: 'disabled'; id: string }
	| { what: 'absent'; id: string }
	/** Another process has taken up what this one was to end. */
	| { what: 'takenUp'; id: string }
	/** `id`: undefined when it is not known which webhook it is. */
	| { what: 'stayed'; id: string | undefined; failure: ApiFailure };

/** Takes why Anchor could not be asked for the webhook of a trigger that n8n ends; returns what n8n's log says of it. */
export const notEndedLine = (cause: string): string =>
	`its webhook was not looked for at Anchor Browser (${cause}). If there is one of this workflow in the Anchor Browser dashboard, delete it there.`;

/** One line for n8n's log; never a secret. */
export interface LogLine {
	level: 'info' | 'warn' | 'debug';
	sentence: string;
	webhookId?: string;
}

/** What the log says of something that happened. */
export function logLineOf(happening: Happening): LogLine {
	const [level, sentence] = wordsOf(happening);
	return { level, sentence, webhookId: 'id' in happening ? happening.id : undefined };
}

function wordsOf(happening: Happening): [LogLine['level'], string] {
	switch (happening.what) {
		case 'created':
			return ['info', `the webhook ${happening.id} was created`];
		case 'changed': {
			const { id, fields } = happening;
			return ['info', `the webhook ${id} was changed at Anchor Browser (${fields.join(', ')})`];
		}
		case 'rotated': {
			const { id, reason } = happening;
			return [
				'info',
				`the signing secret of the webhook ${id} was rotated, because ${WHY_ROTATED[reason]}`,
			];
		}
		case 'unmarked':
			return ['debug', whatHappened(happening.failure, 'write the mark of the webhook')];
		case 'unchecked': {
			const { id, failure, operation, isRoutine } = happening;
			// Only a person can help then.
			const trouble = isPermanent(failure)
				? explain(failure, operation).description
				: whatHappened(failure, operation);
			const sentence = `${trouble} The webhook ${id} stays as it is and is looked at again later`;
			return [isRoutine ? 'debug' : 'warn', sentence];
		}
		case 'yielded':
			return [
				'warn',
				`another n8n process registered this trigger at the same moment, and its webhook ${happening.id} stays`,
			];
		case 'unsupported':
			return [
				'warn',
				`Anchor Browser does not take these events yet: ${happening.events.join(', ')}. They are left out and asked for again when you publish the workflow the next time (n8n 1: activate it) or n8n starts`,
			];
		case 'strangers':
			return [
				'warn',
				`webhooks that this trigger did not make send to its address: ${happening.ids.join(', ')}. Their deliveries are refused, because their signing secret is not known here. Remove them in the Anchor Browser dashboard if nobody needs them`,
			];
		case 'removed': {
			const { id, role } = happening;
			const which = role === 'leftover' ? 'leftover webhook' : 'webhook';
			return ['info', `the ${which} ${id} was removed from Anchor Browser`];
		}
		case 'disabled':
			return ['info', `the webhook ${happening.id} was disabled at Anchor Browser`];
		case 'absent':
			return [
				'info',
				`Anchor Browser has no webhook ${happening.id} in the project of this API key: it was removed already, or it belongs to another project and has to be removed there`,
			];
		case 'takenUp':
			return [
				'debug',
				`the webhook ${happening.id} stays, because another process of this n8n has activated the trigger since`,
			];
		case 'stayed': {
			const { id, failure } = happening;
			const which = id === undefined ? 'the webhook of this trigger' : `the webhook ${id}`;
			const trouble = whatHappened(failure, `remove or disable ${which}`);
			return [
				'warn',
				`${trouble} n8n tries again a few times, and when the workflow is published again (n8n 1: activated); you can also remove the webhook in the Anchor Browser dashboard`,
			];
		}
	}
}

const WHY_ROTATED: Record<RotationReason, string> = {
	unknown: 'n8n did not know it',
	outdated: 'the one that n8n had stored is not the last one that n8n got',
	doubtful: 'Anchor Browser had not answered an earlier rotation, which it may have carried out',
	wrong: 'the one that n8n had stored was not the one that Anchor Browser signs with',
};

/** For a project whose webhooks somebody else changes at the same time. */
export const BUSY_PROJECT: Explanation = {
	message:
		'The webhooks at Anchor Browser keep changing while n8n registers this trigger. Publish the workflow again in a moment (n8n 1: activate it)',
	description:
		'The webhooks of the Anchor Browser project kept changing while n8n tried to register this trigger, so it stopped. Check whether somebody else is changing them, then publish the workflow again (n8n 1: activate it).',
};

/** Anchor's limit for a project. */
const MAX_WEBHOOKS = 5;

/**
 * The words for a full project: each webhook by host, which of them n8n made, and for which workflow. They stand in
 * message and description alike, because n8n 1.x shows the one alone and 2.41 the other; the list comes last, because
 * n8n's editor cuts long details.
 */
export function limitWords(taken: readonly RemoteWebhook[], owner: MarkOwner): Explanation {
	const names = taken.map((webhook, index) => `${index + 1}. ${slotWords(webhook, owner)}`);
	const unlisted =
		taken.length < MAX_WEBHOOKS ? '. Disabled ones count too and may be missing here' : '';
	const list =
		names.length === 0 ? 'n8n could not list them' : `They are: ${names.join('; ')}${unlisted}`;
	return {
		message: `All ${MAX_WEBHOOKS} webhooks that an Anchor Browser project can have are taken, so n8n could not create one for this trigger. Remove one, or unpublish a workflow that uses one (n8n 1: deactivate it), then try again. ${list}`,
		description: `An Anchor Browser project can have ${MAX_WEBHOOKS} webhooks, and all are taken. Remove one in the Anchor Browser dashboard, or unpublish a workflow that uses one (n8n 1: deactivate it), then try again. Listening for a test event takes one as well. ${list}.`,
	};
}

/**
 * What to do about events that neither the catalogue nor Anchor knows, such as an expression can name.
 * @param names at least one
 */
export function unknownEventAdvice(names: readonly string[]): string {
	const unknown = names.map(
		(name) => `There is no event "${name}"; the nearest is "${nearestEvent(name)}". `,
	);
	return `${unknown.join('')}Choose events from the list, or correct the expression under Events, then try again.`;
}

/**
 * The words for them where Anchor is not asked, because the user registers the webhook.
 * @param names at least one
 */
export function unlistedEventWords(names: readonly string[]): Explanation {
	const advice = unknownEventAdvice(names);
	return {
		message: advice.replace(/\.$/, ''),
		description: `${advice} All Events also takes what is newer than this node.`,
	};
}

/**
 * The words for triggers that cannot be told from each other.
 * @param names of the nodes, two at least
 */
export function sharedIdWords(names: readonly string[]): Explanation {
	const list = names.map((name) => `"${name}"`).join(', ');
	const message = `These nodes have the same ID: ${list}. Delete all but one of them and add them anew from the nodes panel, then try again`;
	return {
		message,
		description: `${message}. n8n gives every node an ID of its own; a workflow that was written by hand or by a program may repeat one, and the triggers would then take each other's webhook.`,
	};
}

function nearestEvent(name: string): string {
	return [...EVENT_TYPES].sort((one, other) => distance(name, one) - distance(name, other))[0];
}

/** Levenshtein's distance: how many letters have to be added, removed or changed. */
function distance(one: string, other: string): number {
	let row = Array.from({ length: other.length + 1 }, (_, column) => column);
	for (const [index, letter] of [...one.slice(0, 100)].entries()) {
		const next = [index + 1];
		for (let column = 1; column <= other.length; column++) {
			const swapped = row[column - 1] + Number(letter !== other[column - 1]);
			next.push(Math.min(swapped, row[column] + 1, next[column - 1] + 1));
		}
		row = next;
	}
	return row[other.length];
}

function slotWords({ id, url, description }: RemoteWebhook, owner: MarkOwner): string {
	const mark = parseMark(description);
	if (mark === undefined) return `${hostOf(url)}, not made by n8n, ${id}`;
	const maker = isMarkOfInstance(mark, owner) ? 'this n8n' : 'another n8n';
	return `${hostOf(url)}, made by ${maker} for the workflow "${mark.workflowName}" (${mark.mode}), ${id}`;
}

/** Without the path, which in n8n is as good as a password. */
function hostOf(address: string): string {
	try {
		return new URL(address).host;
	} catch {
		return address.slice(0, 60);
	}
}
