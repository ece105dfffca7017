/** n8n 1.x answers before it stores the run, so a run may still show up for so long after the answer; 2.x does not. */
export const LATE_MS = 300;

const UNFINISHED = ['new', 'running', 'waiting'];

/** Whether an execution has not ended yet. */
export const isUnfinished = ({ status }: { status: string }): boolean =>
	UNFINISHED.includes(status);
