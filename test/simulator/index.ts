import { randomUUID } from 'node:crypto';
import { LOCAL_RULES } from './address';
import { sendBatch } from './batch';
import { Clock } from './clock';
import { ACKNOWLEDGE_MS, Dispatcher, RETRY_DELAYS_MS } from './deliver';
import { Emitter } from './emit';
import { DOCUMENTED_EVENTS, NEWEST_EVENTS } from './events';
import { Faults, matcher } from './faults';
import { registerBatches } from './routes/batches';
import { registerControl } from './routes/control';
import { registerFiles } from './routes/files';
import { registerIdentities } from './routes/identities';
import { registerSessions } from './routes/sessions';
import { registerTasks } from './routes/tasks';
import { registerWebhooks } from './routes/webhooks';
import { createApp, listen } from './server';
import type { DeliveryFilter, Simulator, SimulatorOptions } from './simulator';
import { Store } from './store';
import type { Delivery, Webhook } from './types';

export type { EmitOptions } from './emit';
export { DOCUMENTED_EVENTS, NEWEST_EVENTS } from './events';
export type { Simulator, SimulatorOptions } from './simulator';
export type { Delivery, Webhook } from './types';

/** An API key that looks like one and opens nothing. */
const MADE_UP_KEY = `sk-${'5a'.repeat(16)}`;
/** The project id of Anchor's own examples. */
const EXAMPLE_PROJECT = '5d2c31f6-ab7e-481a-b6fd-8b4a96a4e197';

/**
 * Starts the service on 127.0.0.1.
 * @returns its handle; call `close()` when done
 * @throws when the port is taken
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
	const apiKey = options.apiKey ?? MADE_UP_KEY;
	const projectId = options.projectId ?? EXAMPLE_PROJECT;
	const clock = new Clock(options.now ?? Date.now);
	const store = new Store({
		clock,
		rules: options.rules ?? LOCAL_RULES,
		maxWebhooks: options.maxWebhooks ?? 5,
		knownEvents: eventList(options.events),
		historyOrder: options.historyOrder ?? 'newest',
	});
	let signing = options.signing ?? 'current';
	let errorShape = options.errorShape;
	store.keys.set(apiKey, projectId);

	const scale = scales(options.timeScale);
	const dispatcher = new Dispatcher({
		store,
		clock,
		retryDelaysMs: (options.retryDelaysMs ?? RETRY_DELAYS_MS).map((ms) => ms * scale.retries),
		acknowledgeMs: ACKNOWLEDGE_MS * scale.acknowledgement,
	});
	const emitter = new Emitter({
		store,
		clock,
		dispatcher,
		projectId,
		newDeliveryId: (delivery, attempt) =>
			options.deliveryIds === 'perAttempt' && attempt > 1 ? randomUUID() : delivery.id,
		signing: () => signing,
		files: () => `${server.url}/_simulator/files`,
	});
	const faults = new Faults();

	const app = createApp({ store, clock, faults, errorShape: () => errorShape });
	registerWebhooks(app, {
		store,
		sendTest: (webhook, type) =>
			simulator.emit(type, { to: webhook.id, projectId: webhook.projectId }).id,
		payloads: options.payloads ?? true,
		listsDisabled: options.listsDisabled ?? true,
	});
	const emit = (type: string, data: Record<string, unknown>, project: string) =>
		void simulator.emit(type, { data, projectId: project });
	registerSessions(app, { store, url: () => server.url, emit });
	registerTasks(app, store);
	registerBatches(app, store);
	registerIdentities(app, { store, emit });
	registerFiles(app);
	registerControl(app, () => simulator);
	const server = await listen(app, options.port ?? 0);

	const reset = () => {
		dispatcher.cancelAll();
		faults.liftAll();
		store.reset();
		store.keys.clear();
		store.keys.set(apiKey, projectId);
		clock.reset();
		signing = options.signing ?? 'current';
		errorShape = options.errorShape;
	};

	const simulator: Simulator = {
		url: server.url,
		apiKey,
		projectId,

		emit: (type, wish) => {
			const { start, ...emission } = emitter.prepare(type, wish);
			start();
			return emission;
		},
		emitMany: (specs, wish) => sendBatch(emitter, specs, wish),

		deliveries: (filter = {}) => store.deliveries.filter((row) => fits(row, filter)),
		webhooks: ({ deleted = false } = {}) =>
			store.all().filter((webhook) => deleted || !webhook.deletedAt),
		requests: ({ calls, status } = {}) => {
			const matches = matcher(calls);
			return store.requests.filter(
				(request) => matches(request) && (status === undefined || request.status === status),
			);
		},

		delivered: async (filter = {}, count = 1) =>
			await store.until(() =>
				enough(
					store.deliveries.filter((row) => row.status !== 'pending' && fits(row, filter)),
					count,
				),
			),
		requested: async (calls, count = 1) => {
			const matches = matcher(calls);
			return await store.until(() =>
				enough(
					store.requests.filter((request) => request.status !== null && matches(request)),
					count,
				),
			);
		},

		addWebhook: ({ secret, projectId: project = projectId, ...fields }) =>
			store.create(project, fields, secret),
		changeWebhook: (id, fields) => store.change(liveWebhook(store, id), fields),
		removeWebhook: (id) => store.remove(liveWebhook(store, id)),
		rotateSecret: (id) => store.rotate(liveWebhook(store, id)),

		addApiKey: (key, project = projectId) => void store.keys.set(key, project),
		revokeApiKey: (key) => void store.keys.delete(key),

		setSigning: (mode) => void (signing = mode),
		setKnownEvents: (events) => void (store.knownEvents = eventList(events)),
		setErrorShape: (shape) => void (errorShape = shape),

		outage: (wish) => faults.outage(wish),
		hold: (calls, when) => faults.hold(calls, when),
		liftOutages: () => faults.liftAll(),

		advance: (ms) => clock.advance(ms),
		retryNow: () => dispatcher.retryNow(),

		reset,
		close: async () => {
			faults.liftAll();
			dispatcher.close();
			await server.close();
		},
	};
	return simulator;
}

function eventList(events: SimulatorOptions['events'] = '13'): readonly string[] {
	if (typeof events !== 'string') return events;
	return events === '14' ? NEWEST_EVENTS : DOCUMENTED_EVENTS;
}

function scales(scale: SimulatorOptions['timeScale'] = 1): {
	retries: number;
	acknowledgement: number;
} {
	if (typeof scale === 'number') return { retries: scale, acknowledgement: scale };
	return { retries: scale.retries ?? 1, acknowledgement: scale.acknowledgement ?? 1 };
}

function fits(row: Delivery, filter: DeliveryFilter): boolean {
	return (
		(filter.eventId === undefined || row.eventId === filter.eventId) &&
		(filter.type === undefined || row.type === filter.type) &&
		(filter.webhookId === undefined || row.webhookId === filter.webhookId) &&
		(filter.status === undefined || row.status === filter.status)
	);
}

function enough<T>(found: T[], count: number): T[] | undefined {
	return found.length >= count ? found : undefined;
}

function liveWebhook(store: Store, id: string): Webhook {
	const webhook = store.find(id);
	if (!webhook || webhook.deletedAt) throw new Error(`There is no webhook ${id}`);
	return webhook;
}
