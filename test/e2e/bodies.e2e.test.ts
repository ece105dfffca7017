/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { send } from '../support/send';
import { bytesOf, eventOf, signed, STRANGERS_SECRET, withBody } from '../support/signedRequests';
import { N8nClient, startN8n, TESTED, waitFor, type N8n } from '../support/n8n';
import { publishManualTrigger, TRIGGER } from './trigger';

/*
 * What n8n makes of a request before the node is asked depends on its content type, on the node's version and on n8n's.
 * Whatever it does, the signature is checked over the bytes as they were sent.
 */

const EVALUATIONS = join(__dirname, 'evaluations.cjs');

const FORM = ['--x', 'Content-Disposition: form-data; name="id"', '', 'evt_1', '--x--', ''].join(
	'\r\n',
);
const UPLOAD = [
	'--x',
	'Content-Disposition: form-data; name="a"; filename="a.bin"',
	'Content-Type: application/octet-stream',
	'',
	'z'.repeat(1_000_000),
	'--x--',
	'',
].join('\r\n');
const FORM_TYPE = 'multipart/form-data; boundary=x';

const now = () => Math.floor(Date.now() / 1000);
const withType = (type: string | undefined) => ({ headers: { 'content-type': type } });

describe.each(TESTED)('what n8n %s hands over', (version) => {
	let n8n: N8n;
	let client: N8nClient;
	let workflowId: string;
	let url: string;
	const folder = mkdtempSync(join(tmpdir(), 'evaluations-'));
	const evaluations = join(folder, 'evaluations');
	const uploads = join(folder, 'uploads');

	beforeAll(async () => {
		mkdirSync(uploads);
		n8n = await startN8n({
			version,
			env: {
				NODE_OPTIONS: `--require ${EVALUATIONS}`,
				EVALUATIONS_FILE: evaluations,
				TMPDIR: uploads,
			},
		});
		client = new N8nClient(n8n);
		await client.setUpOwner();
		const published = await publish('tsk_4f8w9n2b');
		url = published.url;
		workflowId = published.workflow.id;
	}, 600_000);

	const publish = async (taskIds: string) =>
		await publishManualTrigger(client, {
			events: ['task.completed'],
			filters: { taskIds },
			options: { toleranceSeconds: 300 },
		});

	afterAll(async () => {
		await n8n?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	const runs = async () => (await client.executions({ workflowId }, 100)).length;
	const evaluated = () =>
		existsSync(evaluations) ? readFileSync(evaluations, 'utf8').split('\n').length - 1 : 0;

	const TYPES = [
		'application/json',
		'application/json; charset=utf-8',
		undefined,
		'application/octet-stream',
		'application/cloudevents+json',
		'text/plain',
		'application/x-www-form-urlencoded',
		'multipart/mixed; boundary=x',
	];

	it.each(TYPES)('is checked over its bytes when its content type is %s', async (type) => {
		const before = await runs();
		const genuine = await send(url, signed(eventOf('task.completed'), now(), withType(type)));
		expect([genuine.status, genuine.body]).toEqual([202, { received: true }]);
		const wish = { ...withType(type), secrets: [STRANGERS_SECRET] };
		const forged = await send(url, signed(eventOf('task.completed'), now(), wish));
		expect([forged.status, forged.body]).toEqual([
			401,
			{ received: false, message: 'Unauthorized' },
		]);
		await waitFor(async () => (await runs()) === before + 1, { what: 'one run' });
	});

	it.each(['application/json', undefined])(
		'is checked over its bytes when it is compressed (%s) or comes in chunks',
		async (type) => {
			const plain = signed(eventOf('task.completed'), now(), withType(type));
			const gzipped = {
				...plain,
				headers: { ...plain.headers, 'content-encoding': 'gzip' },
				body: gzipSync(plain.body),
			};
			expect((await send(url, gzipped)).status).toBe(202);
			const chunked = signed(eventOf('task.completed'), now(), withType(type));
			expect(await inChunks(url, chunked.headers as Record<string, string>, chunked.body)).toBe(
				202,
			);
		},
	);

	it.each(['application/json', undefined, 'application/octet-stream'])(
		'is no event when it is empty, and no execution (%s)',
		async (type) => {
			const before = await runs();
			expect((await send(url, signed('', now(), withType(type)))).status).toBe(422);
			expect(await runs()).toBe(before);
		},
	);

	it('is refused when it is a form that n8n has taken apart', async () => {
		const before = await runs();
		const headers = { 'content-type': FORM_TYPE };
		expect((await send(url, signed(FORM, now(), { headers }))).status).toBe(400);
		await waitFor(async () => n8n.log().includes('body could not be read as it was sent'), {
			what: 'the refusal in the log',
		});
		const compressed = {
			...signed(FORM, now(), { headers: { ...headers, 'content-encoding': 'gzip' } }),
			body: gzipSync(FORM),
		};
		// What it cannot take apart at all n8n refuses by itself.
		expect((await send(url, compressed)).status).toBe(400);
		expect(await runs()).toBe(before);
	});

	it.each(['application/json', 'application/octet-stream', FORM_TYPE])(
		'is nothing that is looked at without the headers of Anchor (%s)',
		async (type) => {
			const { status } = await send(url, {
				headers: { 'content-type': type },
				body: bytesOf(type === FORM_TYPE ? FORM : '{}'),
			});
			expect(status).toBe(400);
		},
	);

	it('leaves no file of a form behind, whatever it is refused for', async () => {
		const before = readdirSync(uploads);
		const headers = { 'content-type': FORM_TYPE };
		const requests = [
			{ headers, body: bytesOf(UPLOAD) },
			signed(UPLOAD, now(), { headers }),
			signed(UPLOAD, now() - 3600, { headers }),
		];
		for (const one of requests) expect((await send(url, one)).status).toBe(400);
		await waitFor(async () => readdirSync(uploads).length <= before.length, {
			what: 'the uploaded files to be gone',
		});
	});

	it('ends the delivery when its sender breaks off in the middle of a compressed body', async () => {
		const own = await publish('tsk_4f8w9n2b');
		const refusals = () => n8n.log().split('body could not be read as it was sent').length - 1;
		const before = refusals();
		for (let time = 0; time < 10; time++) {
			const { headers } = signed('{}', now(), {
				headers: { ...withType('application/octet-stream').headers, 'content-encoding': 'gzip' },
			});
			await breakOff(own.url, { ...headers, 'content-length': '1000' } as never);
		}
		await waitFor(async () => refusals() > before, { what: 'the refusal in the log' });
		expect(await client.executions({ workflowId: own.workflow.id }, 10)).toEqual([]);
	});

	it('is read whole when 8 MB of it are compressed', async () => {
		const result = randomBytes(4_000_000).toString('hex');
		const event = eventOf('task.completed', { data: { task_id: 'tsk_4f8w9n2b', result } });
		const type = 'application/octet-stream';
		const headers = { 'content-type': type, 'content-encoding': 'gzip' };
		const whole = signed(event, now(), { headers });
		expect((await send(url, withBody(whole, gzipSync(whole.body)))).status).toBe(202);
	});

	it.each(['application/json', undefined, 'application/octet-stream'])(
		'is checked over its bytes at the test address, too (%s)',
		async (type) => {
			const listening = await client.listenForTestEvent(workflowId, TRIGGER);
			const wish = { ...withType(type), secrets: [STRANGERS_SECRET] };
			const forged = signed(eventOf('task.completed'), now(), wish);
			expect((await send(listening.url, forged)).status).toBe(401);
			const genuine = signed(eventOf('task.completed'), now(), withType(type));
			expect((await send(listening.url, genuine)).status).toBe(202);
			await listening.ended();
		},
	);

	it('takes no expression to judge, but those that the user wrote', async () => {
		const ignored = async (address: string) => {
			const { status } = await send(address, signed(eventOf('task.failed'), now()));
			expect(status).toBe(204);
		};
		await ignored(url);
		const before = evaluated();
		for (let count = 0; count < 5; count++) {
			await ignored(url);
			const wish = { headers: { 'anchor-signature': undefined } };
			expect((await send(url, signed(eventOf('task.failed'), now(), wish))).status).toBe(400);
		}
		expect(evaluated()).toBe(before);

		const withExpression = await publish('={{ "tsk_4f8w9n2b" }}');
		await ignored(withExpression.url);
		expect(evaluated()).toBeGreaterThan(before);
	});
});

/** Sends twenty bytes of a body that is to be longer, and hangs up once they are on their way. */
async function breakOff(url: string, headers: Record<string, string>): Promise<void> {
	await new Promise<void>((resolve) => {
		const outgoing = request(url, { method: 'POST', headers, agent: false });
		outgoing.on('error', () => {});
		outgoing.on('close', resolve);
		outgoing.write(gzipSync('x').subarray(0, 20), () => outgoing.destroy());
	});
}

/** Posts a body without saying how long it is, in three parts. */
async function inChunks(
	url: string,
	headers: Record<string, string>,
	body: Uint8Array,
): Promise<number> {
	const third = Math.ceil(body.length / 3);
	return await new Promise((resolve, reject) => {
		const outgoing = request(url, { method: 'POST', headers, agent: false }, (response) => {
			response.resume();
			resolve(response.statusCode ?? 0);
		});
		outgoing.on('error', reject);
		for (let at = 0; at < body.length; at += third) outgoing.write(body.subarray(at, at + third));
		outgoing.end();
	});
}
