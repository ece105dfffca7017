import { CATALOGUE, columnsOf, EVERY_EVENT, fieldsOf } from '../events/catalogue';
import { ENVELOPE_KEYS } from '../events/event';
import { FIXED_OUTPUTS, outputIndex, outputNames } from '../output/branch';
import { toRow } from '../output/row';

/*
 * What n8n's AI builder and its MCP server tell a model that builds a workflow, beside the types that n8n makes of the
 * fields; an n8n that knows no hints ignores them. Of the outputs n8n tells nothing, because they are an expression, nor
 * of the items, and it takes a connection from an output that does not exist for valid. So both are read here from the
 * code that makes them. Each hint is laid over a description, so that n8n's lint finds the texts.
 */

const listed = (names: Iterable<string>) => [...names].join(', ');

const numbered = (names: readonly string[]) =>
	listed(names.map((name, index) => `${index} ${name}`));

const bare = (type: string) => ({ id: '', type, data: {} });

const outcomes = FIXED_OUTPUTS.outcome.map((name, index) => {
	const types = CATALOGUE.map(({ type }) => type).filter(
		(type) => outputIndex(bare(type), 'outcome', [EVERY_EVENT]) === index,
	);
	return `${name} (${listed(types)})`;
});

/** The columns that each row has, whatever it is about. */
const common = Object.keys(toRow(bare(''), { escapeFormulas: true }));

const columns = [...new Map(CATALOGUE.map(({ entity, type }) => [entity, type]))].map(
	([entity, type]) => `${entity}: ${listed(columnsOf(type).map(({ name }) => name))}`,
);

const fields = CATALOGUE.map((entry) => `${entry.type}: ${listed(fieldsOf(entry))}`);

const envelope = listed(ENVELOPE_KEYS.filter((key) => key !== 'recovered'));

/** Laid over the description of the node. */
export const NODE_HINT = {
	builderHint: {
		searchHint:
			'Alert when browser tasks failed, log results to a spreadsheet, bring in a human at a captcha, retry: use this, not a Webhook or polling. It filters, branches and collects (one run for all events of some minutes) by itself. For a daily digest, collect rows in a Data Table and send them by schedule.',
		relatedNodes: [
			{ nodeType: 'n8n-nodes-base.slack', relationHint: 'Alert with the text of the event' },
			{ nodeType: 'n8n-nodes-base.googleSheets', relationHint: 'Append items of format row' },
			{ nodeType: 'n8n-nodes-base.dataTable', relationHint: 'Log items of format row in n8n' },
			{
				nodeType: 'n8n-nodes-base.httpRequest',
				relationHint: 'Call the Anchor Browser API with the credential anchorBrowserApi',
			},
			{
				nodeType: 'n8n-nodes-base.if',
				relationHint: 'For what neither branchBy nor filters tell apart',
			},
		],
		extraTypeDefContent: [
			{
				content: `<patterns>
<pattern title="Successes and failures apart, without If or Switch">
const anchor = trigger({ type: 'n8n-nodes-anchorbrowser-webhooks.anchorBrowserTrigger', version: 2, config: {
  name: 'Anchor Browser Trigger',
  parameters: { events: ['task.completed', 'task.failed'], branchBy: 'outcome', format: 'row' },
  credentials: { anchorBrowserApi: newCredential('Anchor Browser API') },
} });
export default workflow('id', 'Name').add(anchor.output(0).to(log)).add(anchor.output(1).to(alert));
</pattern>
</patterns>
$json in format data: _event (${envelope}), and beside it
${fields.join('\n')}
In format envelope: ${envelope}, data (as above).
In format row: ${listed(common)}, and for every event of one kind
${columns.join('\n')}`,
			},
		],
	},
};

/** Laid over the field Branch By. */
export const BRANCH_BY_HINT = {
	builderHint: {
		propertyHint: `Wire outputs by number; n8n does not check it. none: 0. outcome: ${numbered(outcomes)}. entity: ${numbered(FIXED_OUTPUTS.entity)}. failureType: ${numbered(FIXED_OUTPUTS.failureType)}. event: those selected, counted from 0 in this order, not in that of events: ${listed(outputNames('event', [EVERY_EVENT]))}.`,
	},
};

/** Laid over the field Format. */
export const FORMAT_HINT = {
	builderHint: { propertyHint: 'row for spreadsheets, tables and files, else data' },
};

/** Laid over the filter Conditions. */
export const CONDITIONS_HINT = {
	builderHint: {
		propertyHint:
			'Judged before a run starts, so no If is needed. leftValue is a path such as error.message, never an expression. For OR put the rows under anyOf; there is no combinator.',
	},
};
