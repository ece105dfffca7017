import { NEWEST, TESTED } from '../support/n8n';

/** `describe` for what is tried on the newest n8n alone: left out where `N8N_VERSIONS` names only others. */
export const describeOnNewest = TESTED.includes(NEWEST) ? describe : describe.skip;
