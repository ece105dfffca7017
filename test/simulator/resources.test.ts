import { callApi } from './client';
import { startSimulator, type Simulator } from './index';

const SESSION = '550e8400-e29b-41d4-a716-446655440000';

let simulator: Simulator;

beforeAll(async () => {
	simulator = await startSimulator();
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

it('answers the call that the official package tests its credential with', async () => {
	expect((await call('GET', '/v1/sessions/all/status')).body.data.items).toEqual([]);
});
