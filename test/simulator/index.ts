import { LOCAL_RULES } from './address';
import { sendBatch } from './batch';
import { Clock } from './clock';
import { ACKNOWLEDGE_MS, Dispatcher, RETRY_DELAYS_MS } from './deliver';
import { Emitter } from './emit';
import { DOCUMENTED_EVENTS, NEWEST_EVENTS } from './events';
import { Faults } from './faults';
import { dashboard, EXAMPLE_PROJECT, readings } from './handle';
import { registerBatches } from './routes/batches';
import { registerControl } from './routes/control';
import { registerFiles } from './routes/files';
import { registerIdentities } from './routes/identities';
import { registerSessions } from './routes/sessions';
import { registerTasks } from './routes/tasks';
import { registerWebhooks } from './routes/webhooks';
import { createApp, listen, type App } from './server';
import type { Simulator, SimulatorOptions } from './simulator';
import { Store } from './store';

export type { EmitOptions } from './emit';
export { DOCUMENTED_EVENTS, NEWEST_EVENTS } from './events';
export type { Simulator, SimulatorOptions } from './simulator';
export type { Delivery, Webhook } from './types';

/** An API key that looks like one and opens nothing. */
const MADE_UP_KEY = `sk-${'5a'.repeat(16)}`;

interface RouteSettings {
	store: Store;
	options: SimulatorOptions;
	/** The simulator's own address. */
	url: () => string;
	simulator: () => Simulator;
}

/**
 * Starts the service on 127.0.0.1.
 * @returns its handle; call `close()` when done
 * @throws when the port is taken
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
	const apiKey = options.apiKey ?? MADE_UP_KEY;
	const projectId = EXAMPLE_PROJECT;
	const clock = new Clock(options.now ?? Date.now);
	const store = new Store({
		clock,
		rules: options.rules ?? LOCAL_RULES,
		maxWebhooks: options.maxWebhooks ?? 5,
		knownEvents: eventList(options.events),
		historyOrder: options.historyOrder ?? 'newest',
	});
	let signing = options.signing ?? 'current';
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
		signing: () => signing,
		files: () => `${server.url}/_simulator/files`,
	});
	const faults = new Faults();

	const app = createApp({ store, clock, faults });
	registerRoutes(app, { store, options, url: () => server.url, simulator: () => simulator });
	const server = await listen(app, options.port ?? 0);

	const reset = () => {
		dispatcher.cancelAll();
		faults.liftAll();
		store.reset();
		store.keys.clear();
		store.keys.set(apiKey, projectId);
		clock.reset();
		signing = options.signing ?? 'current';
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

		...readings(store),
		...dashboard(store),

		setSigning: (mode) => void (signing = mode),
		setKnownEvents: (events) => void (store.knownEvents = eventList(events)),

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

/** Every call that the service answers. */
function registerRoutes(app: App, { store, options, url, simulator }: RouteSettings): void {
	const emit = (type: string, data: Record<string, unknown>, projectId: string) =>
		void simulator().emit(type, { data, projectId });
	registerWebhooks(app, {
		store,
		sendTest: ({ id, projectId }, type) => simulator().emit(type, { to: id, projectId }).id,
		payloads: options.payloads ?? true,
		listsDisabled: options.listsDisabled ?? true,
	});
	registerSessions(app, { store, url, emit });
	registerTasks(app, store);
	registerBatches(app, store);
	registerIdentities(app, { store, emit });
	registerFiles(app);
	registerControl(app, simulator);
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
