import { getWebhook, listWebhooks } from '../api/webhooks';
import type { RemoteWebhook } from '../api/webhooks';
import { isMarkedOurs, report, sweep } from './job';
import type { Job } from './job';
import { byAge } from './plan';

/**
 * Sees to it that one webhook remains when two processes (several mains) activate the same trigger at the same moment:
 * both find nothing, both create. So each looks once more after creating, and the newest webhook stays. Who made it
 * removes the others and stores its secret; who made another removes that and stores nothing, so that n8n's database
 * ends up with the secret of the one that stays, whoever writes last.
 *
 * The newest, because an older one may also be the late fruit of a request whose answer never came, and then nobody
 * knows its secret. Adopting the other one by rotating would do harm: its process may store last, and what it stores is
 * the secret that the rotation has just replaced.
 * @param id the webhook just created
 * @returns whether another process's webhook stays, and ours is gone
 */
export async function yieldsToAnother(job: Job, id: string): Promise<boolean> {
	const { context, request } = job;
	const listed = await listWebhooks(context);
	if (!listed.ok) return false;
	const others = listed.body.filter(
		(webhook) => webhook.id !== id && isMarkedOurs(webhook, request.owner),
	);
	if (others.length === 0) return false;

	const ours = listed.body.find((webhook) => webhook.id === id) ?? (await look(job, id));
	if (ours === 'unknown') return false;
	const staying = [...others, ...(ours === 'gone' ? [] : [ours])].sort(byAge).pop();
	if (staying === undefined || staying.id === id) {
		await sweep(
			job,
			others.map((webhook) => webhook.id),
		);
		return false;
	}
	if (ours !== 'gone') await sweep(job, [id]);
	report(
		job,
		'warn',
		`another n8n process registered this trigger at the same moment, and its webhook ${staying.id} stays`,
		staying.id,
	);
	return true;
}

async function look({ context }: Job, id: string): Promise<RemoteWebhook | 'gone' | 'unknown'> {
	const found = await getWebhook(context, id);
	if (found.ok) return found.body;
	return found.status === 404 ? 'gone' : 'unknown';
}
