import type { Call } from './outsideWorld';

type Row = unknown[];

/** /v4/spreadsheets/{id}[/values/{range}][:verb] */
const PATH = /^\/v4\/spreadsheets\/[^/:]+(?:\/values\/(.+?))?(:[a-z]\w+)?$/i;

/**
 * One Google spreadsheet with one tab, behind those calls of the Sheets API (v4) that n8n's node makes to append rows.
 * Cells keep what was sent, as the RAW mode would.
 */
export class FakeSheet {
	static readonly TAB = { sheetId: 0, title: 'Sheet1', index: 0 };

	/** The headings first. */
	rows: Row[] = [];

	/** How Google was told to take each row: RAW keeps a text as it is, USER_ENTERED as if it had been typed. */
	readonly inputModes: string[] = [];

	/** @returns the answer's JSON; undefined for a call that is not known here */
	answer({ method, path, query, body }: Call): unknown {
		const [, range, verb] = PATH.exec(path) ?? [];
		const what = `${method} ${range === undefined ? 'spreadsheet' : 'values'}${verb ?? ''}`;
		if (what === 'GET spreadsheet') return { sheets: [{ properties: FakeSheet.TAB }] };
		if (what === 'GET values') return this.read(range);
		const { values } = body as { values: Row[] };
		this.inputModes.push(query.valueInputOption);
		if (what === 'PUT values') this.rows.splice(firstRowOf(range) - 1, values.length, ...values);
		else if (what === 'POST values:append') this.rows.push(...values);
		else return undefined;
		return { updatedRange: range };
	}

	private read(range: string): { range: string; values?: Row[] } {
		const values = /!1:1$/.test(range) ? this.rows.slice(0, 1) : this.rows;
		// Google leaves the key out when there is nothing.
		return values.length > 0 ? { range, values } : { range };
	}
}

function firstRowOf(range: string): number {
	return Number(/!(\d+):/.exec(range)?.[1] ?? 1);
}
