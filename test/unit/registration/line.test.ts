import { inLine } from '../../../nodes/AnchorBrowser/registration/line';

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

describe('calls in one line', () => {
	it('run one after the other, in the order in which they came', async () => {
		const first = openTask();
		const order: string[] = [];
		const one = inLine('a', async () => {
			order.push('one begins');
			const value = await first.ended;
			order.push('one ends');
			return value;
		});
		const two = inLine('a', async () => order.push('two'));
		const three = inLine('a', async () => order.push('three'));
		await inLine('b', async () => order.push('another line'));
		expect(order).toEqual(['one begins', 'another line']);
		first.finish('done');
		await Promise.all([one, two, three]);
		expect(order).toEqual(['one begins', 'another line', 'one ends', 'two', 'three']);
	});

	it('get what the one before them returned, and nothing when they did not have to wait', async () => {
		const one = inLine<string>('a', async (before) => `one after ${before}`);
		const two = inLine<string>('a', async (before) => `two after ${before}`);
		expect(await one).toBe('one after undefined');
		expect(await two).toBe('two after one after undefined');
		expect(await inLine<string>('a', async (before) => `later after ${before}`)).toBe(
			'later after undefined',
		);
	});

	it('go on after one that threw, which throws to its own caller', async () => {
		const first = openTask();
		const one = inLine<string>('a', async () => await first.ended);
		const two = inLine<string>('a', async (before) => `two after ${before}`);
		first.fail(new Error('no'));
		await expect(one).rejects.toThrow('no');
		expect(await two).toBe('two after undefined');
	});
});
