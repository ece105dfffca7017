/* eslint-disable @n8n/community-nodes/no-restricted-globals -- tests run in Node, not in n8n's sandbox */
import { AwaitedRuns } from '../../../nodes/AnchorBrowser/runtime/awaitedRuns';

it('tells whoever announced a run when it was taken up, each by its own number', async () => {
	const runs = new AwaitedRuns();
	const [one, two] = [runs.announce(), runs.announce()];
	const order: number[] = [];
	void one.taken.then(() => order.push(1));
	void two.taken.then(() => order.push(2));
	runs.report(two.run);
	await two.taken;
	expect(order).toEqual([2]);
	runs.report(one.run);
	await one.taken;
	expect(order).toEqual([2, 1]);
});

it('says nothing of a run that was given up, of one reported twice, or of one that nobody announced', async () => {
	const runs = new AwaitedRuns();
	const given = runs.announce();
	let isTaken = false;
	void given.taken.then(() => (isTaken = true));
	runs.giveUp(given.run);
	for (const run of [given.run, given.run, 99]) runs.report(run);
	await new Promise(setImmediate);
	expect(isTaken).toBe(false);
});
