import { createHash } from 'node:crypto';

/** Whether a webhook serves the active workflow or somebody who listens for a test event in the editor. */
export type Mode = 'production' | 'test';

/** For whom a webhook is. */
export interface MarkOwner {
	workflowName: string;
	/** n8n's own id of the instance; only a hash of it leaves n8n. */
	instanceId: string;
	workflowId: string;
	nodeId: string;
	mode: Mode;
}

/** What is noted in a mark. Whoever writes one anew passes on all that was noted before. */
export interface MarkNote {
	/** Of the signing secret that n8n got last (`fingerprintOf`); left out while it is not known. */
	fingerprint?: string;
	/** What Anchor had given up by then has been recovered: Anchor's time in milliseconds; left out until something was. */
	recoveredMs?: number;
	/** When a process took the webhook up that another one, or an earlier life of n8n, was to end: Anchor's time in milliseconds. */
	activatedMs?: number;
	/** Since when events are collected, in milliseconds of Anchor's clock: 2xx does not say any more that one has run. */
	collectedMs?: number;
	/** What n8n had taken by then has begun, or n8n's store was asked about it, in milliseconds of Anchor's clock. */
	checkedMs?: number;
	/** What a later version of this package has noted, as the mark spells it. */
	others?: readonly string[];
}

/** What a mark says, read back. Ids are as the mark spells them: compare them with `isMarkOf`, not by hand. */
export interface Mark extends MarkNote {
	/** Cut off where it did not fit. */
	workflowName: string;
	instance: string;
	workflow: string;
	node: string;
	mode: Mode;
}

/** Anchor's limit for `description` (API description, POST /v1/webhooks). Counted in UTF-16 units, the strictest way. */
const MAX_LENGTH = 256;

const UNNAMED = 'Unnamed workflow';

/** n8n's ids fit; an id that somebody wrote by hand into a workflow file may not, and is hashed. */
const PLAIN_ID = /^[A-Za-z0-9_-]{1,40}$/;

const MARK =
	/^(.+) \(n8n (production|test) webhook\) \[n8n:(([0-9a-f]{12}):([A-Za-z0-9_-]{1,40}|~[0-9a-f]{24}):([A-Za-z0-9_-]{1,40}|~[0-9a-f]{24})(?::([0-9a-f]{10}))?((?::[a-z][0-9a-z]{1,9})*)):([0-9a-f]{8})\]$/u;

/** The letters before the times of a note; what follows is in base 36. */
const TIMES = { r: 'recoveredMs', a: 'activatedMs', c: 'collectedMs', q: 'checkedMs' } as const;

/** So many fields of later versions are passed on: the name and all that this version notes fit beside them. */
const MAX_OTHERS = 4;

/**
 * The mark that a webhook carries as its description at Anchor, readable for people and for us:
 * `Invoices (n8n production webhook) [n8n:<instance>:<workflow>:<node>:<fingerprint>:<times>:<check>]`. A long name is
 * cut, the part in brackets never; its last field is a checksum, so that a text that only looks like a mark is none.
 * @param note all that is noted, see `MarkNote`: a parsed mark, with what has changed since
 * @returns at most 256 characters, on one line
 */
export function formatMark(owner: MarkOwner, note: MarkNote): string {
	const { fingerprint, others = [] } = note;
	const { instance, workflow, node } = idsOf(owner);
	const times = Object.entries(TIMES).flatMap(([letter, name]) => {
		const atMs = note[name];
		return atMs === undefined ? [] : [`${letter}${atMs.toString(36)}`];
	});
	const ids = [instance, workflow, node, ...(fingerprint === undefined ? [] : [fingerprint])];
	const fields = [...ids, ...times, ...others.slice(0, MAX_OTHERS)].join(':');
	const ending = ` (n8n ${owner.mode} webhook) [n8n:${fields}:${checkOf(owner.mode, fields)}]`;
	return shorten(clean(owner.workflowName) || UNNAMED, MAX_LENGTH - ending.length) + ending;
}

/**
 * A short text that tells one signing secret from another and gives nothing of it away: 40 bits of a hash of 32 random
 * bytes. It stands in the mark, so that n8n notices when the secret it has stored is not the one it got last.
 */
export function fingerprintOf(secret: string): string {
	return hash(`n8n signing secret ${secret}`, 10);
}

/**
 * Reads a mark.
 * @param description a webhook's description at Anchor, anything at all
 * @returns undefined for every text that `formatMark` did not make
 */
export function parseMark(description: unknown): Mark | undefined {
	if (typeof description !== 'string' || description.length > MAX_LENGTH) return undefined;
	const parts = MARK.exec(description.trim());
	if (parts === null) return undefined;
	const [, workflowName, mode, fields, instance, workflow, node, fingerprint, noted, check] = parts;
	if (check !== checkOf(mode, fields)) return undefined;
	const notes = noted.split(':').slice(1);
	const others = notes.filter((field) => !(field[0] in TIMES));
	const ids = { workflowName, mode: mode as Mode, instance, workflow, node };
	const mark: Mark = { ...ids, fingerprint, others };
	for (const [letter, name] of Object.entries(TIMES)) {
		const field = notes.find((one) => one.startsWith(letter));
		if (field !== undefined) mark[name] = Number.parseInt(field.slice(1), 36);
	}
	return mark;
}

/** What changes in a note when a webhook is put in line. */
export interface NoteChanges {
	fingerprint: string | undefined;
	/** Whether another process, or an earlier life of n8n, may be about to end the webhook: the mark then tells it not to. */
	isTakenUp: boolean;
	/** Since when events are collected, unless an earlier time is noted; false when they are not, undefined leaves what is noted. */
	collectedMs?: number | false;
	/** Anchor's time in milliseconds. */
	nowMs: number;
	/** A time later than this was noted by a clock that was wrong, in milliseconds. */
	latestMs: number;
}

/** A note with what has changed since; whatever else it says stays, but for times that cannot be. */
export function renewNote(
	note: MarkNote | undefined,
	{ fingerprint, isTakenUp, collectedMs, nowMs, latestMs }: NoteChanges,
): MarkNote {
	const renewed: MarkNote = { ...note, fingerprint };
	for (const name of Object.values(TIMES)) {
		if ((renewed[name] ?? 0) > latestMs) delete renewed[name];
	}
	if (isTakenUp) renewed.activatedMs = nowMs;
	if (collectedMs === false) delete renewed.collectedMs;
	else if (collectedMs !== undefined) renewed.collectedMs ??= collectedMs;
	return renewed;
}

/** How far recovery came. */
export type Progress = Pick<MarkNote, 'recoveredMs' | 'checkedMs'>;

/**
 * A note with the later times of both: a row that does not say when it ended must not set one back.
 * @returns undefined when none is later
 */
export function advanceNote(note: MarkNote, progress: Progress): MarkNote | undefined {
	const { recoveredMs = 0, checkedMs = 0 } = note;
	const later: Progress = {};
	if ((progress.recoveredMs ?? 0) > recoveredMs) later.recoveredMs = progress.recoveredMs;
	if ((progress.checkedMs ?? 0) > checkedMs) later.checkedMs = progress.checkedMs;
	return Object.keys(later).length > 0 ? { ...note, ...later } : undefined;
}

/** Whether there is a mark, and it names this very n8n, workflow, node and mode. */
export function isMarkOf(mark: Mark | undefined, owner: MarkOwner): boolean {
	return mark?.mode === owner.mode && isMarkOfNode(mark, owner);
}

/** Whether there is a mark, and it names this very n8n, workflow and node, in whichever mode. */
export function isMarkOfNode(mark: Mark | undefined, owner: MarkOwner): boolean {
	const own = idsOf(owner);
	return (
		mark?.instance === own.instance && mark.workflow === own.workflow && mark.node === own.node
	);
}

/** Whether a mark names this n8n, whatever the workflow. */
export function isMarkOfInstance(mark: Mark, owner: MarkOwner): boolean {
	return mark.instance === idsOf(owner).instance;
}

/** One text for one owner: the key of what is kept for it. Holds no name, so that a rename changes nothing. */
export function ownerKeyOf(owner: MarkOwner): string {
	const { instance, workflow, node } = idsOf(owner);
	return [owner.mode, instance, workflow, node].join(':');
}

function idsOf({ instanceId, workflowId, nodeId }: MarkOwner) {
	return {
		instance: hash(`n8n instance ${instanceId}`, 12),
		workflow: compact(workflowId),
		node: compact(nodeId),
	};
}

function compact(id: string): string {
	return PLAIN_ID.test(id) ? id : `~${hash(`n8n id ${id}`, 24)}`;
}

function checkOf(mode: string, fields: string): string {
	return hash(`n8n mark ${mode}:${fields}`, 8);
}

function hash(text: string, hexDigits: number): string {
	return createHash('sha256').update(text).digest('hex').slice(0, hexDigits);
}

/** One line, and no half characters: Anchor would store U+FFFD for them and the mark would never match again. */
function clean(name: string): string {
	return [...name]
		.map((character) => (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(character) ? ' ' : character))
		.join('')
		.replace(/\s+/gu, ' ')
		.trim();
}

function shorten(text: string, room: number): string {
	if (text.length <= room) return text;
	let kept = '';
	for (const character of text) {
		if (kept.length + character.length > room - 1) break;
		kept += character;
	}
	return `${kept.trimEnd()}…`;
}
