import type { App } from '../server';

/** The head of an MP4 file (its `ftyp` box) and an empty `mdat`: enough to be told from text and from nothing. */
const RECORDING = Buffer.concat([
	Buffer.from([0, 0, 0, 24]),
	Buffer.from('ftypisom'),
	Buffer.from([0, 0, 2, 0]),
	Buffer.from('isomiso2'),
	Buffer.from([0, 0, 0, 8]),
	Buffer.from('mdat'),
]);

interface StoredFile {
	bytes: Buffer<ArrayBuffer>;
	type: string;
}

/** The file that stands behind a name: by its ending a video, a PDF, a table; anything else is bytes of no known type. */
export function fileFor(name: string): StoredFile {
	if (name.endsWith('.mp4')) return { bytes: RECORDING, type: 'video/mp4' };
	if (name.endsWith('.pdf'))
		return { bytes: Buffer.from('%PDF-1.4\n%%EOF\n'), type: 'application/pdf' };
	if (name.endsWith('.csv'))
		return { bytes: Buffer.from('name,total\nACME,129.00\n'), type: 'text/csv' };
	return { bytes: Buffer.from(name), type: 'application/octet-stream' };
}

/** Files behind presigned links, as the recordings and artifacts of events have them: no API key is asked for. */
export function registerFiles(app: App): void {
	app.get('/_simulator/files/*', (c) => {
		const { bytes, type } = fileFor(c.req.path);
		return c.body(bytes, 200, { 'content-type': type });
	});
}
