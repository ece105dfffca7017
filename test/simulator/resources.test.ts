import { callApi } from './client';
import { startSimulator, type Simulator } from './index';

const SESSION = '550e8400-e29b-41d4-a716-446655440000';

let simulator: Simulator;

beforeAll(async () => {
	simulator = await startSimulator({ rules: {} });
});
afterAll(async () => await simulator.close());
afterEach(() => simulator.reset());

const call = async (method: string, path: string, body?: unknown) =>
	await callApi(simulator, method, path, body);
const file = async (link: string, key: string) => {
	const response = await fetch(link, { headers: { 'anchor-api-key': key } });
	return {
		type: response.headers.get('content-type'),
		bytes: Buffer.from(await response.arrayBuffer()),
	};
};

describe('recordings', () => {
	it('are listed with a link that needs no API key, and are fetched with one', async () => {
		const { body } = await call('GET', `/v1/sessions/${SESSION}/recordings`);
		expect(body.data).toMatchObject({ count: 1, items: [{ id: 'primary', is_primary: true }] });
		const [item] = body.data.items;
		const path = `/v1/sessions/${SESSION}/recordings/primary/fetch`;
		const fetched = await file(simulator.url + path, simulator.apiKey);
		expect(fetched.type).toBe('video/mp4');
		expect(fetched.bytes.subarray(4, 8).toString()).toBe('ftyp');
		expect(fetched.bytes).toHaveLength(item.size);
		expect(await file(item.file_link, '')).toEqual(fetched);
		expect((await callApi(simulator, 'GET', path, undefined, null)).status).toBe(401);
	});

	it('of a session that nobody named are answered with 404', async () => {
		expect((await call('GET', '/v1/sessions/nothing/recordings')).status).toBe(404);
		expect((await call('GET', '/v1/sessions/nothing/recordings/primary/fetch')).status).toBe(404);
	});

	it('exist for a session that an event named', async () => {
		simulator.emit('session.completed', { data: { session_id: 'mine' } });
		expect((await call('GET', '/v1/sessions/mine/recordings')).status).toBe(200);
		expect((await call('GET', '/v1/sessions/mine')).body.data.session_id).toBe('mine');
	});
});

describe('files', () => {
	it('stand behind the links of an event as they are, and need no API key', async () => {
		const { event } = simulator.emit('task.completed');
		const [pdf, csv] = event.data.artifacts as Array<{ url: string; content_type?: string }>;
		expect(await file(pdf.url, '')).toMatchObject({ type: pdf.content_type });
		expect((await file(csv.url, '')).type).toBe('text/csv');
		expect((await file(String(event.data.recording_url), '')).type).toBe('video/mp4');
	});

	it('that a session downloaded are listed with links that want the API key', async () => {
		const { body } = await call('GET', `/v1/sessions/${SESSION}/downloads`);
		expect(body.data.items.map((item) => item.suggested_file_name)).toEqual([
			'invoice-2026-02.pdf',
			'report.csv',
		]);
		const [{ file_link: link, size }] = body.data.items;
		expect((await file(link, simulator.apiKey)).bytes).toHaveLength(size);
		expect((await fetch(link)).status).toBe(401);
	});
});

describe('tasks', () => {
	it('are run and asked for by the id of the run', async () => {
		const { status, body } = await call('POST', '/v2/tasks/tsk_4f8w9n2b/run', {
			input_params: { customer: '12' },
		});
		expect(status).toBe(200);
		expect(body).toMatchObject({ status: 'queued', run_id: expect.any(String), error: null });
		expect((await call('GET', `/v2/tasks/runs/${body.run_id}/status`)).body).toEqual(body);
	});

	it.each([
		['task.completed', {}, { status: 'success', result: { invoice_total: '129.00' }, error: null }],
		[
			'task.failed',
			{ error: { type: 'timeout', message: 'Too slow' } },
			{ status: 'timeout', error: 'Too slow' },
		],
		['task.cancelled', {}, { status: 'cancelled', error: null }],
	])('are over when %s named their run', async (type, data, ending) => {
		const run = (await call('POST', '/v2/tasks/tsk_4f8w9n2b/run', { input_params: {} })).body
			.run_id;
		simulator.emit(type, { data: { ...data, execution_id: run } });
		expect((await call('GET', `/v2/tasks/runs/${run}/status`)).body).toMatchObject({
			run_id: run,
			...ending,
		});
	});

	it.each([
		['tsk_4f8w9n2b', {}, 400],
		['tsk_4f8w9n2b', { input_params: { count: 1 } }, 400],
		['tsk_4f8w9n2b', { input_params: {}, wait: true }, 400],
		['tsk_nothing', { input_params: {} }, 404],
	])('%s with %j are answered with %i', async (id, body, status) => {
		expect(await call('POST', `/v2/tasks/${id}/run`, body)).toMatchObject({
			status,
			body: { error: { message: expect.any(String) } },
		});
	});
});

describe('interventions', () => {
	it('are pending from the request to the answer, which is emitted', async () => {
		const { event } = simulator.emit('intervention.requested');
		const pending = async () => (await call('GET', '/v1/sessions/pending-interventions')).body.data;
		expect(await pending()).toMatchObject({
			count: 1,
			items: [{ requestId: event.data.request_id, sessionId: SESSION, inputType: 'fields' }],
		});
		const answer = { requestId: event.data.request_id, response: { code: '123456' } };
		const path = `/v1/sessions/${SESSION}/agent/respond-to-human-intervention`;
		expect((await call('POST', path, answer)).status).toBe(200);
		expect(await pending()).toEqual({ count: 0, items: [] });
		expect((await call('POST', path, answer)).status).toBe(400);
	});
});

describe('batches', () => {
	const BATCH = '0b6f2b1e-8d0d-4b7c-9a3e-5f2f7f0f9c11';
	const path = `/v1/batch-sessions/${BATCH}`;
	const look = async () => (await call('GET', path)).body.data;
	const state = async () => {
		const { status, sessions } = await look();
		return [status, sessions[0].retry_count];
	};

	it('are retried, failed sessions only, and count it', async () => {
		simulator.emit('batch.completed');
		expect((await look()).sessions.filter(({ status }) => status === 'failed')).toHaveLength(1);
		const retry = { retry_failed_only: true, max_retries: 1 };
		expect((await call('POST', `${path}/retry`, retry)).body.data).toMatchObject({
			batch_id: BATCH,
			status: 'processing',
			retried_sessions: 1,
		});
		expect(await state()).toEqual(['processing', 1]);
		expect((await call('POST', `${path}/retry`, retry)).status).toBe(400);

		simulator.emit('batch.failed');
		expect(await state()).toEqual(['failed', 1]);
		expect((await call('POST', `${path}/retry`, {})).body.data).toMatchObject({
			retried_sessions: 10,
		});
	});

	it('without a failed session have nothing to retry', async () => {
		simulator.emit('batch.completed', { data: { failed_requests: 0 } });
		expect((await call('POST', `${path}/retry`, {})).status).toBe(400);
		expect((await call('POST', `${path}/retry`, { retry_failed_only: false })).status).toBe(200);
	});

	it.each([
		['nothing', {}, 404],
		[BATCH, { max_retries: 4 }, 400],
	])('%s with %j are answered with %i', async (id, body, status) => {
		expect((await call('POST', `/v1/batch-sessions/${id}/retry`, body)).status).toBe(status);
	});
});

describe('identities', () => {
	const IDENTITY = '123e4567-e89b-12d3-a456-426614174000';
	const path = `/v1/identities/${IDENTITY}`;

	it('log in again, which is emitted', async () => {
		simulator.emit('identity.authentication_failed');
		expect((await call('GET', path)).body).toMatchObject({ id: IDENTITY, status: 'failed' });
		expect((await call('POST', `${path}/reauthenticate`, { sync: true })).body).toMatchObject({
			identityId: IDENTITY,
			async: false,
			auth_status: 'authenticated',
		});
		expect((await call('GET', path)).body).toMatchObject({ status: 'validated' });
		expect((await call('POST', `${path}/reauthenticate`, { sync: false })).body).toMatchObject({
			async: true,
			auth_status: 'pending',
		});
	});

	it('that nobody named are answered with 404', async () => {
		expect((await call('GET', '/v1/identities/nothing')).status).toBe(404);
		expect((await call('POST', '/v1/identities/nothing/reauthenticate', {})).status).toBe(404);
	});
});

it('answers the call that the official package tests its credential with', async () => {
	expect((await call('GET', '/v1/sessions/all/status')).body.data.items).toEqual([]);
});
