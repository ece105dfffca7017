import type { N8nClient, WorkflowFile, WorkflowNode } from '../../support/n8n';
import { TRIGGER, TRIGGER_TYPE } from '../trigger';

type Credential = { id: string; name: string };

/**
 * The workflow of the README's first picture: what succeeded, what failed and what needs somebody go separate ways. Only tasks
 * leave by the output to the sheet: rows of other entities have other columns.
 */
export async function branchingWorkflow(
	client: N8nClient,
	anchorBrowserApi: Credential,
): Promise<WorkflowFile> {
	const slackApi = await client.createCredential(
		'slackApi',
		{ accessToken: 'none', signatureSecret: 'none' },
		'Slack account',
	);
	const smtp = await client.createCredential(
		'smtp',
		{ host: '127.0.0.1', port: 25, user: '', password: '' },
		'SMTP account',
	);
	const googleSheetsOAuth2Api = await client.createCredential(
		'googleSheetsOAuth2Api',
		{ clientId: 'none', clientSecret: 'none' },
		'Google Sheets account',
	);
	const nodes: WorkflowNode[] = [
		{
			name: TRIGGER,
			type: TRIGGER_TYPE,
			typeVersion: 2,
			position: [0, 0],
			parameters: {
				events: ['task.completed', 'task.failed', 'intervention.requested'],
				branchBy: 'outcome',
				format: 'row',
			},
			credentials: { anchorBrowserApi },
		},
		{
			name: 'Log the Result',
			type: 'n8n-nodes-base.googleSheets',
			typeVersion: 4.7,
			position: [380, -240],
			parameters: {
				operation: 'append',
				documentId: {
					__rl: true,
					mode: 'url',
					value: 'https://docs.google.com/spreadsheets/d/browser-task-results/edit',
				},
				sheetName: { __rl: true, mode: 'name', value: 'Sheet1' },
				columns: { mappingMode: 'autoMapInputData', value: {}, matchingColumns: [], schema: [] },
			},
			credentials: { googleSheetsOAuth2Api },
		},
		{
			name: 'Alert the Team',
			type: 'n8n-nodes-base.slack',
			typeVersion: 2.4,
			position: [380, -80],
			parameters: {
				select: 'channel',
				channelId: { __rl: true, mode: 'name', value: '#browser-alerts' },
				text: '={{ $json.text }}',
			},
			credentials: { slackApi },
		},
		{
			name: 'Ask a Colleague',
			type: 'n8n-nodes-base.emailSend',
			typeVersion: 2.1,
			position: [380, 80],
			parameters: {
				fromEmail: 'n8n@example.com',
				toEmail: 'you@example.com',
				subject: '={{ $json.text }}',
				emailFormat: 'text',
				text: '={{ $json.live_view_url }}',
			},
			credentials: { smtp },
		},
	];
	const to = (node: string) => [{ node, type: 'main', index: 0 }];
	return {
		name: 'React to browser tasks',
		nodes,
		connections: {
			[TRIGGER]: { main: ['Log the Result', 'Alert the Team', 'Ask a Colleague'].map(to) },
		},
	};
}
