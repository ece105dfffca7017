import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { notFound } from '../errors';
import type { App } from '../server';
import type { Store } from '../store';
import { bodyOf } from './body';

const reauthenticateBody = z.object({ sync: z.boolean().optional() }).strict();

interface IdentitySettings {
	store: Store;
	/** Emits an event of the project. */
	emit: (type: string, data: Record<string, unknown>, projectId: string) => void;
}

/**
 * Looking at an identity and letting it log in again. An identity exists when an emitted event, or an example, named it.
 * A login succeeds, and is emitted; the refusals that Anchor documents (412, 422) are what an outage answers.
 */
export function registerIdentities(app: App, { store, emit }: IdentitySettings): void {
	const identity = (projectId: string, id: string): Record<string, unknown> => {
		const data = store.newest(projectId, 'identity_id', id);
		if (!data) throw notFound('Identity');
		return data;
	};

	app.get('/v1/identities/:id', (c) => {
		const id = c.req.param('id');
		const { name, source, status } = identity(c.get('projectId'), id);
		return c.json({ id, name, source, status, metadata: { owner_email: 'owner@example.com' } });
	});

	app.post('/v1/identities/:id/reauthenticate', (c) => {
		const id = c.req.param('id');
		const projectId = c.get('projectId');
		const { name, source } = identity(projectId, id);
		const { sync = true } = bodyOf(c, reauthenticateBody);
		const sessionId = randomUUID();
		emit(
			'identity.authenticated',
			{ identity_id: id, name, source, status: 'validated', session_id: sessionId },
			projectId,
		);
		return c.json({
			identityId: id,
			async: !sync,
			sessionId,
			auth_status: sync ? 'authenticated' : 'pending',
			method: 'profile',
		});
	});
}
