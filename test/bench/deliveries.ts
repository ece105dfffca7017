import { createHmac } from 'node:crypto';

/** A secret of the form that Anchor issues, and nobody's. */
export const SECRET = 'ab'.repeat(32);

/** One delivery as n8n's parser hands it over. */
export interface SignedDelivery {
	headers: Record<string, string>;
	body: Buffer;
}

const artifact = (number: number) => ({
	name: `invoice-${number}.pdf`,
	url: `https://storage.example.com/artifacts/invoice-${number}.pdf?X-Amz-Expires=3600`,
	size: 177_152 + number,
	content_type: 'application/pdf',
});

const scraped = (number: number) => ({
	position: number,
	title: `Result ${number}: three-piece set of steel pans`,
	price: 129 + number / 100,
	inStock: number % 3 !== 0,
	link: `https://shop.example.com/item/${number}`,
});

/**
 * A `task.completed` of about the size asked for: small ones are bare, larger ones bring artifacts, and what is still
 * missing is the task's result, a list of objects as a scraping task returns it.
 */
function eventOf(id: string, bytes: number): Record<string, unknown> {
	const event = {
		id,
		type: 'task.completed',
		created: '2026-05-24T12:18:05.123Z',
		project_id: '5d2c31f6-ab7e-481a-b6fd-8b4a96a4e197',
		text: 'Task `tsk_4f8w9n2b` completed in 4.2s',
		data: { task_id: 'tsk_4f8w9n2b', artifacts: [] as unknown[], result: undefined as unknown },
	};
	if (bytes < 1_000) return event;
	Object.assign(event.data, {
		execution_id: '7b1d4f0e-2c55-4a0b-9a53-0d6b8f1c2e77',
		session_id: '550e8400-e29b-41d4-a716-446655440000',
		status: 'success',
		duration_ms: 4_200,
		artifacts: [1, 2, 3].map(artifact),
	});
	const sizeNow = JSON.stringify(event).length;
	const sizeOfOne = JSON.stringify(scraped(1_000)).length + 1;
	const count = Math.max(0, Math.round((bytes - sizeNow - '"result":[],'.length) / sizeOfOne));
	event.data.result = Array.from({ length: count }, (_nothing, number) => scraped(number));
	return event;
}

/**
 * Deliveries that differ in their event id alone, signed by an implementation of Anchor's page that is not the one under
 * measurement.
 *
 * @param bytes wanted size of the body
 * @param timestamp Unix seconds
 */
export function makeDeliveries(count: number, bytes: number, timestamp: number): SignedDelivery[] {
	const text = JSON.stringify(eventOf('evt_000000000000000000000000', bytes));
	return Array.from({ length: count }, (_nothing, number) => {
		const id = `evt_${number.toString(16).padStart(24, '0')}`;
		const body = Buffer.from(text.replace('evt_000000000000000000000000', id));
		return { headers: headersOf(body, timestamp, SECRET), body };
	});
}

/** The headers of a delivery (Anchor's page "Webhooks overview"), as Node hands them to a server. */
export function headersOf(body: Buffer, timestamp: number, secret: string): Record<string, string> {
	const mac = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
	return {
		host: 'n8n.example.com',
		'user-agent': 'Anchor-Webhooks/1.0',
		'content-type': 'application/json',
		'content-length': String(body.length),
		'anchor-event': 'task.completed',
		'anchor-delivery-id': '0d6b8f1c-2e77-4a0b-9a53-7b1d4f0e2c55',
		'anchor-timestamp': String(timestamp),
		'anchor-signature': `t=${timestamp},v1=${mac}`,
		connection: 'keep-alive',
	};
}
