import { runExclusive } from '../../../nodes/AnchorBrowser/runtime/runExclusive';

/** A task that ends when the test says so. */
function openTask() {
	let finish!: (value: string) => void;
	let fail!: (reason: Error) => void;
	const ended = new Promise<string>((resolve, reject) => {
		finish = resolve;
		fail = reject;
	});
	return { ended, finish, fail };
}

describe('calls with the same key', () => {
	it('run one after the other, in the order in which they came; another key does not wait', async () => {
		const first = openTask();
		const order: string[] = [];
		const one = runExclusive('a', async () => {
			order.push('one begins');
			const value = await first.ended;
			order.push('one ends');
			return value;
		});
		const two = runExclusive('a', async () => order.push('two'));
		const three = runExclusive('a', async () => order.push('three'));
		await runExclusive('b', async () => order.push('another key'));
		expect(order).toEqual(['one begins', 'another key']);
		first.finish('done');
		expect(await one).toBe('done');
		await Promise.all([two, three]);
		expect(order).toEqual(['one begins', 'another key', 'one ends', 'two', 'three']);
	});

	it('go on after one that threw, which throws to its own caller alone', async () => {
		const first = openTask();
		const one = runExclusive('a', async () => await first.ended);
		const two = runExclusive('a', async () => 'two');
		first.fail(new Error('no'));
		await expect(one).rejects.toThrow('no');
		expect(await two).toBe('two');
	});

	it('also wait for one that came while another was waiting', async () => {
		const [first, second] = [openTask(), openTask()];
		const order: string[] = [];
		const one = runExclusive('a', async () => await first.ended);
		const two = runExclusive('a', async () => await second.ended);
		first.finish('');
		await one;
		const three = runExclusive('a', async () => order.push('three'));
		await runExclusive('b', async () => order.push('another key'));
		expect(order).toEqual(['another key']);
		second.finish('');
		await Promise.all([two, three]);
		expect(order).toEqual(['another key', 'three']);
	});
});
