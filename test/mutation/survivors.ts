const NO_TYPE =
	'TypeScript wants the check; with what it keeps out, the next comparison is false all the same.';
const SPEED = 'Only how fast it is changes, not what comes out.';
const UTF8 = 'Text with ASCII characters alone comes to the same bytes in UTF-8, the default.';
const NO_VALUE = 'A function that ends without a value returns undefined, too.';
const ANCHORED =
	'A parsed host that ends in a number is an IPv4 address of four numbers up to 255, and a bracket only begins or ends one.';
const NOT_FITTING = 'n8n’s evaluator throws for a value of such a kind, which counts the same.';
const WITHOUT_OWN_COLUMN =
	'No entity has a column for a field and one for what is below it, and a column of its own has the name of the field.';
const COMPACTING = 'Only when the list is made shorter changes, not what it holds.';

/**
 * Why a mutant may live: its change makes no difference that anybody could see. By file, then by what stood there and what
 * the mutant put in its place.
 */
export const EXPLAINED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	'delivery/conditions.ts': {
		'path === undefined → false': 'Looking for no path throws, which counts the same.',
		'keys.map((_, index) => keys.slice(0, index)).slice(1) → keys.map((_, index) => keys.slice(0, index))':
			'The data as a whole is no text and no number for any event.',
		'rest.length === 0 → false': 'At the end of no keys stands the data itself.',
		"rightType !== 'any' → false":
			'All other operators ask of a list only whether it is there and how long it is, and read the length to compare with from text, too.',
		'operator === undefined → false':
			'Reading the name of no operator throws, which counts the same.',
		'\'dateTime\' → ""': NOT_FITTING,
		"typeof right === 'string' → true":
			'What has no `trim` throws, and what throws cannot be judged, as what does not fit.',
	},
	'delivery/dedupe.ts': {
		'reservedAt !== undefined → true': NO_TYPE,
		'this.forgotten >= Math.max(WORTH_COMPACTING, this.order.length / 2) → this.forgotten > Math.max(WORTH_COMPACTING, this.order.length / 2)':
			COMPACTING,
		'this.forgotten >= Math.max(WORTH_COMPACTING, this.order.length / 2) → this.forgotten < Math.max(WORTH_COMPACTING, this.order.length / 2)':
			COMPACTING,
		'Math.max(WORTH_COMPACTING, this.order.length / 2) → Math.min(WORTH_COMPACTING, this.order.length / 2)':
			COMPACTING,
		'\'hex\' → ""': 'A digest tells ids apart in any writing.',
	},
	'delivery/filters.ts': {
		'\'There is nobody to judge\' → ""':
			'What throws counts as not met; the words are for a debugger.',
		'\'\' → "Stryker was here!"': 'No list has it either.',
	},
	'delivery/signature.ts': {
		'key.length !== name.length → false': SPEED,
		'start < end → true': 'What follows a part is a comma or nothing, and neither is a blank.',
		'start < end → start <= end':
			'What follows a part is a comma or nothing, and neither is a blank.',
		'end > start → true': 'Of a blank part nothing is left, however far its end moves.',
		'end > start → end >= start': 'Of a blank part nothing is left, however far its end moves.',
		'\'latin1\' → ""': UTF8,
		'\'utf8\' → ""': UTF8,
	},
	'delivery/verdict.ts': {
		"verdict.kind === 'rejected' → true": 'No other kind of verdict has that reason.',
		'skewSeconds > 0 → skewSeconds >= 0': 'What is not a second off is not stale.',
	},
	'events/catalogue.ts': {
		'path.length > 1 → true': WITHOUT_OWN_COLUMN,
		'path.length > 1 → path.length >= 1': WITHOUT_OWN_COLUMN,
	},
	'events/envelope.ts': {
		'entry[1].length > MOST_ENTRIES → entry[1].length >= MOST_ENTRIES': SPEED,
		'entry[1].length > MOST_ENTRIES → true': SPEED,
		'[] → ["Stryker was here"]':
			'A schema that takes a list and refuses what is in it names the place of the entry, not of the list.',
		'long.length === 0 → false': SPEED,
	},
	'output/branch.ts': {
		'\'\' → "Stryker was here!"':
			'Any text that is no kind of failure leads to Other Failure, as no text does.',
	},
	'output/cell.ts': {
		"!isText && typeof cell !== 'number' → false":
			'What is neither text nor a number is never marked, and what is not marked comes back as it is.',
	},
	'output/row.ts': {
		'[] → ["Stryker was here"]': 'What is no path begins with no column.',
	},
	'registration/address.ts': {
		'/^127(\\.\\d+){3}$|^\\[::1\\]$|(^|\\.)localhost\\.?$/ → /127(\\.\\d+){3}$|^\\[::1\\]$|(^|\\.)localhost\\.?$/':
			ANCHORED,
		'/^127(\\.\\d+){3}$|^\\[::1\\]$|(^|\\.)localhost\\.?$/ → /^127(\\.\\d+){3}$|\\[::1\\]$|(^|\\.)localhost\\.?$/':
			ANCHORED,
		'/^127(\\.\\d+){3}$|^\\[::1\\]$|(^|\\.)localhost\\.?$/ → /^127(\\.\\d+){3}$|^\\[::1\\]|(^|\\.)localhost\\.?$/':
			ANCHORED,
		'/^(0|10)(\\.\\d+){3}$|^(169\\.254|192\\.168|172\\.(1[6-9]|2\\d|3[01]))(\\.\\d+){2}$|^\\[f[cde]/ → /^(0|10)(\\.\\d+){3}$|(169\\.254|192\\.168|172\\.(1[6-9]|2\\d|3[01]))(\\.\\d+){2}$|^\\[f[cde]/':
			ANCHORED,
		'/^(0|10)(\\.\\d+){3}$|^(169\\.254|192\\.168|172\\.(1[6-9]|2\\d|3[01]))(\\.\\d+){2}$|^\\[f[cde]/ → /^(0|10)(\\.\\d+){3}$|^(169\\.254|192\\.168|172\\.(1[6-9]|2\\d|3[01]))(\\.\\d+){2}$|\\[f[cde]/':
			ANCHORED,
		'\'\' → "Stryker was here!"': 'Any text that is no address of this machine does.',
		'{ return undefined; } → {}': NO_VALUE,
	},
	'registration/mark.ts': {
		'collectedMs !== undefined → true':
			'A mark is written in the same way with a time that is undefined as without one.',
	},
	'registration/plan.ts': {
		'[] → ["Stryker was here"]':
			'A text has no description, and what has none was not taken up by anybody.',
		'mark?.mode → mark.mode': 'Where there is no mark, the line before has answered.',
	},
	'registration/seal.ts': {
		'{ return undefined; } → {}': NO_VALUE,
	},
};
