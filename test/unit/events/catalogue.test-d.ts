import { CATALOGUE, EVENT_TYPES, entryOf } from '../../../nodes/AnchorBrowser/events/catalogue';
import type { EventEntry, EventType } from '../../../nodes/AnchorBrowser/events/catalogue';
import type { AnchorEvent } from '../../../nodes/AnchorBrowser/events/event';
import type { ParsedEvent } from '../../../nodes/AnchorBrowser/events/envelope';

/*
 * Never run: it only has to compile. What the package's code may rely on, and what it must not.
 */

/** Compiles for a value of exactly the given type's kind; nothing else. */
declare function takes<T>(value: T): void;
declare const parsed: ParsedEvent;

takes<EventType>('task.completed');
takes<EventType>('session.ready');
// @ts-expect-error a type that is not in the catalogue
takes<EventType>('task.paused');
// @ts-expect-error types are literals, not any text
takes<EventType>('task.failed' as string);

takes<readonly EventType[]>(EVENT_TYPES);
// @ts-expect-error the list cannot be changed
EVENT_TYPES.push('task.failed');
// @ts-expect-error nor can the table
CATALOGUE[0].label = 'Task Done';
takes<readonly EventEntry[]>(CATALOGUE);

// @ts-expect-error a type may be unknown to the catalogue
takes<EventEntry>(entryOf('task.failed'));

// @ts-expect-error there is no event in a malformed delivery
takes<AnchorEvent>(parsed.event);
if (parsed.kind === 'malformed') takes<string>(parsed.detail);
else takes<AnchorEvent>(parsed.event);
