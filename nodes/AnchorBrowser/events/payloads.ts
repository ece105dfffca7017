import { z } from 'zod';

/*
 * What stands in an event's `data`. DOCUMENTED fields are named on Anchor's page "Events"; INFERRED ones take the name
 * that Anchor's REST API gives the same thing, and a real delivery may lack them, hold null or name them otherwise.
 * Hence: only what the page promises is required, and every key that is not listed passes through.
 *
 * Only what zod 3 and zod 4 share is used here: n8n answers `require('zod')` with its own copy.
 */

/** The values of `data.error.type` that Anchor's page "Events" lists for task.failed. */
export const FAILURE_TYPES = [
	'automation_failure',
	'invalid_credentials',
	'timeout',
	'agent_error',
	'system_error',
] as const;

/** The values of `data.failure_type` that the page names for identity.authentication_failed. */
export const AUTHENTICATION_FAILURE_TYPES = ['invalid_credentials', 'automation_failure'] as const;

const text = z.string().nullable().optional();
const count = z.number().nullable().optional();
const texts = z.array(z.string()).nullable().optional();
const freeForm = z.unknown().optional();
const countOrText = z.union([z.number(), z.string()]).nullable().optional();

/** An object in which every other key passes through. */
const open = (shape: z.ZodRawShape): z.AnyZodObject => z.object(shape).passthrough();

/** A file that a task or its session left behind. */
const Artifact = open({
	/** DOCUMENTED. File name. */
	name: z.string(),
	/** DOCUMENTED. Where to download it; for how long is not said. */
	url: z.string(),
	/** DOCUMENTED, when known. Presumably bytes. */
	size: count,
	/** DOCUMENTED, when known. Media type. */
	content_type: text,
});

const taskRun = {
	/** INFERRED. The task. */
	task_id: text,
	/** INFERRED. The version of the task that ran. */
	task_version_id: text,
	/** INFERRED. This one run of the task; elsewhere in Anchor's API `run_id`. */
	execution_id: text,
	/** INFERRED. The browser session that the run used. */
	session_id: text,
	/** INFERRED. In Anchor's API: success, failure, timeout or cancelled. */
	status: text,
	/** INFERRED. How long the run took, in milliseconds. */
	duration_ms: count,
};

const richOutput = {
	/** DOCUMENTED. Files of the task and downloads of its sessions; empty when nothing was captured. */
	artifacts: z.array(Artifact),
	/** DOCUMENTED. Short-lived link to the primary recording; often missing on task.failed, the upload takes a while. */
	recording_url: text,
	/** DOCUMENTED. The session in Anchor's dashboard; there is none when no session was used. */
	session_dashboard_url: text,
};

/** `data` of task.completed. */
export const TaskCompleted = open({
	...taskRun,
	/** INFERRED. What the task returned: any JSON value, free-form. */
	result: freeForm,
	...richOutput,
});

/** `data` of task.failed. */
export const TaskFailed = open({
	...taskRun,
	/** DOCUMENTED. Why the run failed. */
	error: open({
		/** DOCUMENTED. The kind of failure. */
		type: z.enum(FAILURE_TYPES),
		/** INFERRED. The same in words. */
		message: text,
	}),
	...richOutput,
});

/** `data` of task.cancelled. */
export const TaskCancelled = open({ ...taskRun, ...richOutput });

/** `data` of task.healed. */
export const TaskHealed = open({
	/** INFERRED. The task. */
	task_id: text,
	/** DOCUMENTED. The new version that self-healing made. */
	healed_task_version_id: z.string(),
	/** INFERRED. The version that failed. */
	task_version_id: text,
	/** INFERRED. The run that led to the new version. */
	execution_id: text,
});

/** `data` of session.completed. Anchor's page names its content in prose only; it may be nested. */
export const SessionCompleted = open({
	/** INFERRED. The session. */
	session_id: text,
	/** INFERRED. How the session ended. */
	status: text,
	/** INFERRED. How long the session lasted, in seconds as in Anchor's API. */
	duration: countOrText,
	/** INFERRED. Bytes through the proxy. */
	proxy_bytes: count,
	/** INFERRED. Bytes over the network. */
	network_bytes: count,
	/** INFERRED. Steps taken. */
	steps: count,
	/** INFERRED. Screenshots taken. */
	screenshots: count,
	/** INFERRED. Domains that the session visited. */
	visited_domains: texts,
	/** INFERRED. The session's tags. */
	tags: texts,
});

/** `data` of session.failed. Anchor's page names causes in prose only. */
export const SessionFailed = open({
	/** INFERRED. The session. */
	session_id: text,
	/** INFERRED. How the session ended. */
	status: text,
	/** INFERRED. How long the session lasted, in seconds as in Anchor's API. */
	duration: countOrText,
	/** INFERRED. Why the session ended. */
	error: open({
		/** INFERRED. The kind of ending; no list of values is known. */
		type: text,
		/** INFERRED. The same in words. */
		message: text,
	})
		.nullable()
		.optional(),
	/** INFERRED. The session's tags. */
	tags: texts,
});

/** `data` of session.recording.ready. It holds no link to the file: Anchor's Recordings API gives a fresh one. */
export const SessionRecordingReady = open({
	/** INFERRED. The session. */
	session_id: text,
	/** INFERRED. The recording. */
	recording_id: text,
	/** INFERRED. Length of the recording; text in Anchor's Recordings API. */
	duration: countOrText,
	/** INFERRED. Bytes. */
	size: count,
	/** INFERRED. The session in Anchor's dashboard. */
	session_dashboard_url: text,
});

/** `data` of session.ready, an event that only Anchor's newest API description names. */
export const SessionReady = open({
	/** INFERRED. The session. */
	session_id: text,
	/** INFERRED. The request that asked for the session. */
	request_id: text,
	/** INFERRED. State of the session. */
	status: text,
	/** INFERRED. Link to watch the session and take it over. */
	live_view_url: text,
	/** INFERRED. The session's tags. */
	tags: texts,
});

/** `data` of intervention.requested. */
export const InterventionRequested = open({
	/** INFERRED. The session that waits. */
	session_id: text,
	/** INFERRED. The request to answer. */
	request_id: text,
	/** INFERRED. What the human is asked. */
	message: text,
	/** INFERRED. In Anchor's API: text, confirm or fields. */
	input_type: text,
	/** INFERRED. The form to fill in, one object a field. */
	fields: z.array(z.unknown()).nullable().optional(),
	/** DOCUMENTED. Link to take the session over with one click. */
	live_view_url: z.string(),
	/** INFERRED. The session's tags. */
	tags: texts,
});

/** `data` of intervention.resolved. */
export const InterventionResolved = open({
	/** INFERRED. The session that goes on. */
	session_id: text,
	/** INFERRED. The request that was answered. */
	request_id: text,
});

/** `data` of batch.completed and batch.failed: Anchor's page says that only type and status differ. */
export const Batch = open({
	/** INFERRED. The batch. */
	batch_id: text,
	/** DOCUMENTED. In Anchor's API: pending, processing, completed, failed or cancelled. */
	status: z.string(),
	/** INFERRED. Sessions asked for. */
	total_requests: count,
	/** INFERRED. Sessions that succeeded. */
	completed_requests: count,
	/** INFERRED. Sessions that failed. */
	failed_requests: count,
	/** INFERRED. When the batch was made, ISO 8601. */
	created_at: text,
	/** INFERRED. When its last session ended, ISO 8601. */
	actual_completion_time: text,
	/** INFERRED. What the caller attached to the batch: free-form. */
	metadata: freeForm,
});

const identity = {
	/** INFERRED. The identity. */
	identity_id: text,
	/** INFERRED. Its name. */
	name: text,
	/** INFERRED. The login page it belongs to. */
	source: text,
	/** INFERRED. In Anchor's API: pending, validated or failed. */
	status: text,
	/** INFERRED. The session in which the login took place. */
	session_id: text,
};

/** `data` of identity.authenticated. */
export const IdentityAuthenticated = open({
	...identity,
	/** INFERRED. In Anchor's API: profile, task or mixed. */
	method: text,
});

/** `data` of identity.authentication_failed. */
export const IdentityAuthenticationFailed = open({
	...identity,
	/** DOCUMENTED. Why the login failed. */
	failure_type: z.enum(AUTHENTICATION_FAILURE_TYPES),
	/** INFERRED. The same in words, or an object. */
	error: freeForm,
});
