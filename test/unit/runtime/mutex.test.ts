import { Mutex } from '../../../nodes/AnchorBrowser/runtime/mutex';

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

let mutex: Mutex;
beforeEach(() => {
	mutex = new Mutex();
});

it('runs tasks one after the other, in the order in which they came', async () => {
	const first = openTask();
	const order: string[] = [];
	const one = mutex.run(async () => {
		order.push('one begins');
		const value = await first.ended;
		order.push('one ends');
		return value;
	});
	const others = [
		mutex.run(async () => order.push('two')),
		mutex.run(async () => order.push('three')),
	];
	expect([order, mutex.isFree]).toEqual([['one begins'], false]);
	first.finish('done');
	expect(await one).toBe('done');
	await Promise.all(others);
	expect(order).toEqual(['one begins', 'one ends', 'two', 'three']);
	expect(mutex.isFree).toBe(true);
});

it('goes on after one that threw, which throws to its own caller alone', async () => {
	const first = openTask();
	const one = mutex.run(async () => await first.ended);
	const two = mutex.run(async () => 'two');
	first.fail(new Error('no'));
	await expect(one).rejects.toThrow('no');
	expect(await two).toBe('two');
});

it('lets one wait that came while another was waiting', async () => {
	const [first, second] = [openTask(), openTask()];
	const order: string[] = [];
	const one = mutex.run(async () => await first.ended);
	const two = mutex.run(async () => await second.ended);
	first.finish('');
	await one;
	const three = mutex.run(async () => order.push('three'));
	expect(order).toEqual([]);
	second.finish('');
	await Promise.all([two, three]);
	expect(order).toEqual(['three']);
});
